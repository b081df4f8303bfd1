// Waking without losing any (C10 to C12). No wait here has a timeout unless the timeout is the subject: a lost wake
// hangs the test instead of slowing it down.
#include "ipc/wakeup.h"

#include <gtest/gtest.h>

#include <thread>

#include "ipc/command_producer.h"
#include "ipc/futex.h"
#include "ipc/liveness.h"
#include "ipc/snapshot_reader.h"
#include "ipc/snapshot_writer.h"
#include "tests/unit/ipc/interleave.h"
#include "tests/unit/ipc/memory.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {

constexpr WaitOptions forever{-1, 0};
constexpr WaitOptions at_once{0, 0};

struct Channel {
  Channel() : writer(state.view), reader(state.view), wait(state.view, &queue.header()->reader_waiting) {
    writer.set_waiting_flag(&queue.header()->reader_waiting);
    state.view.header->liveness.store_release(1);  // somebody is alive
  }
  StateMemory state;
  QueueMemory queue;
  SnapshotWriter writer;
  SnapshotReader reader;
  ReaderWait wait;
};

}  // namespace

TEST(Wakeup, C10_a_commit_wakes_the_sleeping_reader) {
  Channel c;
  Woken woken{};
  std::thread sleeper([&] { woken = c.wait.wait({0, 0, true}, forever); });
  while (c.queue.header()->reader_waiting.load_seq_cst() == 0) std::this_thread::yield();
  c.writer.upsert(pod(1), {});
  c.writer.commit();
  sleeper.join();
  EXPECT_EQ(woken, Woken::changes);
}

TEST(Wakeup, C10_a_commit_before_the_wait_is_not_slept_through) {
  Channel c;
  c.writer.upsert(pod(1), {});
  c.writer.commit();
  EXPECT_EQ(c.wait.wait({0, 0, true}, forever), Woken::changes);
}

TEST(Wakeup, C10_a_result_wakes_as_well) {
  Channel c;
  Woken woken{};
  std::thread sleeper([&] { woken = c.wait.wait({0, 0, true}, forever); });
  while (c.queue.header()->reader_waiting.load_seq_cst() == 0) std::this_thread::yield();
  c.writer.result(5, 1, 1, "");
  c.writer.commit();
  sleeper.join();
  EXPECT_EQ(woken, Woken::changes);
}

TEST(Wakeup, C10_no_system_call_for_a_reader_that_does_not_sleep) {
  Channel c;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    c.writer.upsert(pod(1, i), {});
    c.writer.commit();
  }
  EXPECT_EQ(c.reader.counter(Counter::reader_wakes), 0u);
  EXPECT_EQ(c.state.view.header->prefix.wake_seq.load_relaxed(), 0u);
}

TEST(Wakeup, C10_one_wake_per_flag) {
  Channel c;
  c.queue.header()->reader_waiting.store_seq_cst(1);
  for (std::uint64_t i = 1; i <= 10; ++i) {
    c.writer.upsert(pod(1, i), {});
    c.writer.commit();
  }
  EXPECT_EQ(c.reader.counter(Counter::reader_wakes), 1u);
  EXPECT_EQ(c.queue.header()->reader_waiting.load_relaxed(), 0u);
}

TEST(Wakeup, C10_an_empty_commit_does_nothing) {
  Channel c;
  c.queue.header()->reader_waiting.store_seq_cst(1);
  c.writer.commit();
  EXPECT_EQ(c.reader.counter(Counter::commits), 0u);
  EXPECT_EQ(c.queue.header()->reader_waiting.load_relaxed(), 1u);
}

TEST(Wakeup, C12_a_timeout_ends_a_wait_without_work) {
  Channel c;
  EXPECT_EQ(c.wait.wait({0, 0, true}, at_once), Woken::timeout);
  EXPECT_EQ(c.wait.wait({0, 0, true}, {1'000'000, 0}), Woken::timeout);
  EXPECT_EQ(c.wait.late_wakes(), 0u);
}

TEST(Wakeup, C12_work_that_nobody_woke_for_is_found_by_the_clock_and_counted) {
  Channel c;
  c.writer.set_waiting_flag(nullptr);  // a writer that forgets to wake
  // A commit can come before the sleep, or after its end; until one falls into it.
  for (std::uint64_t n = 1; c.wait.late_wakes() == 0; ++n) {
    Word32& flag = c.queue.header()->reader_waiting;
    flag.store_seq_cst(0);
    std::thread sleeper([&] {
      while (c.wait.wait({n - 1, 0, true}, {20'000'000, 0}) == Woken::timeout) {
      }
    });
    while (flag.load_seq_cst() == 0) std::this_thread::yield();
    c.writer.upsert(pod(1, n), {});
    c.writer.commit();
    sleeper.join();
  }
  EXPECT_EQ(c.wait.late_wakes(), 1u);
}

TEST(Wakeup, a_reader_without_a_queue_finds_changes_by_looking) {
  Channel c;
  ReaderWait onlooker(c.state.view);
  std::thread writing([&] {
    c.writer.upsert(pod(1), {});
    c.writer.commit();
  });
  EXPECT_EQ(onlooker.wait({0, 0, true}, forever), Woken::changes);
  writing.join();
}

