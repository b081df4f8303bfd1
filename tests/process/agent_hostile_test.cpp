// A process with the driver's rights that means harm, against the real agent (I7, C11, C16, C22): it may map `state`
// read-only, connect to agent.sock, and write whatever it likes into the memfd it is handed.
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "ipc/agent_socket.h"
#include "ipc/command_wire.h"
#include "ipc/futex.h"
#include "ipc/socket_packets.h"
#include "ipc/state_file.h"
#include "tests/process/agent_views.h"
#include "tests/process/ipc_child.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::test {
namespace {

using ipc::test::Child;
using ipc::test::Random;
using ipc::test::Shared;
using Clock = std::chrono::steady_clock;

constexpr int waiter_threads = 80, waiters_each = 128;  // futex_waitv takes 128 words a call
constexpr int counted_waiters = 0, counted_attacks = 1, counted_hellos = 2;

void count_one(Shared& shared, int which) {
  __atomic_fetch_add(reinterpret_cast<std::uint64_t*>(&shared[which]), 1, __ATOMIC_RELEASE);
}

// 10,240 waiters on the readers' futex, which never pass a wake on.
void crowd(const std::string& run_dir, Shared& shared) {
  auto attached = ipc::attach_state({run_dir + "/state", false, true});
  if (!attached) _exit(4);
  const ipc::Word32& word = attached.value().view.header->prefix.wake_seq;
  std::vector<std::thread> threads;
  for (int t = 0; t < waiter_threads; ++t) {
    threads.emplace_back([&] {
      struct Entry {
        std::uint64_t value, address;
        std::uint32_t flags, reserved;
      } entries[waiters_each];
      for (bool first = true;; first = false) {
        const std::uint32_t value = word.load_acquire();
        for (auto& e : entries) e = {value, reinterpret_cast<std::uintptr_t>(word.futex_address()), 2, 0};
        if (first) count_one(shared, counted_waiters);
        syscall(449, entries, waiters_each, 0, nullptr, 0);
      }
    });
  }
  for (;;) pause();
}

std::uint64_t current_generation(const std::string& run_dir) {
  auto attached = ipc::attach_state({run_dir + "/state", false, true});
  return attached ? attached.value().view.header->prefix.generation.load_relaxed() : 0;
}

// Random bytes all over the queue, and now and then a slot that passes the first checks.
void scribble(ipc::DriverConnection& connection, Random& random) {
  const auto bytes = connection.queue.region.bytes();
  auto* words = reinterpret_cast<ipc::Word64*>(bytes.data());
  auto* header = reinterpret_cast<ipc::QueueHeader*>(bytes.data());
  for (int n = 0; n < 20'000 && !ipc::agent_hung_up(connection); ++n) {
    const std::uint64_t value = random();
    words[random.below(bytes.size() / 8)].store_relaxed(value);
    // Not slot 0 at once: otherwise all that is reached is the first check.
    const std::uint64_t index = random.below(n < 2000 ? ipc::limits::queue_slots : 4);
    ipc::Word64* slot = words + (ipc::queue_slots_offset + index * sizeof(ipc::CommandSlot)) / 8;
    slot[1].store_relaxed(connection.queue.epoch);
    slot[2].store_relaxed((1 + random.below(ipc::wire::kinds)) |
                          (random.below(4) == 0 ? value & ~0xFFFFull : 0));
    slot[3].store_relaxed(random.below(3) == 0 ? value : 0);
    slot[4].store_relaxed(random.below(3) == 0 ? value : 0);
    slot[0].store_release(random.below(20) == 0 ? value : index + 1);
    header->reader_waiting.store_relaxed(1);
    header->tail.store_seq_cst(value);
    header->wake_seq.add_release(1);
    ipc::futex_wake(header->wake_seq.futex_address(), 1);
  }
}

void break_queues(const std::string& run_dir, Shared& shared, std::uint64_t seed) {
  Random random{seed};
  for (;;) {
    auto connection = ipc::connect_agent(run_dir + "/agent.sock", current_generation(run_dir), 1'000'000'000);
    if (!connection) {
      poll(nullptr, 0, 1);
      continue;
    }
    auto mine = connection.take();
    scribble(mine, random);
    count_one(shared, counted_attacks);
  }
}

void send_with_descriptors(int socket, const void* bytes, std::size_t size, int count) {
  char control[CMSG_SPACE(16 * sizeof(int))] = {};
  iovec piece{const_cast<void*>(bytes), size};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(static_cast<std::size_t>(count) * sizeof(int));
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(static_cast<std::size_t>(count) * sizeof(int));
  for (int i = 0; i < count; ++i)
    std::memcpy(CMSG_DATA(head) + static_cast<std::size_t>(i) * sizeof(int), &socket, sizeof(int));
  (void)!sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// Half a hello, a wrong one, a right one of a wrong state, one with descriptors, one with more behind it, silence.
void knock(int fd, std::uint64_t generation, Random& random) {
  char noise[600];
  for (char& b : noise) b = static_cast<char>(random());
  ipc::HelloPacket hello = ipc::make_hello(generation);
  const auto send_bytes = [fd](const void* bytes, std::size_t size) {
    (void)!send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  };
  switch (random.below(8)) {
    case 0:
      return send_bytes(noise, random.below(sizeof noise) + 1);
    case 1:
      return send_bytes(&hello, random.below(sizeof hello));
    case 2:
      hello.layout_hash = random();
      return send_bytes(&hello, sizeof hello);
    case 3:
      hello.generation = random();
      return send_bytes(&hello, sizeof hello);
    case 4:
      return send_with_descriptors(fd, &hello, sizeof hello, 1 + static_cast<int>(random.below(16)));
    case 5:
      send_bytes(&hello, sizeof hello);
      return send_bytes(noise, sizeof noise);
    case 6:
      hello.major_min = 2;
      hello.major_max = static_cast<std::uint32_t>(random());
      return send_bytes(&hello, sizeof hello);
    default:
      return;
  }
}

void flood(const std::string& run_dir, Shared& shared, std::uint64_t seed) {
  const auto address = ipc::socket_address(run_dir + "/agent.sock").value();
  Random random{seed};
  std::uint64_t generation = current_generation(run_dir);
  std::vector<ipc::Fd> open_ones;
  for (std::uint64_t n = 1;; ++n) {
    ipc::Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      poll(nullptr, 0, 1);  // the backlog is full: let somebody else have the processor
      open_ones.clear();
      continue;
    }
    knock(fd.get(), generation, random);
    count_one(shared, counted_hellos);
    if (n % 5 == 0) open_ones.push_back(std::move(fd));
    if (open_ones.size() > 100) open_ones.clear();
  }
}

std::size_t resident_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::strtoul(line.c_str() + 6, nullptr, 10);
  return 0;
}

std::size_t open_descriptors(pid_t pid) {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
    ++n;
  return n;
}

std::chrono::seconds how_long() {
  const char* text = std::getenv("OUTRIGGER_HOSTILE_SECONDS");
  return std::chrono::seconds(text == nullptr ? 30 : std::strtol(text, nullptr, 10));
}

// Requests that change something at the server.
std::uint64_t effects(const ApiServer& server) {
  const auto record = nlohmann::json::parse(server.record());
  std::uint64_t sum = 0;
  for (const auto& [verb, codes] : record.at("requests").items())
    if (verb != "list" && verb != "watch" && verb != "get")
      for (const auto& [code, count] : codes.items()) sum += count.get<std::uint64_t>();
  return sum;
}

class Hostile : public testing::Test {
 protected:
  Hostile()
      : run_dir_(folder_.path("run")),
        agent_(agent_launch(
            {server_.kubeconfig(), run_dir_, folder_.path("lock"), application, "127.0.0.1:0", {}})),
        admin_(admin_url(agent_)) {
    wait_until("the agent's state", [this] { return current_generation(run_dir_) != 0; }, {&agent_});
    wait_until("the agent's door", [this] { return std::filesystem::exists(run_dir_ + "/agent.sock"); },
               {&agent_});
  }

