// An agent that was stopped, replaced and resumed (C14), and one in another PID namespace (I14).
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>

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

std::vector<char> bytes_of(int fd) {
  std::vector<char> bytes(geometry(64).file_bytes);
  EXPECT_EQ(pread(fd, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  return bytes;
}

}  // namespace

TEST(Replaced, C14_a_resumed_agent_notices_and_writes_no_change_into_the_dead_file) {
  for (std::uint64_t round = 1; round <= 20; ++round) {
    Scratch scratch;
    Shared shared;
    Child old_agent([&] {
      auto file = StateFile::create({.directory = scratch.path, .capacity = 64});
      if (!file || file.value().publish()) _exit(4);
      SnapshotWriter writer(file.value().view());
      for (std::uint64_t n = 1; !writer.replaced(); ++n) {
        writer.upsert(telling(1 + n % 60, n), telling_text(n));
        writer.commit();
        shared[0].store_release(n);
      }
      for (std::uint64_t n = 1; n <= 100; ++n) {  // an agent that goes on all the same
        writer.upsert(telling(1 + n % 60, n), telling_text(n));
        writer.result(1, n, 1, "late");
        writer.commit();
      }
      shared[1].store_release(1);
    });
    shared.wait_for(0, round * 50);
    const Fd inode(open((scratch.path + "/state").c_str(), O_RDONLY | O_CLOEXEC));
    old_agent.signal(SIGSTOP);
    old_agent.wait_stopped();
    {
      auto next = StateFile::create({.directory = scratch.path, .capacity = 64});
      ASSERT_TRUE(next.ok()) << next.failure().text;
      ASSERT_FALSE(next.value().publish().has_value());
    }
    // It may have been stopped inside one publish, which it finishes: at most one change, and no reader is left there.
    const std::uint64_t before = shared[0].load_acquire();
    old_agent.signal(SIGCONT);
    shared.wait_for(1, 1);
    EXPECT_LE(shared[0].load_acquire(), before + 1);
    const auto after = bytes_of(inode.get());
    std::uint64_t applied = 0;
    std::memcpy(&applied, after.data() + offsetof(StateHeader, applied), 8);
    EXPECT_LE(applied, before + 1);
    EXPECT_EQ(old_agent.wait(), 0);
  }
}

TEST(Replaced, I14_death_is_noticed_across_pid_namespaces) {
  if (geteuid() != 0) GTEST_SKIP() << "a PID namespace needs root";
  Scratch scratch;
  Shared shared;
  Child outer([&] {
    if (unshare(CLONE_NEWPID) != 0) {
      shared[0].store_release(2);
      return;
    }
    Child agent([&] {  // pid 1 of its namespace
      auto lock = AgentLock::acquire(scratch.path);
      auto file = StateFile::create({.directory = scratch.path, .capacity = 64});
      auto holder = LivenessHolder::hold(file.value().view().header->liveness);
      if (!lock || !holder || file.value().publish()) _exit(4);
      shared[0].store_release(1);
      for (;;) pause();
    });
    shared.wait_for(1, 1);
    agent.signal(SIGKILL);
    agent.wait();
  });
  shared.wait_for(0, 1);
  if (shared[0].load_acquire() == 2) GTEST_SKIP() << "this sandbox gives no PID namespace";
  auto attached = attach_state({scratch.path + "/state", false, false});
  ASSERT_TRUE(attached.ok()) << attached.failure().text;
  EXPECT_EQ(AgentLock::acquire(scratch.path).reason(), Reason::locked);
  shared[1].store_release(1);
  ReaderWait wait(attached.value().view);
  EXPECT_EQ(wait.wait({0, 0, true}, {-1, 0}), Woken::agent_dead);
  outer.wait();
  EXPECT_TRUE(AgentLock::acquire(scratch.path).ok());
}
