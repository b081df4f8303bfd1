// SIGKILL of the agent at random points, again and again (I5).
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <optional>

#include "ipc/liveness.h"
#include "ipc/snapshot_reader.h"
#include "ipc/snapshot_writer.h"
#include "ipc/state_file.h"
#include "ipc/wakeup.h"
#include "tests/process/ipc_child.h"
#include "tests/stress/memory.h"
#include "tests/unit/ipc/scratch.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {

// An agent as a process: takes the lock, publishes a state, then changes and texts and marks until it is killed.
[[noreturn]] void run_agent(const std::string& directory, const Shared& shared) {
  auto lock = AgentLock::acquire(directory);
  auto file = StateFile::create({.directory = directory, .capacity = 64});
  if (!lock || !file) _exit(4);
  SnapshotWriter writer(file.value().view());
  auto holder = LivenessHolder::hold(file.value().view().header->liveness);
  if (!holder || file.value().publish()) _exit(5);
  shared[0].store_release(shared[0].load_relaxed() + 1);
  for (std::uint64_t n = 1;; ++n) {
    PodRecord p = telling(1 + n * 7 % 90, n);
    if (n % 3 == 0) p.flags = flag::gone;
    const std::uint64_t id = 1 + n % 300;
    if (n > 1 && n % 300 != 1) writer.clear_in_flight(id - 1);
    writer.mark_in_flight(id, static_cast<std::uint32_t>(id * 2), id * 3);
    writer.upsert(p, telling_text(n));
    if (n % 4 == 0) writer.commit();
    shared[1].store_release(n);
  }
}

bool torn(const Record& record) {
  PodRecord p = unpack_pod(record);
  p.flags = 0;
  return !whole(p);
}

}  // namespace

TEST(AgentDeath, C13_C14_I5_two_hundred_kills_no_torn_record_no_hang_and_the_next_generation_takes_over) {
  Scratch scratch;
  Shared shared;
  std::optional<AttachedState> old_state;
  for (std::uint64_t round = 1; round <= 200; ++round) {
    Random random{round * 0x9E3779B97F4A7C15ull};
    shared[1].store_release(0);
    Child agent([&] { run_agent(scratch.path, shared); });
    shared.wait_for(0, round);
    if (old_state) {
      // The reader of the dead file learns of the new one.
      ReaderWait wait(old_state->view);
      ASSERT_EQ(wait.wait({~std::uint64_t{0}, 0, false}, {}), Woken::retired) << round;
    }
    auto attached = attach_state({scratch.path + "/state", false, false});
    ASSERT_TRUE(attached.ok()) << round << ": " << attached.failure().text;
    SnapshotReader reader(attached.value().view);
    std::map<std::uint32_t, Record> table;
    const auto see = [&](const Record& r) {
      ASSERT_FALSE(torn(r)) << round;
      table[r.slot()] = r;
      if (const auto text = reader.text(r)) {
        ASSERT_TRUE(whole(*text)) << round;
      }
    };
    Cursor cursor = reader.resync(see).cursor;
    shared.wait_for(1, random.below(3000));
    std::vector<Record> out(50);
    const auto follow = [&] {
      for (;;) {
        const auto poll = reader.poll(cursor, out);
        for (std::size_t i = 0; i < poll.count; ++i) see(out[i]);
        if (poll.lapped) cursor = reader.resync(see).cursor;
        if (!poll.lapped && poll.count == 0) return;
      }
    };
    if (round % 2 == 0) follow();
    agent.signal(SIGKILL);
    // No timeout: hears of changes first, then of the death.
    ReaderWait wait(attached.value().view);
    while (wait.wait({cursor.sequence, 0, true}, {}) == Woken::changes) follow();
    follow();
    EXPECT_FALSE(reader.freshness().alive);
    // What a late joiner makes of the dead file is what the follower has.
    std::map<std::uint32_t, Record> late;
    auto resync = reader.resync([&](const Record& r) { late[r.slot()] = r; });
    ASSERT_TRUE(resync.consistent) << round;
    // A change whose entry was finished and whose slot was not touched yet comes by the ring, for both.
    for (auto poll = reader.poll(resync.cursor, out); poll.count != 0;
         poll = reader.poll(resync.cursor, out)) {
      for (std::size_t i = 0; i < poll.count; ++i) late[out[i].slot()] = out[i];
    }
    ASSERT_EQ(resync.cursor, cursor) << round;
    ASSERT_EQ(late.size(), table.size()) << round;
    for (const auto& [slot, record] : late) ASSERT_EQ(record.words, table.at(slot).words) << round;
    for (const InFlight& mark : read_marks(attached.value().view)) {
      ASSERT_EQ(mark.profile, mark.executor_id * 2) << round;
      ASSERT_EQ(mark.nonce_hash, mark.executor_id * 3) << round;
    }
    agent.wait();
    old_state = attached.take();
  }
}

TEST(AgentDeath, C13_a_reader_asleep_hears_of_the_kill_and_the_lock_is_free) {
  Scratch scratch;
  Shared shared;
  for (int round = 1; round <= 20; ++round) {
    Child agent([&] {
      auto lock = AgentLock::acquire(scratch.path);
      auto file = StateFile::create({.directory = scratch.path, .capacity = 64});
      if (!lock || !file) _exit(4);
      auto holder = LivenessHolder::hold(file.value().view().header->liveness);
      if (file.value().publish()) _exit(5);
      shared[0].store_release(static_cast<std::uint64_t>(round));
      for (;;) pause();
    });
    shared.wait_for(0, static_cast<std::uint64_t>(round));
    auto attached = attach_state({scratch.path + "/state", false, false});
    ASSERT_TRUE(attached.ok()) << attached.failure().text;
    EXPECT_EQ(AgentLock::acquire(scratch.path).reason(), Reason::locked);
    // Asleep before the kill: the killer is a process that waits until this one sleeps in the kernel.
    const pid_t self = getpid();
    Child killer([&] {
      const std::string path = "/proc/" + std::to_string(self) + "/syscall";
      for (;;) {
        FILE* file = std::fopen(path.c_str(), "r");
        long number = -1;
        if (file == nullptr || std::fscanf(file, "%ld", &number) != 1) number = -1;
        if (file != nullptr) std::fclose(file);
        if (number == 449 || number == 202 || file == nullptr) break;  // futex_waitv, futex
        sched_yield();
      }
      agent.signal(SIGKILL);
    });
    ReaderWait wait(attached.value().view);
    EXPECT_EQ(wait.wait({0, 0, true}, {-1, 0}), Woken::agent_dead);
    agent.wait();
    killer.wait();
    EXPECT_TRUE(AgentLock::acquire(scratch.path).ok());
  }
}