  double metric(const std::string& name) const {
    const std::string text = http("GET", admin_ + "/metrics").body;
    const auto at = text.find("\n" + name + " ");
    EXPECT_NE(at, std::string::npos) << name << " is not among the metrics";
    return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + name.size() + 2, nullptr);
  }
  // Worst time of an answer of /livez while `these` attack.
  Milliseconds probe_for(std::chrono::seconds length) {
    Milliseconds worst{0};
    for (const auto end = Clock::now() + length; Clock::now() < end;) {
      const auto asked = Clock::now();
      const HttpAnswer answer = http("GET", admin_ + "/livez");
      EXPECT_EQ(answer.code, 200) << answer.body;
      worst = std::max(worst, std::chrono::duration_cast<Milliseconds>(Clock::now() - asked));
      if (!agent_.alive()) throw Hung("the agent ended: " + agent_.last_words());
      peak_kib_ = std::max(peak_kib_, resident_kib(agent_.pid()));
      poll(nullptr, 0, 100);
    }
    return worst;
  }
  void until_running(Process& driver, std::size_t target) {
    wait_until("a well-behaved driver to see " + std::to_string(target) + " executors",
               [&] {
                 const SeenBy seen = seen_by_driver(driver), truth = seen_by_server(server_);
                 return difference(truth, seen).empty() && count(truth, "running") == target;
               },
               {&driver, &agent_, &server_.process()});
  }

