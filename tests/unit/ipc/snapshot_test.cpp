#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "ipc/snapshot_reader.h"
#include "ipc/snapshot_writer.h"
#include "tests/unit/ipc/memory.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {

std::vector<Record> table_of(SnapshotReader& reader) {
  std::vector<Record> table;
  reader.read_table(table);
  return table;
}

// A reader that keeps up by poll() and resyncs when it is told to.
struct Follower {
  explicit Follower(const StateView& view) : reader(view) {}
  void start() {
    const auto r = reader.resync([this](const Record& record) { table[record.slot()] = record; });
    cursor = r.cursor;
    consistent = r.consistent;
  }
  void follow() {
    std::vector<Record> changes(7);
    for (;;) {
      const auto p = reader.poll(cursor, changes);
      for (std::size_t i = 0; i < p.count; ++i) table[changes[i].slot()] = changes[i];
      if (p.lapped) {
        ++resyncs;
        start();
      } else if (p.count == 0) {
        return;
      }
    }
  }
  SnapshotReader reader;
  std::map<std::uint32_t, Record> table;
  Cursor cursor;
  bool consistent = true;
  int resyncs = 0;
};

}  // namespace

TEST(Snapshot, C6_a_change_is_in_the_ring_and_in_its_slot_and_applied_moves_at_commit) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  SnapshotReader reader(state.view);
  const auto slot = writer.upsert(pod(1, 42), named("exec-1"));
  ASSERT_TRUE(slot.has_value());
  EXPECT_EQ(reader.applied(), 0u);
  writer.commit();
  EXPECT_EQ(reader.applied(), 1u);
  Cursor cursor{reader.generation(), 0};
  Record change;
  EXPECT_EQ(reader.poll(cursor, {&change, 1}).count, 1u);
  EXPECT_EQ(unpack_pod(change), pod(1, 42));
  EXPECT_EQ(change.sequence(), 1u);
  const auto in_slot = reader.slot(*slot);
  ASSERT_TRUE(in_slot.has_value());
  EXPECT_EQ(in_slot->words, change.words);
  EXPECT_EQ(reader.text(change)->name, "exec-1");
}

TEST(Snapshot, C6_a_slot_torn_by_a_crash_is_taken_from_the_ring) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  const std::uint32_t slot = writer.upsert(pod(1, 1), {}).value();
  writer.upsert(pod(1, 2), {});
  // As a SIGKILL between the stores of change 2 leaves it: the entry is whole, the slot is not, applied has not moved.
  state.view.slots[slot].words[0].store_relaxed(2 << 1 | 1);
  state.view.slots[slot].words[9].store_relaxed(0xBAD);
  SnapshotReader reader(state.view);
  std::vector<Record> table;
  const auto resync = reader.read_table(table);
  EXPECT_TRUE(resync.consistent);
  EXPECT_EQ(resync.cursor.sequence, 2u);
  ASSERT_EQ(table.size(), 1u);
  EXPECT_EQ(unpack_pod(table[0]).resource_version, 2u);
}

TEST(Snapshot, C6_an_entry_torn_by_a_crash_is_never_given_out) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  writer.upsert(pod(1, 1), {});
  state.view.ring[2].words[0].store_relaxed(2 << 1 | 1);
  SnapshotReader reader(state.view);
  Cursor cursor{reader.generation(), 0};
  Record out[4];
  const auto poll = reader.poll(cursor, out);
  EXPECT_EQ(poll.count, 1u);
  EXPECT_FALSE(poll.lapped);
  EXPECT_TRUE(reader.resync([](const Record&) {}).consistent);
}

TEST(Snapshot, C9_attach_gives_every_record_once_and_the_place_to_go_on) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  for (std::uint64_t id = 1; id <= 10; ++id) writer.upsert(pod(id), {});
  writer.upsert(ProfileRecord{.profile = 3, .target = 10}, {});
  writer.set_control({.session = 2}, {});
  writer.commit();
  SnapshotReader reader(state.view);
  std::vector<Record> table;
  const auto resync = reader.read_table(table);
  EXPECT_EQ(table.size(), 12u);
  EXPECT_EQ(resync.cursor, (Cursor{77, 12}));
  EXPECT_EQ(resync.laps, 1u);
  EXPECT_EQ(unpack_profile(table[10]).target, 10u);
  EXPECT_EQ(unpack_control(table[11]).session, 2u);
  Cursor cursor = resync.cursor;
  Record out[2];
  EXPECT_EQ(reader.poll(cursor, out).count, 0u);
  writer.upsert(pod(11), {});
  EXPECT_EQ(reader.poll(cursor, out).count, 1u);
}

TEST(Snapshot, C9_replay_applies_only_what_is_newer_than_the_slot) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  writer.upsert(pod(1, 1), {});
  writer.upsert(pod(1, 2), {});
  writer.upsert(pod(1, 3), {});  // applied is still 0: the replay starts at 1
  SnapshotReader reader(state.view);
  std::vector<std::uint64_t> versions;
  const auto resync =
      reader.resync([&](const Record& r) { versions.push_back(unpack_pod(r).resource_version); });
  EXPECT_EQ(versions, std::vector<std::uint64_t>{3});
  EXPECT_EQ(resync.cursor.sequence, 3u);
}

