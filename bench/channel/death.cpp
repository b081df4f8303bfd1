#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <optional>
#include <thread>
#include <vector>

#include "bench/channel/cases.h"
#include "bench/channel/stage.h"
#include "ipc/liveness.h"
#include "ipc/wakeup.h"

namespace outrigger::bench {
namespace {

// SIGKILL of a process with `megabytes` touched, until a reader that sleeps without end returns.
std::vector<double> notices_us(std::size_t megabytes, std::size_t samples) {
  std::vector<double> notices;
  for (std::size_t i = 0; i < samples; ++i) {
    Stage stage(64);
    SharedPages extra(4096);
    auto* up = new (extra.data()) std::atomic<std::uint32_t>(0);
    Peer agent([&] {
      auto held = ipc::LivenessHolder::hold(stage.view().header->liveness);
      void* ballast = mmap(nullptr, megabytes << 20, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
      up->store(held.ok() && ballast != MAP_FAILED ? 1 : 2);
      for (;;) pause();
    });
    while (up->load() == 0) usleep(1000);
    if (up->load() != 1) return notices;
    std::atomic<std::int64_t> noticed_at{0}, asleep{0};
    std::thread reader([&] {
      ipc::ReaderWait wait(stage.view());
      asleep.store(1);
      while (wait.wait({}, {.timeout_ns = 10'000'000'000, .spin_ns = 0}) != ipc::Woken::agent_dead) {
      }
      noticed_at.store(now_ns());
    });
    while (asleep.load() == 0) usleep(100);
    usleep(20'000);
    const std::int64_t killed_at = now_ns();
    kill(agent.pid(), SIGKILL);
    reader.join();
    notices.push_back(static_cast<double>(noticed_at.load() - killed_at) / 1e3);
    agent.kill_now();
  }
  return notices;
}

}  // namespace

void death_notice(Report& report) {
  for (const std::size_t megabytes : {std::size_t{24}, std::size_t{1024}}) {
    auto us = notices_us(megabytes, report.quick() ? 5 : (megabytes > 100 ? 40 : 200));
    const std::string who = "death of an agent of " + std::to_string(megabytes) + " MB noticed";
    report.add({.name = who + ", p50", .value = percentile(us, 0.5), .unit = "us", .goal = 500});
    report.add({.name = who + ", p99", .value = percentile(us, 0.99), .unit = "us", .goal = 5'000});
  }
}

}  // namespace outrigger::bench
