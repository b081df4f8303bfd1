#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <new>
#include <thread>
#include <vector>

#include "bench/channel/cases.h"
#include "bench/channel/stage.h"
#include "ipc/command_queue_layout.h"

namespace outrigger::bench {
namespace {

// Publish and commit while `sleepers` threads of another process sleep on the readers' futex and come back at once.
// Only the cost to the writer counts: what a crowd of readers does to the one who publishes.
double publish_cost_ns(std::uint32_t sleepers, std::size_t samples) {
  Stage stage(1'000);
  ipc::SnapshotWriter writer(stage.view());
  SharedPages extra(8192);
  struct Words {
    ipc::QueueHeader queue;
    alignas(128) std::atomic<std::uint32_t> stop{0}, up{0};
  };
  static_assert(sizeof(Words) <= 8192);
  auto* words = new (extra.data()) Words;
  writer.set_waiting_flag(&words->queue.reader_waiting);
  auto* wake_word = reinterpret_cast<std::uint32_t*>(&stage.view().header->prefix.wake_seq);
  Peer peer([&] {
    std::vector<std::thread> crowd;
    for (std::uint32_t i = 0; i < sleepers; ++i) {
      crowd.emplace_back([&] {
        words->up.fetch_add(1);
        const timespec slice{0, 50'000'000};
        while (words->stop.load() == 0) {
          syscall(SYS_futex, wake_word, FUTEX_WAIT, __atomic_load_n(wake_word, __ATOMIC_ACQUIRE), &slice,
                  nullptr, 0);
        }
      });
    }
    for (auto& thread : crowd) thread.join();
  });
  while (words->up.load() != sleepers) usleep(1000);
  std::vector<double> cost;
  ipc::Record record = ipc::pack(a_pod(1));
  for (std::size_t i = 0; i < samples; ++i) {
    words->queue.reader_waiting.store_release(1);  // every commit finds somebody waiting
    for (const std::int64_t until = now_ns() + 20'000; now_ns() < until;) spin_hint();
    const std::int64_t start = now_ns();
    (void)writer.publish(static_cast<std::uint32_t>(i % 1'000), record);
    writer.commit();
    cost.push_back(static_cast<double>(now_ns() - start));
  }
  words->stop.store(1);
  return percentile(cost, 0.5);
}

double quiet_commit_ns(std::size_t samples) {
  Stage stage(1'000);
  ipc::SnapshotWriter writer(stage.view());
  const ipc::Record record = ipc::pack(a_pod(1));
  const std::int64_t start = now_ns();
  for (std::size_t i = 0; i < samples; ++i) {
    (void)writer.publish(static_cast<std::uint32_t>(i % 1'000), record);
    writer.commit();
  }
  return static_cast<double>(now_ns() - start) / static_cast<double>(samples);
}

}  // namespace

void publish_cost_with_sleepers(Report& report) {
  report.add({.name = "publish and commit, nobody waits, mean",
              .value = quiet_commit_ns(report.quick() ? 100'000 : 3'000'000),
              .unit = "ns"});
  const std::size_t samples = report.quick() ? 1'000 : 20'000;
  const double one = publish_cost_ns(1, samples);
  report.add({.name = "publish and commit, 1 reader asleep, p50", .value = one, .unit = "ns"});
  for (const std::uint32_t readers : {10u, 200u}) {
    report.add({.name = "publish and commit, " + std::to_string(readers) + " readers asleep, p50",
                .value = publish_cost_ns(readers, samples),
                .unit = "ns",
                .reference = "the same with 1",
                .reference_value = one,
                .goal = 1.05});
  }
}

}  // namespace outrigger::bench