  TemporaryFolder folder_;
  ApiServer server_{{folder_.path(), false, {}, {}, {}}};
  std::string run_dir_;
  Process agent_;
  std::string admin_;
  std::size_t peak_kib_ = 0;
};

}  // namespace

TEST_F(Hostile, I7_garbage_in_memfd_and_socket_and_ten_thousand_waiters_change_nothing_outside) {
  if (!ipc::has_futex_waitv()) GTEST_SKIP() << "needs futex_waitv (Linux 5.16) to have that many waiters";
  const std::uint64_t seed = static_cast<std::uint64_t>(getpid()) * 2654435761u + 1;
  std::cout << "seed " << seed << std::endl;
  Shared shared;
  const std::size_t calm_kib = resident_kib(agent_.pid()), calm_fds = open_descriptors(agent_.pid());
  const std::uint64_t calm_effects = effects(server_);
  const double calm_breaches = metric("outrigger_channel_breaches_total"),
               calm_refusals = metric("outrigger_channel_refusals_total");
  Milliseconds worst{0};
  {
    Child waiters([&] { crowd(run_dir_, shared); });
    wait_until("the waiters", [&] { return shared[counted_waiters].load_acquire() == waiter_threads; });
    Child scribbler([&] { break_queues(run_dir_, shared, seed); });
    Child flooder([&] { flood(run_dir_, shared, seed + 1); });
    worst = probe_for(how_long());
    wait_until("an attack on the queue to be over",
               [&] { return shared[counted_attacks].load_acquire() > 0; }, {&agent_});
  }
  const double breaches = metric("outrigger_channel_breaches_total") - calm_breaches;
  const double refusals = metric("outrigger_channel_refusals_total") - calm_refusals;
  // Past the framing: bytes that were a command, and were judged as one.
  const double malformed = metric("outrigger_channel_results_total{verdict=\"refused_malformed\"}");
  const double judged = metric("outrigger_channel_commands_total");
  std::cout << shared[counted_attacks].load_acquire() << " attacked queues, "
            << shared[counted_hellos].load_acquire() << " bad hellos; " << breaches << " breaches, "
            << refusals << " refusals, " << malformed << " malformed and " << judged
            << " judged commands; slowest /livez " << worst.count() << " ms; resident " << calm_kib / 1024
            << " to " << peak_kib_ / 1024 << " MiB; log " << agent_.err().size() / 1024 << " KiB\n";
  EXPECT_GT(breaches, 0);
  EXPECT_GT(refusals, 0);
  EXPECT_GT(malformed + judged, 0);
  EXPECT_EQ(effects(server_), calm_effects);
  EXPECT_LT(agent_.err().size(), 8u << 20) << "a driver must not fill the disk with the agent's log";
  // One queue of 8.3 MiB at a time; under a sanitizer, freed memory is kept for a while.
  EXPECT_LT(peak_kib_, calm_kib + (slowness() == 1 ? 48u : 640u) * 1024);
  wait_until("the descriptors of the dead to be closed",
             [&] { return open_descriptors(agent_.pid()) <= calm_fds + 4; }, {&agent_});

  Process driver({"process_agent_driver", {run_dir_, application, "5"}, {}, true});
  until_running(driver, 5);
  // The crowd and the flood disturb nobody who is in already.
  Child waiters([&] { crowd(run_dir_, shared); });
  Child flooder([&] { flood(run_dir_, shared, seed + 2); });
  driver.write_line("target 25");
  until_running(driver, 25);
  driver.write_line("target 0");
  until_running(driver, 0);
  flooder.signal(SIGKILL);
  waiters.signal(SIGKILL);
  EXPECT_EQ(posted_twice(server_), "");
  EXPECT_EQ(driver.err(), "");
  driver.write_line("drain");
  driver.write_line("quit");
  EXPECT_EQ(driver.wait().code, 0);
  agent_.signal(SIGTERM);
  EXPECT_EQ(agent_.wait().code, 0) << agent_.last_words();
}

}  // namespace outrigger::test