TEST(Wakeup, C11_a_woken_reader_passes_the_wake_on) {
  Channel c;
  constexpr int readers = 8;  // four times as many as the writer wakes
  std::atomic<int> woken{0};
  std::vector<std::thread> sleepers;
  for (int i = 0; i < readers; ++i) {
    sleepers.emplace_back([&] {
      ReaderWait wait(c.state.view, &c.queue.header()->reader_waiting);
      if (wait.wait({0, 0, true}, forever) == Woken::changes) ++woken;
    });
  }
  while (c.queue.header()->reader_waiting.load_seq_cst() == 0) std::this_thread::yield();
  c.writer.upsert(pod(1), {});
  c.writer.commit();
  for (auto& s : sleepers) s.join();
  EXPECT_EQ(woken, readers);
}

TEST(Wakeup, C14_a_retired_state_wakes_its_reader_and_says_so) {
  Channel c;
  Woken woken{};
  std::thread sleeper([&] { woken = c.wait.wait({0, 0, true}, forever); });
  while (c.queue.header()->reader_waiting.load_seq_cst() == 0) std::this_thread::yield();
  auto& prefix = c.state.view.header->prefix;
  prefix.retired.store_release(1);
  prefix.wake_seq.add_release(1);
  futex_wake(prefix.wake_seq.futex_address(), limits::woken_per_commit);
  sleeper.join();
  EXPECT_EQ(woken, Woken::retired);
}

TEST(Wakeup, C13_a_sleeping_reader_hears_of_the_agents_end) {
  Channel c;
  std::optional<LivenessHolder> holder(LivenessHolder::hold(c.state.view.header->liveness).take());
  Woken woken{};
  std::thread sleeper([&] { woken = c.wait.wait({0, 0, true}, forever); });
  while (c.queue.header()->reader_waiting.load_seq_cst() == 0) std::this_thread::yield();
  holder.reset();
  sleeper.join();
  EXPECT_EQ(woken, Woken::agent_dead);
}

TEST(Wakeup, C13_changes_of_a_dead_agent_come_before_the_news_of_its_death) {
  Channel c;
  c.writer.upsert(pod(1), {});
  c.writer.commit();
  c.state.view.header->liveness.store_release(0);
  EXPECT_EQ(c.wait.wait({0, 0, true}, forever), Woken::changes);
  EXPECT_EQ(c.wait.wait({1, 0, true}, forever), Woken::agent_dead);
  EXPECT_EQ(c.wait.wait({1, 0, false}, at_once), Woken::timeout) << "a known death does not end waits";
}

TEST(Wakeup, C10_a_flush_wakes_the_sleeping_agent) {
  Channel c;
  CommandProducer producer(c.queue.memory.bytes(), c.state.view, 5);
  CommandWait agent(c.state.view, c.queue.header());
  std::uint64_t tail = 0;
  Woken woken{};
  std::thread sleeper([&] { woken = agent.wait(0, &tail, forever); });
  while (c.state.view.header->commands_sleeping.load_seq_cst() == 0) std::this_thread::yield();
  ASSERT_EQ(producer.post(wire::Drain{}).id, 1u);
  producer.flush();
  sleeper.join();
  EXPECT_EQ(woken, Woken::changes);
  EXPECT_EQ(tail, 1u);
  EXPECT_EQ(c.state.view.header->commands_sleeping.load_relaxed(), 0u);
}

TEST(Wakeup, the_agents_waiter_can_be_stopped_although_the_driver_owns_the_word_it_sleeps_on) {
  Channel c;
  CommandWait agent(c.state.view, c.queue.header());
  Woken woken{};
  std::uint64_t tail = 0;
  std::thread sleeper([&] { woken = agent.wait(0, &tail, forever); });
  while (c.state.view.header->commands_sleeping.load_seq_cst() == 0) std::this_thread::yield();
  agent.stop();
  sleeper.join();
  EXPECT_EQ(woken, Woken::stopped);
  EXPECT_EQ(agent.wait(0, &tail, forever), Woken::stopped);
}

// A second, so that a reader that misses the commit fails instead of hanging: the look by the clock finds it, late.
constexpr WaitOptions one_second{1'000'000'000, 0};

TEST(Wakeup, C10_a_commit_at_the_moment_the_reader_raises_its_flag_is_not_slept_through) {
  Channel c;
  const AtFirstStore moment(c.queue.header(), [&] {
    c.writer.upsert(pod(1), {});
    c.writer.commit();  // sees no flag, wakes nobody
  });
  EXPECT_EQ(c.wait.wait({0, 0, true}, one_second), Woken::changes);
  EXPECT_TRUE(moment.happened());
  EXPECT_EQ(c.reader.counter(Counter::reader_wakes), 0u);
  EXPECT_EQ(c.wait.late_wakes(), 0u);
}

TEST(Wakeup, C10_a_flush_at_the_moment_the_agent_goes_to_sleep_is_not_slept_through) {
  Channel c;
  CommandProducer producer(c.queue.memory.bytes(), c.state.view, 5);
  CommandWait agent(c.state.view, c.queue.header());
  std::uint64_t tail = 0;
  const AtFirstStore moment(c.state.view.header, [&] {
    producer.post(wire::Drain{});
    producer.flush();
  });
  EXPECT_EQ(agent.wait(0, &tail, one_second), Woken::changes);
  EXPECT_TRUE(moment.happened());
  EXPECT_EQ(c.queue.header()->wake_seq.load_relaxed(), 0u);
  EXPECT_EQ(agent.late_wakes(), 0u);
}
