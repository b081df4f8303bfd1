// Sleeping and waking without a timeout: one lost wake-up hangs the test (C10, C12).
#include <gtest/gtest.h>

#include <thread>

#include "ipc/command_consumer.h"
#include "ipc/command_producer.h"
#include "ipc/snapshot_reader.h"
#include "ipc/snapshot_writer.h"
#include "ipc/wakeup.h"
#include "tests/stress/memory.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {
constexpr WaitOptions forever{-1, 0};
}

TEST(WakeupStress, C10_C12_every_batch_is_heard_of_with_an_infinite_timeout) {
  StateMemory state;
  QueueMemory queue;
  SnapshotWriter writer(state.view);
  writer.set_waiting_flag(&queue.header()->reader_waiting);
  state.view.header->liveness.store_release(1);
  const std::uint64_t batches = rounds(30'000);
  std::atomic<std::uint64_t> heard{0};
  std::uint64_t late = 0;
  std::thread reader([&] {
    ReaderWait wait(state.view, &queue.header()->reader_waiting);
    SnapshotReader view(state.view);
    while (heard < batches) {
      ASSERT_EQ(wait.wait({heard, 0, true}, forever), Woken::changes);
      heard = view.applied();
    }
    late = wait.late_wakes();
  });
  for (std::uint64_t n = 1; n <= batches; ++n) {
    writer.upsert(telling(1, n), {});
    writer.commit();
    // Lockstep for most batches, so that the reader goes to sleep each time; then a few in a row.
    if (n % 16 != 0) {
      while (heard < n) std::this_thread::yield();
    }
    // The next commit falls at every point of the reader's way to sleep.
    for (std::uint64_t pause = n * 37 % 512; pause > 0; --pause) asm volatile("");
  }
  reader.join();
  EXPECT_EQ(late, 0u);
}

TEST(WakeupStress, C10_round_trips_of_commands_and_results_with_an_infinite_timeout) {
  StateMemory state;
  QueueMemory queue;
  SnapshotWriter writer(state.view);
  writer.set_waiting_flag(&queue.header()->reader_waiting);
  state.view.header->liveness.store_release(1);
  CommandConsumer consumer(queue.memory.bytes(), state.view, 5);
  const std::uint64_t trips = rounds(20'000);
  std::thread agent([&] {
    CommandWait wait(state.view, queue.header());
    std::uint64_t tail = 0, answered = 0;
    std::vector<Drained> commands;
    while (answered < trips) {
      ASSERT_EQ(wait.wait(tail, &tail, forever), Woken::changes);
      do {
        commands.clear();
        consumer.drain(64, commands);
        for (const auto& c : commands) writer.result(5, c.id, 1, "");
        answered += commands.size();
        writer.commit();
      } while (!commands.empty());
    }
    EXPECT_TRUE(consumer.breach().empty()) << consumer.breach();
    EXPECT_EQ(wait.late_wakes(), 0u);
  });
  CommandProducer producer(queue.memory.bytes(), state.view, 5);
  ReaderWait wait(state.view, producer.waiting_flag());
  std::uint64_t taken = 0, posted = 0;
  while (taken < trips) {
    for (std::uint64_t burst = 1 + posted % 3; burst > 0 && posted < trips; --burst) {
      ASSERT_EQ(producer.post(wire::SetTarget{1, 1}).status, CommandProducer::Posted::Status::ok);
      ++posted;
    }
    producer.flush();
    while (taken < posted) {
      const std::uint64_t results = wait.results_written();
      while (producer.take_result()) ++taken;
      if (taken < posted) {
        ASSERT_EQ(wait.wait({0, results, true}, forever), Woken::changes);
      }
    }
  }
  agent.join();
  EXPECT_EQ(wait.late_wakes(), 0u);
}
