// An agent that was stopped, replaced and resumed notices it, ends with its own code and does nothing more: no request
// that writes, no byte of shared memory (C14). Its last turn before the stop is what the new agent inherits.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "ipc/layout.h"
#include "ipc/state_file.h"
#include "tests/process/agent_views.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::test {
namespace {

constexpr int exit_replaced = 4;
constexpr const char* quick_kubelet =
    "kubelet: {schedule: 1ms..4ms, create: 1ms..4ms, start: 2ms..15ms, terminate: 5ms..25ms}\n";

// A file as it was opened, whatever its name leads to by now.
class Inode {
 public:
  explicit Inode(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  // All bytes but two words of the old agent's own: its life, which the kernel clears at its death, and the flag of
  // its sleeping thread.
  std::string bytes() const {
    struct stat info{};
    ::fstat(fd_.get(), &info);
    std::string all(static_cast<std::size_t>(info.st_size), '\0');
    EXPECT_EQ(::pread(fd_.get(), all.data(), all.size(), 0), info.st_size);
    for (const auto at :
         {offsetof(ipc::StateHeader, liveness), offsetof(ipc::StateHeader, commands_sleeping)})
      all.replace(at, 4, 4, '\0');
    return all;
  }

 private:
  ipc::Fd fd_;
};

std::string where_they_differ(const std::string& a, const std::string& b) {
  std::string text;
  for (std::size_t i = 0; i < a.size() && i < b.size() && text.size() < 200; i += 8)
    if (a.compare(i, 8, b, i, 8) != 0) text += " " + std::to_string(i);
  return a.size() == b.size() ? text : "sizes";
}

// Of the requests that write: verb -> code -> how many.
std::string writes(const ApiServer& server) {
  const auto record = nlohmann::json::parse(server.record());
  nlohmann::json kept;
  for (const char* verb : {"create", "delete", "deletecollection", "patch", "update"})
    kept[verb] = record.at("requests").value(verb, nlohmann::json::object());
  return kept.dump();
}

std::uint64_t generation(const std::string& run_dir) {
  const auto attached = ipc::attach_state({run_dir + "/state", false, false});
  return attached ? attached.value().view.header->prefix.generation.load_relaxed() : 0;
}

class Replaced : public testing::Test {
 protected:
  Launch agent(const std::string& lock) const {
    return agent_launch(
        {server_.kubeconfig(), folder_.path("run"), folder_.path(lock), application, std::nullopt, {}});
  }
  void until_agreed(Process& driver, std::size_t target, const std::vector<Process*>& alive) {
    std::string why;
    const auto agreed = [&] {
      const SeenBy seen = seen_by_driver(driver), truth = seen_by_server(server_);
      why = difference(truth, seen);
      return why.empty() && count(truth, "running") == target && truth.executors.size() == target;
    };
    try {
      wait_until("driver and server to agree on " + std::to_string(target), agreed, alive);
    } catch (const Hung& hung) {
      throw Hung(std::string(hung.what()) + "\n  " + why);
    }
  }

  TemporaryFolder folder_;
  ApiServer server_{{folder_.path(), false, quick_kubelet, {}, {}}};
};

}  // namespace

TEST_F(Replaced, C14_a_resumed_agent_ends_with_its_own_code_and_has_written_nothing) {
  std::mt19937_64 random(std::random_device{}());
  Process driver({"process_agent_driver", {folder_.path("run"), application, "0"}, {}, true});
  Process old_agent(agent("lock-0"));
  std::uint32_t target = 0;
  for (int round = 1; round <= 6; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    until_agreed(driver, target, {&driver, &old_agent, &server_.process()});
    // Creates that are refused for now are tried again by timers: work that is due at the moment of the resumption.
    server_.post("/_control/faults", "faults:\n- {kind: webhook-down, verb: create}\n");
    target += 6;
    driver.write_line("target " + std::to_string(target));
    wait_until("refused creates", [&] { return writes(server_).find("500") != std::string::npos; },
               {&driver, &old_agent});
    poll(nullptr, 0, static_cast<int>(random() % 400));  // somewhere between two tries
    driver.stop();
    old_agent.stop();
    const Inode dead(folder_.path("run/state"));
    const std::uint64_t before_takeover = generation(folder_.path("run"));

    Process next(agent("lock-" + std::to_string(round)));
    wait_until("the new agent's state",
               [&] {
                 const auto now = generation(folder_.path("run"));
                 return now != 0 && now != before_takeover;
               },
               {&next});
    server_.post("/_control/faults", "faults: []\n");
    // What the old one's watch has to tell it: pods to replace.
    for (const auto& [uid, seen] : seen_by_server(server_).executors)
      if (seen.executor_id % 5 == 0)
        http("POST", server_.url() + "/_control/pods/spark/" + application + "-exec-" +
                         std::to_string(seen.executor_id) + "/die?cause=app_error");
    const std::string bytes = dead.bytes(), requests = writes(server_);
    const auto posts = successful_posts(server_).size();

    old_agent.resume();
    const Exit end = old_agent.wait();
    EXPECT_EQ(end.code, exit_replaced) << old_agent.last_words();
    EXPECT_EQ(where_they_differ(dead.bytes(), bytes), "") << "offsets in the old state";
    EXPECT_EQ(writes(server_), requests);
    EXPECT_EQ(successful_posts(server_).size(), posts);
    // The new one's socket is still there, and so is everything else.
    driver.resume();
    until_agreed(driver, target, {&driver, &next, &server_.process()});
    EXPECT_EQ(posted_twice(server_), "");
    old_agent = std::move(next);
  }
  EXPECT_EQ(driver.err().find("torn:"), std::string::npos) << driver.err();
}

TEST_F(Replaced, C14_an_agent_overtaken_before_it_showed_its_state_does_not_take_the_name) {
  server_.post("/_control/faults", "latency: {list: 3s}\n");
  Process slow(agent("lock-slow"));
  wait_until("its list to be under way",
             [&] { return slow.err().find("outrigger-agent started") != std::string::npos; }, {&slow});
  slow.stop();
  server_.post("/_control/faults", "latency: {list: 0ms}\n");
  Process next(agent("lock-next"));
  wait_until("the new agent's state", [&] { return generation(folder_.path("run")) != 0; }, {&next});
  const auto current = generation(folder_.path("run"));
  slow.resume();
  EXPECT_EQ(slow.wait().code, exit_replaced) << slow.last_words();
  EXPECT_EQ(generation(folder_.path("run")), current);
  EXPECT_TRUE(next.alive());
  Process driver({"process_agent_driver", {folder_.path("run"), application, "3"}, {}, true});
  until_agreed(driver, 3, {&driver, &next});
}

}  // namespace outrigger::test
