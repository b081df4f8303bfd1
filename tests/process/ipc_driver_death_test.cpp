// SIGKILL of the driver at random points (I6).
#include <gtest/gtest.h>

#include <poll.h>

#include "ipc/agent_socket.h"
#include "ipc/command_consumer.h"
#include "ipc/command_producer.h"
#include "ipc/snapshot_writer.h"
#include "ipc/state_file.h"
#include "ipc/wakeup.h"
#include "tests/process/ipc_child.h"
#include "tests/unit/ipc/scratch.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {

[[noreturn]] void run_driver(const std::string& directory, const Shared& shared) {
  auto state = attach_state({directory + "/state", false, true});
  if (!state) _exit(4);
  const std::uint64_t generation = state.value().view.header->prefix.generation.load_relaxed();
  auto connection = connect_agent(directory + "/agent.sock", generation, 20'000'000'000);
  if (!connection) _exit(5);
  CommandProducer producer(connection.value().queue.region.bytes(), state.value().view,
                           connection.value().queue.epoch);
  for (std::uint64_t n = 1;; ++n) {
    const std::vector<std::uint64_t> ids(n % 700, n);
    while (producer.post(wire::ConfirmDelete{ids}).status != CommandProducer::Posted::Status::ok) {
      producer.flush();
      while (producer.take_result()) {
      }
    }
    if (n % 3 == 0) producer.flush();
    shared[1].store_release(n);
  }
}

}  // namespace

TEST(DriverDeath, C13_I6_two_hundred_kills_no_torn_command_no_block_and_the_next_driver_attaches) {
  Scratch scratch;
  Shared shared;
  auto file = StateFile::create({.directory = scratch.path, .capacity = 64});
  ASSERT_TRUE(file.ok()) << file.failure().text;
  ASSERT_FALSE(file.value().publish().has_value());
  SnapshotWriter writer(file.value().view());
  auto door = AgentDoor::open({.path = scratch.path + "/agent.sock", .generation = writer.generation()});
  ASSERT_TRUE(door.ok()) << door.failure().text;
  for (std::uint64_t round = 1; round <= 200; ++round) {
    Random random{round * 0x9E3779B97F4A7C15ull};
    shared[1].store_release(0);
    Child driver([&] { run_driver(scratch.path, shared); });
    const auto next_event = [&] {
      for (;;) {
        pollfd entry{door.value().fd(), POLLIN, 0};
        poll(&entry, 1, -1);
        const auto events = door.value().service(0);
        if (!events.empty()) return events.front();
      }
    };
    const DoorEvent attached = next_event();
    ASSERT_EQ(attached.kind, DoorEvent::Kind::attached) << round << attached.text;
    ASSERT_EQ(attached.epoch, round);
    CommandConsumer consumer(door.value().queue()->region.bytes(), file.value().view(), attached.epoch);
    std::uint64_t next = 1;
    std::vector<Drained> out;
    const auto drain = [&] {
      out.clear();
      consumer.drain(64, out);
      ASSERT_TRUE(consumer.breach().empty()) << round << ": " << consumer.breach();
      for (const Drained& c : out) {
        ASSERT_EQ(c.id, next) << round;
        ASSERT_EQ(c.body, wire::Body(wire::ConfirmDelete{std::vector<std::uint64_t>(next % 700, next)}))
            << round;
        writer.result(attached.epoch, c.id, 1, "");
        ++next;
      }
      writer.commit();
    };
    const std::uint64_t until = 1 + random.below(400);
    while (shared[1].load_acquire() < until) {
      drain();
      if (HasFatalFailure()) return;
    }
    driver.signal(SIGKILL);
    const DoorEvent gone = next_event();
    EXPECT_EQ(gone.kind, DoorEvent::Kind::gone);
    driver.wait();
    do {
      drain();
      if (HasFatalFailure()) return;
    } while (!out.empty());
    door.value().release();
  }
}
