// The staged checks of C23, one after the other, over plain bytes.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "ipc/command_queue_layout.h"
#include "ipc/snapshot_reader.h"
#include "ipc/snapshot_writer.h"
#include "ipc/wakeup.h"
#include "tests/unit/ipc/memory.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {
Reason reason_of(const StateMemory& state, const CheckOptions& options = {}) {
  return check_state(state.memory.bytes(), options).reason();
}
std::string text_of(const StateMemory& state) {
  return check_state(state.memory.bytes(), {}).failure().text;
}
}  // namespace

TEST(Attach, C23_a_good_state_passes) {
  StateMemory state;
  auto checked = check_state(state.memory.bytes(), {});
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(checked.value().shape, geometry(limits::capacity_min));
}

TEST(Attach, C23_too_short_for_a_header_or_for_what_the_header_says) {
  StateMemory state;
  EXPECT_EQ(check_state(state.memory.bytes().first(0), {}).reason(), Reason::too_short);
  EXPECT_EQ(check_state(state.memory.bytes().first(4095), {}).reason(), Reason::too_short);
  EXPECT_EQ(check_state(state.memory.bytes().first(state.view.shape.file_bytes - 1), {}).reason(),
            Reason::too_short);
}

TEST(Attach, C23_wrong_magic) {
  StateMemory state;
  state.view.header->prefix.magic.store_relaxed(state_magic + 1);
  EXPECT_EQ(reason_of(state), Reason::wrong_magic);
}

TEST(Attach, C23_another_major_is_refused_with_both_ranges_named) {
  StateMemory state;
  state.view.header->prefix.major.store_relaxed(2);
  state.view.header->prefix.minor.store_relaxed(3);
  EXPECT_EQ(reason_of(state), Reason::wrong_major);
  EXPECT_NE(text_of(state).find("2.3"), std::string::npos);
  EXPECT_NE(text_of(state).find("1.0 to 1.0"), std::string::npos);
}

TEST(Attach, C23_a_newer_minor_is_accepted) {
  StateMemory state;
  state.view.header->prefix.minor.store_relaxed(7);
  EXPECT_EQ(reason_of(state), Reason::ok);
}

TEST(Attach, C23_another_layout_hash_is_refused) {
  StateMemory state;
  state.view.header->prefix.layout_hash.store_relaxed(layout_hash ^ 1);
  EXPECT_EQ(reason_of(state), Reason::wrong_layout);
}

TEST(Attach, C23_areas_that_do_not_follow_from_the_capacity_are_refused) {
  for (Word64 StateHeader::* field :
       {&StateHeader::capacity, &StateHeader::slots, &StateHeader::ring_entries, &StateHeader::results,
        &StateHeader::marks, &StateHeader::slots_offset, &StateHeader::cold_offset, &StateHeader::ring_offset,
        &StateHeader::results_offset, &StateHeader::marks_offset}) {
    StateMemory state;
    Word64& word = state.view.header->*field;
    word.store_relaxed(word.load_relaxed() + 128);
    EXPECT_EQ(reason_of(state), Reason::wrong_layout);
  }
}

TEST(Attach, C23_not_ready_other_boot_retired_in_that_order) {
  StateMemory state;
  state.view.header->prefix.retired.store_relaxed(1);
  CheckOptions other_boot;
  other_boot.boot_id[0] = 9;
  state.view.header->prefix.file_state.store_relaxed(0);
  EXPECT_EQ(reason_of(state, other_boot), Reason::not_ready);
  mark_ready(state.view);
  EXPECT_EQ(reason_of(state, other_boot), Reason::other_boot);
  EXPECT_EQ(reason_of(state), Reason::retired);
  CheckOptions dead_too;
  dead_too.accept_retired = true;
  EXPECT_EQ(reason_of(state, dead_too), Reason::ok);
}

TEST(Attach, C13_stale_is_dead_or_a_heartbeat_older_than_two_seconds) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  writer.heartbeat(1'000'000'000);
  CheckOptions strict;
  strict.accept_stale = false;
  strict.now_ns = 1'000'000'000 + limits::heartbeat_stale_ns;
  EXPECT_EQ(reason_of(state, strict), Reason::stale) << "nobody holds the word";
  state.view.header->liveness.store_relaxed(1234);
  EXPECT_EQ(reason_of(state, strict), Reason::ok);
  ++strict.now_ns;
  EXPECT_EQ(reason_of(state, strict), Reason::stale);
}

TEST(Attach, C23_a_damaged_state_never_leads_a_reader_outside_it) {
  EXPECT_TRUE(rc::check([] {
    StateMemory state;
    SnapshotWriter writer(state.view);
    for (std::uint64_t id = 1; id <= 10; ++id) writer.upsert(pod(id), named("x"));
    writer.commit();
    auto* words = reinterpret_cast<Word64*>(state.memory.bytes().data());
    const std::size_t count = state.view.shape.file_bytes / 8;
    const auto hits = *rc::gen::container<std::vector<std::pair<std::uint64_t, std::uint64_t>>>(
        rc::gen::arbitrary<std::pair<std::uint64_t, std::uint64_t>>());
    for (const auto& [where, what] : hits) {
      const std::size_t word = 29 + where % (count - 29);  // beyond the fields that check_state() looks at
      words[word].store_relaxed(what);
    }
    auto checked = check_state(state.memory.bytes(), {});
    RC_ASSERT(checked.ok());
    SnapshotReader reader(checked.value());
    std::vector<Record> table;
    Cursor cursor = reader.read_table(table).cursor;
    for (const Record& record : table) {
      RC_ASSERT(record.slot() < checked.value().shape.slots);
      (void)reader.text(record);
    }
    std::vector<Record> out(300);
    const auto poll = reader.poll(cursor, out);
    for (std::size_t i = 0; i < poll.count; ++i) RC_ASSERT(out[i].slot() < checked.value().shape.slots);
    reader.history(0, [](const Record&) {});
  }));
}