TEST(Snapshot, C9_a_lapped_reader_is_told_and_one_resync_brings_it_back) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  Follower late(state.view);
  writer.upsert(pod(1), {});
  late.start();
  for (std::uint64_t i = 0; i < state.view.shape.ring_entries + 5; ++i) writer.upsert(pod(1 + i % 9, i), {});
  late.follow();
  EXPECT_EQ(late.resyncs, 1);
  EXPECT_EQ(late.cursor.sequence, writer.sequence());
}

TEST(Snapshot, C9_a_batch_longer_than_the_ring_can_be_attached_to_although_it_was_never_committed) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  for (std::uint64_t i = 1; i <= 3 * state.view.shape.ring_entries; ++i) writer.upsert(pod(1 + i % 9, i), {});
  SnapshotReader reader(state.view);
  const auto resync = reader.resync([](const Record&) {});
  EXPECT_TRUE(resync.consistent);
  EXPECT_EQ(resync.cursor.sequence, writer.sequence());
}

TEST(Snapshot, C9_a_cursor_of_another_generation_is_lapped) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  writer.upsert(pod(1), {});
  SnapshotReader reader(state.view);
  Cursor cursor{78, 0};
  Record out;
  const auto poll = reader.poll(cursor, {&out, 1});
  EXPECT_TRUE(poll.lapped);
  EXPECT_EQ(poll.count, 0u);
}

TEST(Snapshot, C9_any_history_of_writes_and_late_reads_ends_in_the_writers_table) {
  EXPECT_TRUE(rc::check([] {
    StateMemory state;
    SnapshotWriter writer(state.view);
    Follower follower(state.view);
    const auto steps = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0u, 1000u));
    std::uint64_t version = 0;
    for (const std::uint32_t step : steps) {
      if (step % 10 == 0) writer.commit();
      if (step % 10 == 1) follower.follow();
      if (step == 2) {  // far ahead
        for (int i = 0; i < 100; ++i) writer.upsert(pod(1 + version % 40, version), {}), ++version;
      }
      PodRecord p = pod(1 + step % 40, ++version);
      writer.upsert(step % 3 == 0 ? gone(p) : p, {});
    }
    writer.commit();
    follower.follow();
    SnapshotReader reader(state.view);
    std::vector<Record> fresh = table_of(reader);
    RC_ASSERT(fresh.size() == follower.table.size());
    for (const Record& r : fresh) RC_ASSERT(follower.table.at(r.slot()).words == r.words);
  }));
}

TEST(Snapshot, C5_texts_of_a_slot_that_was_given_away_are_not_shown_for_its_old_record) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  for (std::uint64_t id = 1; id <= 16; ++id) writer.upsert(pod(id), named("old"));
  writer.upsert(gone(pod(1)), named("old"));
  SnapshotReader reader(state.view);
  const Record old = table_of(reader).at(0);
  EXPECT_EQ(reader.text(old)->name, "old");
  ASSERT_EQ(writer.upsert(pod(17), named("new")), 0u);
  EXPECT_FALSE(reader.text(old).has_value());
  EXPECT_EQ(reader.text(table_of(reader).at(0))->name, "new");
}

TEST(Snapshot, C5_texts_are_written_only_when_they_differ) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  const std::uint32_t slot = writer.upsert(pod(1), named("a")).value();
  const auto before = state.view.cold[slot].words[0].load_relaxed();
  writer.upsert(pod(1, 2), named("a"));
  EXPECT_EQ(state.view.cold[slot].words[0].load_relaxed(), before);
  writer.upsert(pod(1, 3), named("b"));
  EXPECT_NE(state.view.cold[slot].words[0].load_relaxed(), before);
}

TEST(Snapshot, history_gives_one_executors_changes_oldest_first_even_of_a_dead_agent) {
  StateMemory state;
  {
    SnapshotWriter writer(state.view);
    for (std::uint64_t version = 1; version <= 5; ++version) {
      writer.upsert(pod(1, version), {});
      writer.upsert(pod(2, version), {});
    }
  }
  SnapshotReader reader(state.view);
  std::vector<std::uint64_t> versions;
  EXPECT_EQ(reader.history(2, [&](const Record& r) { versions.push_back(unpack_pod(r).resource_version); }),
            5u);
  EXPECT_EQ(versions, (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(reader.history(0, [](const Record&) {}), 10u);
  EXPECT_EQ(reader.history(3, [](const Record&) {}), 0u);
}

TEST(Snapshot, C14_a_replaced_agent_writes_nothing_more) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  writer.upsert(pod(1, 1), named("a"));
  writer.mark_in_flight(7, 0, 1);
  writer.commit();
  const std::vector<std::byte> before(state.memory.bytes().begin(), state.memory.bytes().end());
  state.view.header->prefix.retired.store_release(1);
  EXPECT_TRUE(writer.replaced());
  writer.upsert(pod(1, 2), named("b"));
  writer.upsert(pod(2, 2), named("c"));
  writer.result(1, 1, 1, "x");
  writer.commit();
  // The new agent has inherited the marks; a create of its own may be under the same number.
  EXPECT_TRUE(writer.mark_in_flight(8, 0, 1));
  writer.clear_in_flight(7);
  writer.heartbeat(5);
  writer.contact(5);
  writer.count(Counter::commands_drained);
  state.view.header->prefix.retired.store_release(0);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), state.memory.bytes().begin()));
}
