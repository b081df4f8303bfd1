#include "ipc/state_file.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>

#include "ipc/liveness.h"
#include "ipc/snapshot_reader.h"
#include "ipc/snapshot_writer.h"
#include "tests/unit/ipc/memory.h"
#include "tests/unit/ipc/scratch.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {

StateOptions in(const Scratch& scratch) {
  StateOptions options;
  options.directory = scratch.path;
  options.capacity = 64;
  return options;
}
unsigned mode_of(const std::string& path) {
  struct stat info{};
  return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}
AttachOptions at(const Scratch& scratch) {
  return {scratch.path + "/state", false, true};
}

}  // namespace

TEST(StateFile, C4_a_state_is_published_whole_and_by_rename) {
  Scratch scratch;
  auto file = StateFile::create(in(scratch));
  ASSERT_TRUE(file.ok()) << file.failure().text;
  EXPECT_EQ(attach_state(at(scratch)).reason(), Reason::no_file);
  SnapshotWriter writer(file.value().view());
  writer.upsert(pod(1), named("exec-1"));
  writer.commit();
  ASSERT_FALSE(file.value().publish().has_value());
  auto attached = attach_state(at(scratch));
  ASSERT_TRUE(attached.ok()) << attached.failure().text;
  SnapshotReader reader(attached.value().view);
  std::vector<Record> table;
  EXPECT_TRUE(reader.read_table(table).consistent);
  ASSERT_EQ(table.size(), 1u);
  EXPECT_EQ(reader.text(table[0])->name, "exec-1");
  EXPECT_EQ(std::filesystem::file_size(scratch.path + "/state"), geometry(64).file_bytes);
}

TEST(StateFile, C4_every_byte_is_reserved_at_creation) {
  Scratch scratch;
  auto file = StateFile::create(in(scratch));
  ASSERT_FALSE(file.value().publish().has_value());
  struct stat info{};
  ASSERT_EQ(stat((scratch.path + "/state").c_str(), &info), 0);
  EXPECT_GE(static_cast<std::size_t>(info.st_blocks) * 512, geometry(64).file_bytes);
}

TEST(StateFile, C2_the_mode_is_as_asked_whatever_the_umask) {
  Scratch scratch;
  const mode_t before = umask(0077);
  auto options = in(scratch);
  auto file = StateFile::create(options);
  ASSERT_FALSE(file.value().publish().has_value());
  EXPECT_EQ(mode_of(scratch.path + "/state"), 0644u);
  options.mode = 0600;
  auto second = StateFile::create(options);
  ASSERT_FALSE(second.value().publish().has_value());
  umask(before);
  EXPECT_EQ(mode_of(scratch.path + "/state"), 0600u);
}

TEST(StateFile, C4_a_capacity_outside_its_bounds_is_refused_by_name) {
  Scratch scratch;
  auto options = in(scratch);
  for (const std::uint32_t capacity : {limits::capacity_min - 1, limits::capacity_max + 1}) {
    options.capacity = capacity;
    auto file = StateFile::create(options);
    EXPECT_EQ(file.reason(), Reason::invalid);
    EXPECT_NE(file.failure().text.find(std::to_string(capacity)), std::string::npos);
  }
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path));
}

TEST(StateFile, C14_a_new_agent_retires_the_old_file_with_two_stores_and_nothing_else) {
  Scratch scratch;
  auto old_file = StateFile::create(in(scratch));
  ASSERT_FALSE(old_file.value().publish().has_value());
  SnapshotWriter old_writer(old_file.value().view());
  old_writer.upsert(pod(1), named("x"));
  old_writer.commit();
  const Fd inode(open((scratch.path + "/state").c_str(), O_RDONLY));
  std::vector<char> before(geometry(64).file_bytes), after(before.size());
  ASSERT_EQ(pread(inode.get(), before.data(), before.size(), 0), static_cast<ssize_t>(before.size()));

  auto new_file = StateFile::create(in(scratch));
  ASSERT_FALSE(new_file.value().publish().has_value());
  EXPECT_TRUE(old_writer.replaced());
  ASSERT_EQ(pread(inode.get(), after.data(), after.size(), 0), static_cast<ssize_t>(after.size()));
  std::vector<std::size_t> changed;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != after[i]) changed.push_back(i);
  }
  EXPECT_EQ(changed, (std::vector<std::size_t>{32, 36})) << "low bytes of retired and wake_seq";
  EXPECT_NE(attach_state(at(scratch)).value().view.header->prefix.generation.load_relaxed(),
            old_writer.generation());
}

TEST(StateFile, C14_a_file_that_was_overtaken_before_it_was_shown_does_not_take_the_name) {
  Scratch scratch;
  auto first = StateFile::create(in(scratch));
  ASSERT_FALSE(first.value().publish().has_value());
  auto late = StateFile::create(in(scratch));
  auto faster = StateFile::create({.directory = scratch.path, .capacity = 64});
  ASSERT_FALSE(faster.value().publish().has_value());
  const auto refused = late.value().publish();
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->reason, Reason::retired);
  EXPECT_EQ(attach_state(at(scratch)).value().view.header->prefix.generation.load_relaxed(),
            faster.value().view().header->prefix.generation.load_relaxed());
  EXPECT_EQ(faster.value().view().header->prefix.retired.load_acquire(), 0u);
}

