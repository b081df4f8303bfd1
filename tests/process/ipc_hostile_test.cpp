// A process with the driver's rights that means harm (I7).
#include <gtest/gtest.h>

#include <linux/futex.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>

#include "ipc/agent_socket.h"
#include "ipc/command_consumer.h"
#include "ipc/futex.h"
#include "ipc/snapshot_reader.h"
#include "ipc/snapshot_writer.h"
#include "ipc/socket_packets.h"
#include "ipc/state_file.h"
#include "tests/process/ipc_child.h"
#include "tests/unit/ipc/memory.h"
#include "tests/unit/ipc/scratch.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {

struct Agent {
  explicit Agent(const std::string& directory)
      : file(StateFile::create({.directory = directory, .capacity = 64}).take()),
        writer((file.publish(), file.view())),
        door(AgentDoor::open({.path = directory + "/agent.sock", .generation = writer.generation()}).take()) {
  }
  StateFile file;
  SnapshotWriter writer;
  AgentDoor door;
  const std::uint64_t generation = writer.generation();  // a forked child does not inherit the mapping (C4)
};

}  // namespace

TEST(Hostile, C11_ten_thousand_waiters_on_the_read_only_mapping_cost_a_commit_two_wakes) {
  if (!has_futex_waitv()) GTEST_SKIP() << "needs futex_waitv (Linux 5.16) to have that many waiters";
  constexpr int threads = 80, each = 128, commits = 300;
  Scratch scratch;
  Shared shared;
  Agent agent(scratch.path);
  Child crowd([&] {
    auto attached = attach_state({scratch.path + "/state", false, true});
    if (!attached) _exit(4);
    const Word32& word = attached.value().view.header->prefix.wake_seq;
    std::vector<std::thread> waiters;
    for (int t = 0; t < threads; ++t) {
      waiters.emplace_back([&] {
        struct Entry {
          std::uint64_t value, address;
          std::uint32_t flags, reserved;
        } entries[each];
        for (bool first = true;; first = false) {
          const std::uint32_t value = word.load_acquire();
          for (auto& e : entries) e = {value, reinterpret_cast<std::uintptr_t>(word.futex_address()), 2, 0};
          if (first) __atomic_fetch_add(reinterpret_cast<std::uint64_t*>(&shared[0]), 1, __ATOMIC_RELEASE);
          // Hostile: never passes a wake on.
          if (syscall(449, entries, each, 0, nullptr, 0) >= 0) {
            __atomic_fetch_add(reinterpret_cast<std::uint64_t*>(&shared[1]), 1, __ATOMIC_RELEASE);
          }
        }
      });
    }
    for (;;) pause();
  });
  shared.wait_for(0, threads);
  Word32 flag;  // forged before every commit
  agent.writer.set_waiting_flag(&flag);
  // At least `commits`, and until a waiter was really asleep for one: on a busy machine they may all come too late.
  std::uint64_t made = 0;
  while (made < commits || shared[1].load_acquire() == 0) {
    flag.store_seq_cst(1);
    agent.writer.upsert(pod(1, ++made), {});
    agent.writer.commit();
    std::this_thread::yield();
  }
  EXPECT_EQ(SnapshotReader(agent.file.view()).counter(Counter::reader_wakes), made);
  crowd.signal(SIGKILL);
  crowd.wait();
  EXPECT_GT(shared[1].load_acquire(), 0u);
  EXPECT_LE(shared[1].load_acquire(), made * limits::woken_per_commit);
}

TEST(Hostile, C16_I7_random_bytes_all_over_the_queue_end_in_a_breach_and_the_next_driver_is_served) {
  Scratch scratch;
  Shared shared;
  Agent agent(scratch.path);
  for (std::uint64_t round = 1; round <= 30; ++round) {
    Child driver([&] {
      auto connection = connect_agent(scratch.path + "/agent.sock", agent.generation, 20'000'000'000);
      if (!connection) _exit(4);
      const auto bytes = connection.value().queue.region.bytes();
      auto* words = reinterpret_cast<Word64*>(bytes.data());
      Random random{round * 77};
      for (;;) {
        const std::uint64_t value = random();
        // Now and then something that looks right, so that more than the first check is reached.
        words[random.below(bytes.size() / 8)].store_relaxed(value);
        const std::uint64_t index = random.below(limits::queue_slots);
        Word64* slot = words + (queue_slots_offset + index * sizeof(CommandSlot)) / 8;
        slot[0].store_relaxed(random.below(20) == 0 ? value : index + 1);
        slot[1].store_relaxed(connection.value().queue.epoch);
        slot[2].store_relaxed((1 + random.below(14)) | (random.below(4096) * 8) << 32);
        slot[3].store_relaxed(random.below(4096) * 64);
        shared[0].store_release(round);
      }
    });
    while (agent.door.queue() == nullptr) agent.door.service(0);
    CommandConsumer consumer(agent.door.queue()->region.bytes(), agent.file.view(),
                             agent.door.queue()->epoch);
    agent.writer.set_waiting_flag(&agent.door.queue()->header()->reader_waiting);
    shared.wait_for(0, round);
    std::vector<Drained> out;
    for (std::uint64_t n = 1; consumer.breach().empty(); ++n) {
      out.clear();
      ASSERT_LE(consumer.drain(1000, out), limits::drain_commands);
      agent.writer.upsert(pod(1, n), {});
      agent.writer.commit();
    }
    agent.writer.set_waiting_flag(nullptr);
    agent.door.close_session();
    agent.door.release();
    EXPECT_EQ(agent.door.queue(), nullptr);
  }
}

TEST(Hostile, I7_a_flood_of_broken_connections_leaves_the_door_open) {
  Scratch scratch;
  Shared shared;
  Agent agent(scratch.path);
  Child flood([&] {
    const auto address = socket_address(scratch.path + "/agent.sock").value();
    Random random{5};
    std::vector<Fd> open_ones;
    for (std::uint64_t n = 1;; ++n) {
      Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
      char bytes[100];
      for (char& b : bytes) b = static_cast<char>(random());
      if (n % 3 != 0) (void)!send(fd.get(), bytes, random.below(sizeof bytes) + 1, MSG_NOSIGNAL);
      if (n % 5 == 0) open_ones.push_back(std::move(fd));
      if (open_ones.size() > 200) open_ones.clear();
      shared[0].store_release(n);
    }
  });
  while (shared[0].load_acquire() < 3000) {
    agent.door.service(monotonic_ns());
    ASSERT_LE(agent.door.unanswered(), limits::unanswered_connections);
  }
  flood.signal(SIGKILL);
  flood.wait();
  Child driver([&] {
    for (;;) {  // the backlog is still full of the dead
      if (connect_agent(scratch.path + "/agent.sock", agent.generation, 20'000'000'000)) _exit(0);
    }
  });
  while (agent.door.queue() == nullptr) agent.door.service(monotonic_ns());
  EXPECT_EQ(driver.wait(), 0);
}
