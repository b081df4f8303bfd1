#include <atomic>
#include <new>
#include <vector>

#include "bench/channel/cases.h"
#include "bench/channel/stage.h"
#include "bench/support/tsc.h"
#include "ipc/command_queue_layout.h"
#include "ipc/snapshot_reader.h"
#include "ipc/wakeup.h"

namespace outrigger::bench {
namespace {

struct Line {
  alignas(128) std::atomic<std::uint64_t> word{0};
};
constexpr std::size_t warm_up = 20'000;

// The stamp travels in the record; both sides spin; the next record leaves when the last one was copied.
Latency one_way(std::uint32_t pods, std::size_t samples) {
  Stage stage(pods);
  ipc::SnapshotWriter writer(stage.view());
  stage.fill(writer, pods);
  const std::size_t total = samples + warm_up;
  const double rate = stamps_per_ns();
  SharedPages extra(4096 + total * sizeof(double));
  auto* seen = new (extra.data()) Line;
  auto* taken = reinterpret_cast<double*>(extra.data() + 4096);
  {
    Peer peer([&] {
      const ipc::SnapshotReader reader(stage.view());
      ipc::Cursor cursor{reader.generation(), pods};
      ipc::Record record[1];
      for (std::size_t i = 0; i < total; ++i) {
        while (reader.poll(cursor, record).count == 0) spin_hint();
        taken[i] = static_cast<double>(stamp() - record[0].words[10]) / rate;
        seen->word.store(i + 1, std::memory_order_release);
      }
    });
    ipc::Record record = ipc::pack(a_pod(1));
    std::uint32_t slot = 1;
    for (std::size_t i = 0; i < total; ++i) {
      slot = (slot * 1'664'525u + 1'013'904'223u);  // a random pod each time: the table is as cold as in life
      record.words[10] = stamp();
      (void)writer.publish(slot % pods, record);
      writer.commit();
      while (seen->word.load(std::memory_order_acquire) != i + 1) spin_hint();
    }
  }
  std::vector<double> samples_ns(taken + warm_up, taken + total);
  return latency_of(samples_ns);
}

}  // namespace

void publish_to_copied(Report& report, const Floors& floors) {
  const std::size_t samples = report.quick() ? 20'000 : 500'000;
  const Latency small = one_way(1'000, samples);
  const Latency large = one_way(100'000, samples);
  const char* floor = "one cache line, one way";
  report.add({.name = "publish to copied, 1,000 pods, p50",
              .value = small.p50_ns,
              .unit = "ns",
              .reference = floor,
              .reference_value = floors.one_way.p50_ns,
              .goal = 1.6});
  report.add({.name = "publish to copied, 1,000 pods, p99",
              .value = small.p99_ns,
              .unit = "ns",
              .reference = "its p50 floor",
              .reference_value = floors.one_way.p50_ns,
              .goal = 4});
  report.add({.name = "publish to copied, 100,000 pods, p50",
              .value = large.p50_ns,
              .unit = "ns",
              .reference = "the same with 1,000 pods",
              .reference_value = small.p50_ns,
              .goal = 1.1});
}

void sleeping_reader(Report& report, const Floors& floors) {
  const std::size_t samples = report.quick() ? 300 : 5'000;
  const double rate = stamps_per_ns();
  Stage stage(1'000);
  ipc::SnapshotWriter writer(stage.view());
  SharedPages extra(8192 + samples * sizeof(double));
  struct Words {
    ipc::QueueHeader queue;
    Line ready, seen;
  };
  static_assert(sizeof(Words) <= 8192);
  auto* words = new (extra.data()) Words;
  auto* taken = reinterpret_cast<double*>(extra.data() + 8192);
  writer.set_waiting_flag(&words->queue.reader_waiting);
  {
    Peer peer([&] {
      const ipc::SnapshotReader reader(stage.view());
      ipc::ReaderWait wait(stage.view(), &words->queue.reader_waiting);
      ipc::Cursor cursor{reader.generation(), 0};
      ipc::Record record[1];
      for (std::size_t i = 0; i < samples; ++i) {
        words->ready.word.store(i + 1, std::memory_order_release);
        while (reader.poll(cursor, record).count == 0) {
          (void)wait.wait({.sequence = cursor.sequence, .alive = false}, {.timeout_ns = -1, .spin_ns = 0});
        }
        taken[i] = static_cast<double>(stamp() - record[0].words[10]) / rate;
        words->seen.word.store(i + 1, std::memory_order_release);
      }
    });
    ipc::Record record = ipc::pack(a_pod(1));
    for (std::size_t i = 0; i < samples; ++i) {
      while (words->ready.word.load(std::memory_order_acquire) != i + 1) spin_hint();
      for (const std::int64_t until = now_ns() + 100'000; now_ns() < until;) spin_hint();  // it sleeps by now
      record.words[10] = stamp();
      (void)writer.publish(static_cast<std::uint32_t>(i % 1'000), record);
      writer.commit();
      while (words->seen.word.load(std::memory_order_acquire) != i + 1) spin_hint();
    }
  }
  std::vector<double> samples_ns(taken, taken + samples);
  const Latency woken = latency_of(samples_ns);
  report.add({.name = "publish to copied, reader asleep, p50",
              .value = woken.p50_ns,
              .unit = "ns",
              .reference = "raw futex wake, p50",
              .reference_value = floors.futex.p50_ns,
              .goal = 1.05});
  report.add({.name = "publish to copied, reader asleep, p99",
              .value = woken.p99_ns,
              .unit = "ns",
              .reference = "raw futex wake, p99",
              .reference_value = floors.futex.p99_ns});
}

}  // namespace outrigger::bench
