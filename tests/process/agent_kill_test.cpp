// Kill -9 of agent or driver at random moments while work is in flight (I1, C13, C18, C19, S8).
//
// A driver that starts anew is another incarnation: a new nonce, ids from 1 again. So "no id twice" is: no incarnation's
// id is posted successfully twice; and "no pod forgotten": pods of an incarnation that is gone are deleted, those of the
// living one are what it sees, exactly.
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>

#include "tests/process/agent_views.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::test {
namespace {

constexpr const char* quick_kubelet =
    "kubelet: {schedule: 1ms..4ms, create: 1ms..4ms, start: 2ms..15ms, terminate: 5ms..25ms}\n"
    "first-resource-version: 1000\n";
// Now and then a pod lands after its connection is gone: what a crash leaves on its way.
constexpr const char* faults =
    "latency: {create: 5ms..50ms, delete: 1ms..10ms, list: 1ms..5ms}\n"
    "faults:\n- {kind: late, verb: create, probability: 0.03, time: 100ms..700ms}\n";
constexpr const char* causes[] = {"app_error",     "oom_container", "preempted",
                                  "node_pressure", "exit-3",        "deleted_external"};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class Ordeal {
 public:
  explicit Ordeal(std::uint64_t seed)
      : random_(seed), server_({folder_.path(), false, quick_kubelet, faults, {}}) {
    start_agent();
    start_driver();
  }

  void kills(std::uint64_t total) {
    for (std::uint64_t done = 1; done <= total; ++done) {
      move_target();
      end_some_pods();
      wait_a_random_while();
      // Whoever is gone without a signal of ours has crashed.
      if (!agent_.alive()) throw Hung("the agent ended by itself: " + agent_.last_words());
      if (!driver_.alive()) throw Hung("the driver ended by itself: " + driver_.last_words());
      kill_one();
      if (done % 20 == 0) {
        agree("kill " + std::to_string(done));
        if (done != total) disagree_again();
      }
    }
  }

  void agree(const std::string& where) {
    std::string last;
    try {
      wait_until("server, table and driver to agree after " + where,
                 [&] {
                   last = why_not();
                   return last.empty();
                 },
                 {&server_.process(), &agent_, &driver_});
    } catch (const Hung& hung) {
      throw Hung(std::string(hung.what()) + "\n  target " + std::to_string(target_) + ": " + last);
    }
    EXPECT_EQ(posted_twice(server_), "") << where;
    look_at(driver_);
  }

  void end() {
    target_ = 0;
    driver_.write_line("target 0");
    agree("the last target");
    driver_.write_line("drain");
    driver_.write_line("quit");
    EXPECT_EQ(driver_.wait().code, 0);
    look_at(driver_);
    agent_.signal(SIGTERM);
    EXPECT_EQ(agent_.wait().code, 0) << agent_.last_words();
    EXPECT_TRUE(seen_by_server(server_).executors.empty());
    EXPECT_EQ(posted_twice(server_), "");
    std::cout << agent_kills_ << " kills of the agent, " << driver_kills_ << " of the driver, "
              << successful_posts(server_).size() << " pods made, " << inherited_
              << " agents inherited creates in flight, " << drains_
              << " deleted the executors of a dead driver\n";
    EXPECT_GT(inherited_, 0) << "no kill came while a create was in flight: this proved little";
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  void start_agent() {
    agent_ = Process(agent_launch(
        {server_.kubeconfig(), folder_.path("run"), folder_.path("lock"), application, std::nullopt, {}}));
  }
  void start_driver() {
    driver_ = Process(
        {"process_agent_driver", {folder_.path("run"), application, std::to_string(target_)}, {}, true});
  }

  void move_target() {
    if (below(3) == 0) return;
    target_ = below(4) == 0 ? below(4) : below(41);
    driver_.write_line("target " + std::to_string(target_));
  }

  void end_some_pods() {
    if (below(3) != 0) return;
    auto pods = seen_by_server(server_).executors;
    for (auto n = below(4); n > 0 && !pods.empty(); --n) {
      auto it = std::next(pods.begin(), static_cast<std::ptrdiff_t>(below(pods.size())));
      // Refused when it is not running (any more): then it is in some other interesting state.
      http("POST", server_.url() + "/_control/pods/spark/" + application + "-exec-" +
                       std::to_string(it->second.executor_id) +
                       "/die?cause=" + causes[below(std::size(causes))]);
      pods.erase(it);
    }
  }

  // Start-up, sync, scale-up, steady state.
  void wait_a_random_while() {
    const std::uint64_t most[] = {10, 50, 200, 450};
    poll(nullptr, 0, static_cast<int>(below(most[below(4)] * static_cast<unsigned>(slowness()))));
  }

  void kill_one() {
    const bool agent = below(3) != 0;
    Process& victim = agent ? agent_ : driver_;
    inherited_ +=
        agent && victim.err().find("creates of a crashed incarnation are unsettled") != std::string::npos;
    drains_ += agent && victim.err().find("did not come back within its grace") != std::string::npos;
    const Exit end = victim.kill();
    EXPECT_EQ(end.signal, SIGKILL) << victim.name() << " ended by itself: " << victim.last_words();
    if (!agent) look_at(victim);
    ++(agent ? agent_kills_ : driver_kills_);
    if (agent) return start_agent();
    // About its grace: sometimes the next driver comes when its predecessor's executors are just being deleted.
    if (below(3) == 0) poll(nullptr, 0, static_cast<int>(150 + below(150)));
    start_driver();
  }

  // After an agreement there is work again before the next kill.
  void disagree_again() {
    target_ = 20 + below(21);
    driver_.write_line("target " + std::to_string(target_));
  }

  std::string why_not() {
    const SeenBy driver = seen_by_driver(driver_);
    if (!driver.unusable.empty()) return "the driver: " + driver.unusable;
    const SeenBy server = seen_by_server(server_);
    if (!server.unusable.empty()) return "the server: " + server.unusable;
    if (!server.executors.empty() && server.nonce != driver.nonce)
      return std::to_string(server.executors.size()) + " pods of an incarnation that is gone";
    if (const auto text = difference(server, driver); !text.empty()) return "server/driver:" + text;
    if (const auto text = difference(server, seen_in_table(folder_.path("run"))); !text.empty())
      return "server/table:" + text;
    if (count(server, "running") != target_ || server.executors.size() != target_)
      return std::to_string(count(server, "running")) + " of " + std::to_string(server.executors.size()) +
             " run";
    return {};
  }

  static void look_at(Process& driver) {
    EXPECT_EQ(driver.err().find("torn:"), std::string::npos) << driver.err();
    EXPECT_EQ(driver.err().find("broken:"), std::string::npos) << driver.err();
  }

  std::mt19937_64 random_;
  TemporaryFolder folder_;
  ApiServer server_;
  Process agent_, driver_;
  std::uint64_t target_ = 30;
  int agent_kills_ = 0, driver_kills_ = 0, inherited_ = 0, drains_ = 0;
};

}  // namespace

TEST(KillNine, no_hang_no_torn_record_no_id_twice_no_pod_forgotten_and_equal_views_at_the_end) {
  const std::uint64_t seed = number_from("OUTRIGGER_KILL_SEED", std::random_device{}());
  const std::uint64_t total = number_from("OUTRIGGER_KILLS", slowness() == 1 ? 200 : 60);
  std::cout << "seed " << seed << "; again: OUTRIGGER_KILL_SEED=" << seed
            << " process_agent --gtest_filter='KillNine.*'" << std::endl;
  SCOPED_TRACE("OUTRIGGER_KILL_SEED=" + std::to_string(seed));
  try {
    Ordeal run(seed);
    run.kills(total);
    run.end();
  } catch (const std::exception& problem) {
    FAIL() << problem.what();
  }
}

}  // namespace outrigger::test
