// The command queue at full speed, honest and hostile.
#include <gtest/gtest.h>

#include <thread>

#include "ipc/command_consumer.h"
#include "ipc/command_producer.h"
#include "ipc/snapshot_writer.h"
#include "tests/stress/memory.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

TEST(CommandStress, C16_every_command_arrives_once_in_order_and_whole) {
  StateMemory state;
  QueueMemory queue;
  SnapshotWriter writer(state.view);
  CommandConsumer consumer(queue.memory.bytes(), state.view, 5);
  const std::uint64_t count = rounds(20'000);
  std::thread driver([&] {
    CommandProducer producer(queue.memory.bytes(), state.view, 5);
    for (std::uint64_t n = 1; n <= count;) {
      const std::vector<std::uint64_t> ids(n * 31 % 400, n);
      const auto posted = producer.post(wire::ConfirmDelete{ids});
      if (posted.status == CommandProducer::Posted::Status::ok) {
        ASSERT_EQ(posted.id, n);
        ++n;
      } else {
        std::this_thread::yield();
      }
      while (producer.take_result()) {
      }
    }
  });
  std::uint64_t next = 1;
  std::vector<Drained> out;
  while (next <= count) {
    out.clear();
    if (consumer.drain(256, out) == 0) std::this_thread::yield();
    ASSERT_TRUE(consumer.breach().empty()) << consumer.breach();
    for (const Drained& c : out) {
      ASSERT_EQ(c.id, next);
      ASSERT_EQ(c.body, wire::Body(wire::ConfirmDelete{std::vector<std::uint64_t>(next * 31 % 400, next)}));
      writer.result(5, c.id, 1, "");
      ++next;
    }
  }
  driver.join();
}

// The second thread rewrites what the first has posted while the agent drains: whatever comes out is a value within the
// bounds or a breach, and the consumer's own place never moves by what it reads.
TEST(CommandStress, C16_bytes_that_change_under_the_drain_do_no_harm) {
  for (std::uint64_t seed = 1; seed <= rounds(60); ++seed) {
    StateMemory state;
    QueueMemory queue;
    CommandConsumer consumer(queue.memory.bytes(), state.view, 5);
    CommandProducer producer(queue.memory.bytes(), state.view, 5);
    for (std::uint64_t i = 0; i < 200; ++i) {
      producer.post(wire::KnownDelta{true, std::vector<std::uint64_t>(i % 20, i), {}});
    }
    std::atomic<bool> done{false};
    std::thread hostile([&] {
      std::uint64_t random = seed * 0x9E3779B97F4A7C15ull;
      while (!done) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        const std::uint64_t pick = random >> 33;
        if (pick % 3 == 0) {
          queue.slot(static_cast<std::uint32_t>(pick % 200))
              .words[pick / 7 % 32]
              .store_release(random >> (pick % 60));
        } else {
          queue.arena()[pick % 4000].store_release(random >> (pick % 60));
        }
      }
    });
    std::vector<Drained> out;
    while (consumer.drain(16, out) != 0) {
    }
    done = true;
    hostile.join();
    EXPECT_EQ(out.size(), consumer.consumed());
    for (std::size_t i = 0; i < out.size(); ++i) {
      ASSERT_EQ(out[i].id, i + 1);
      if (const auto* known = out[i].body ? std::get_if<wire::KnownDelta>(&*out[i].body) : nullptr) {
        EXPECT_LE(known->added.size(), limits::id_list);
      }
    }
  }
}
