// The volume as Kubernetes mounts it: a tmpfs with a size, read-only for the driver (C1, C4, I11). Needs root for mounts.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <cerrno>
#include <filesystem>
#include <optional>

#include "ipc/agent_socket.h"
#include "ipc/snapshot_reader.h"
#include "ipc/snapshot_writer.h"
#include "ipc/state_file.h"
#include "ipc/wakeup.h"
#include "tests/process/ipc_child.h"
#include "tests/unit/ipc/memory.h"
#include "tests/unit/ipc/scratch.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {

// Runs `check` in a child with a mount namespace of its own and a tmpfs of `size` on `directory`. Its result: 0 = held,
// 77 = no namespace here, anything else = the number of the line that failed.
template <class Check>
int with_tmpfs(const std::string& directory, const char* size, const Check& check) {
  Child child([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      _exit(77);
    if (mount("tmpfs", directory.c_str(), "tmpfs", 0, size) != 0) _exit(77);
    _exit(check());
  });
  const int status = child.wait();
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define HOLD(condition) \
  if (!(condition)) return __LINE__ % 200 + 1

}  // namespace

TEST(Volume, C4_I11_a_tmpfs_that_is_too_small_is_an_error_at_creation_with_both_sizes_and_leaves_nothing) {
  Scratch scratch;
  const int held = with_tmpfs(scratch.path, "size=2m", [&] {
    auto file = StateFile::create({.directory = scratch.path});
    HOLD(file.reason() == Reason::no_space);
    HOLD(file.failure().text.find(scratch.path + " has 2.0 MiB free") != std::string::npos);
    HOLD(file.failure().text.find("sizeLimit") != std::string::npos);
    HOLD(std::filesystem::is_empty(scratch.path));
    HOLD(StateFile::create({.directory = scratch.path, .capacity = 64}).ok());  // a smaller one fits
    return 0;
  });
  if (held == 77) GTEST_SKIP() << "no mount namespace here (needs root)";
  EXPECT_EQ(held, 0);
}

TEST(Volume, C4_a_volume_of_twice_the_file_holds_two_generations_and_a_third_after_the_first_is_unmapped) {
  Scratch scratch;
  const std::string size = "size=" + std::to_string(2 * geometry(4096).file_bytes / 1024 + 64) + "k";
  const int held = with_tmpfs(scratch.path, size.c_str(), [&] {
    std::optional<AttachedState> reader;
    {
      auto first = StateFile::create({.directory = scratch.path});
      HOLD(first.ok() && !first.value().publish());
      reader = attach_state({scratch.path + "/state", true, true}).take();
    }
    {
      auto second = StateFile::create({.directory = scratch.path});
      HOLD(second.ok() && !second.value().publish());
      HOLD(StateFile::create({.directory = scratch.path}).reason() == Reason::no_space);
    }
    reader.reset();
    auto third = StateFile::create({.directory = scratch.path});
    HOLD(third.ok() && !third.value().publish());
    return 0;
  });
  if (held == 77) GTEST_SKIP() << "no mount namespace here (needs root)";
  EXPECT_EQ(held, 0);
}

TEST(Volume, C1_through_a_read_only_mount_the_driver_reads_sleeps_and_connects_and_can_change_nothing) {
  Scratch agent_side, driver_side;
  const int held = with_tmpfs(agent_side.path, "size=32m", [&] {
    auto file = StateFile::create({.directory = agent_side.path, .capacity = 64});
    HOLD(file.ok() && !file.value().publish());
    SnapshotWriter writer(file.value().view());
    auto door = AgentDoor::open({.path = agent_side.path + "/agent.sock", .generation = writer.generation()});
    HOLD(door.ok());
    HOLD(mount(agent_side.path.c_str(), driver_side.path.c_str(), nullptr, MS_BIND, nullptr) == 0);
    HOLD(mount(nullptr, driver_side.path.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) == 0);
    const std::string state = driver_side.path + "/state";
    HOLD(open(state.c_str(), O_RDWR) < 0 && errno == EROFS);
    HOLD(unlink(state.c_str()) < 0 && errno == EROFS);
    HOLD(open((driver_side.path + "/other").c_str(), O_CREAT | O_RDWR, 0600) < 0 && errno == EROFS);
    HOLD(truncate(state.c_str(), 0) < 0 && errno == EROFS);
    const std::uint64_t generation = writer.generation();  // a forked child does not inherit the mapping (C4)
    Child driver([&] {
      auto attached = attach_state({state, false, true});
      if (!attached) _exit(10);
      auto connection = connect_agent(driver_side.path + "/agent.sock", generation, 20'000'000'000);
      if (!connection) _exit(11);
      ReaderWait wait(attached.value().view, &connection.value().queue.header()->reader_waiting);
      if (wait.wait({0, 0, false}, {-1, 0}) != Woken::changes) _exit(12);
    });
    while (door.value().queue() == nullptr) door.value().service(0);
    Word32& flag = door.value().queue()->header()->reader_waiting;
    writer.set_waiting_flag(&flag);
    while (flag.load_seq_cst() == 0) sched_yield();
    writer.upsert(pod(1), {});
    writer.commit();
    HOLD(driver.wait() == 0);
    return 0;
  });
  if (held == 77) GTEST_SKIP() << "no mount namespace here (needs root)";
  EXPECT_EQ(held, 0);
}