TEST(StateFile, C14_a_file_of_another_major_version_is_retired_as_well) {
  Scratch scratch;
  auto old_file = StateFile::create(in(scratch));
  ASSERT_FALSE(old_file.value().publish().has_value());
  old_file.value().view().header->prefix.major.store_release(9);
  auto new_file = StateFile::create(in(scratch));
  EXPECT_NE(new_file.value().previous_note().find("9.0"), std::string::npos)
      << new_file.value().previous_note();
  ASSERT_FALSE(new_file.value().publish().has_value());
  EXPECT_EQ(old_file.value().view().header->prefix.retired.load_acquire(), 1u);
}

TEST(StateFile, C15_nothing_of_an_old_generation_is_taken_over_but_the_marks) {
  Scratch scratch;
  auto old_file = StateFile::create(in(scratch));
  SnapshotWriter old_writer(old_file.value().view());
  old_writer.upsert(pod(1), named("x"));
  old_writer.commit();
  ASSERT_FALSE(old_file.value().publish().has_value());
  auto new_file = StateFile::create(in(scratch));
  SnapshotReader reader(new_file.value().view());
  std::vector<Record> table;
  reader.read_table(table);
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(reader.applied(), 0u);
}

TEST(StateFile, C19_in_flight_marks_outlive_two_crashes) {
  Scratch scratch;
  {
    auto first = StateFile::create(in(scratch));
    SnapshotWriter writer(first.value().view());
    EXPECT_TRUE(writer.mark_in_flight(7, 2, 99));
    EXPECT_TRUE(writer.mark_in_flight(8, 2, 99));
    writer.clear_in_flight(8);
    ASSERT_FALSE(first.value().publish().has_value());
  }
  {
    ASSERT_FALSE(StateFile::create(in(scratch)).value().publish().has_value());
  }  // dies before it resolves them
  auto third = StateFile::create(in(scratch));
  EXPECT_EQ(third.value().inherited(), (std::vector<InFlight>{{7, 2, 99}}));
  SnapshotWriter writer(third.value().view());
  writer.clear_in_flight(7);
  EXPECT_TRUE(read_marks(third.value().view()).empty());
}

TEST(StateFile, C2_names_are_never_followed_through_symlinks) {
  Scratch scratch;
  const std::string victim = scratch.path + "/victim";
  {
    const Fd made(open(victim.c_str(), O_CREAT | O_RDWR, 0600));
  }
  ASSERT_EQ(symlink(victim.c_str(), (scratch.path + "/state").c_str()), 0);
  EXPECT_EQ(attach_state(at(scratch)).reason(), Reason::no_file);
  auto file = StateFile::create(in(scratch));
  EXPECT_FALSE(file.value().previous_note().empty());
  ASSERT_FALSE(file.value().publish().has_value());
  EXPECT_EQ(std::filesystem::file_size(victim), 0u);
  EXPECT_FALSE(std::filesystem::is_symlink(scratch.path + "/state"));
}

TEST(StateFile, C2_a_fifo_or_a_directory_in_the_place_of_state_does_not_block) {
  Scratch scratch;
  ASSERT_EQ(mkfifo((scratch.path + "/state").c_str(), 0600), 0);
  EXPECT_EQ(attach_state(at(scratch)).reason(), Reason::no_file);
  unlink((scratch.path + "/state").c_str());
  std::filesystem::create_directory(scratch.path + "/state");
  EXPECT_EQ(attach_state(at(scratch)).reason(), Reason::no_file);
}

TEST(StateFile, an_unpublished_file_is_removed_and_leftovers_of_a_crash_are_too) {
  Scratch scratch;
  {
    const Fd left(open((scratch.path + "/state.123.tmp").c_str(), O_CREAT | O_RDWR, 0600));
  }
  {
    const Fd other(open((scratch.path + "/notes.tmp").c_str(), O_CREAT | O_RDWR, 0600));
  }
  {
    auto file = StateFile::create(in(scratch));
  }
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path))
    names.push_back(entry.path().filename());
  EXPECT_EQ(names, std::vector<std::string>{"notes.tmp"});
}

TEST(StateFile, C23_a_dead_agents_state_is_stale_for_those_who_ask_and_readable_for_others) {
  Scratch scratch;
  auto file = StateFile::create(in(scratch));
  ASSERT_FALSE(file.value().publish().has_value());
  AttachOptions strict = at(scratch);
  strict.accept_stale = false;
  EXPECT_EQ(attach_state(strict).reason(), Reason::stale);
  EXPECT_TRUE(attach_state(at(scratch)).ok());
  auto holder = LivenessHolder::hold(file.value().view().header->liveness);
  EXPECT_TRUE(attach_state(strict).ok());
}

TEST(StateFile, C13_two_agents_can_not_hold_one_directory) {
  Scratch scratch;
  auto first = AgentLock::acquire(scratch.path);
  ASSERT_TRUE(first.ok());
  auto second = AgentLock::acquire(scratch.path);
  EXPECT_EQ(second.reason(), Reason::locked);
  EXPECT_NE(second.failure().text.find(scratch.path), std::string::npos);
  {
    AgentLock gone = first.take();
  }
  EXPECT_TRUE(AgentLock::acquire(scratch.path).ok());
}

TEST(StateFile, a_missing_directory_is_named) {
  auto file = StateFile::create({.directory = "/nonexistent/outrigger"});
  EXPECT_EQ(file.reason(), Reason::system);
  EXPECT_NE(file.failure().text.find("/nonexistent/outrigger"), std::string::npos);
}
