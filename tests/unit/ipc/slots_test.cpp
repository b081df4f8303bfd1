// Which slot a record gets (C8).
#include <gtest/gtest.h>

#include "ipc/snapshot_reader.h"
#include "ipc/snapshot_writer.h"
#include "tests/unit/ipc/memory.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

namespace {
std::uint64_t dropped(const StateView& view) {
  return SnapshotReader(view).counter(Counter::tombstones_dropped);
}
}  // namespace

TEST(Slots, C8_a_free_slot_comes_before_any_tombstone) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  EXPECT_EQ(writer.upsert(gone(pod(1)), {}), 0u);
  for (std::uint64_t id = 2; id <= 16; ++id) EXPECT_EQ(writer.upsert(pod(id), {}), id - 1);
  EXPECT_EQ(writer.upsert(pod(17), {}), 0u);
}

TEST(Slots, C8_then_the_oldest_acknowledged_tombstone) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  for (std::uint64_t id = 1; id <= 16; ++id) writer.upsert(pod(id), {});
  writer.upsert(gone(pod(5)), {});  // 17
  writer.upsert(gone(pod(3)), {});  // 18
  writer.upsert(gone(pod(9)), {});  // 19
  writer.acknowledged(18);
  EXPECT_EQ(writer.upsert(pod(20), {}), 4u);
  EXPECT_EQ(writer.upsert(pod(21), {}), 2u);
  EXPECT_EQ(dropped(state.view), 0u);
}

TEST(Slots, C8_then_the_oldest_tombstone_counted) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  for (std::uint64_t id = 1; id <= 16; ++id) writer.upsert(pod(id), {});
  writer.upsert(gone(pod(5)), {});
  writer.upsert(gone(pod(3)), {});
  EXPECT_EQ(writer.upsert(pod(20), {}), 4u);
  EXPECT_EQ(dropped(state.view), 1u);
}

TEST(Slots, C8_a_table_full_of_living_pods_refuses_and_counts) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  for (std::uint64_t id = 1; id <= 16; ++id) EXPECT_TRUE(writer.upsert(pod(id), {}).has_value());
  EXPECT_FALSE(writer.upsert(pod(17), {}).has_value());
  EXPECT_EQ(SnapshotReader(state.view).counter(Counter::table_full), 1u);
  EXPECT_TRUE(writer.upsert(pod(16, 2), {}).has_value());
}

TEST(Slots, C8_a_tombstone_that_is_published_again_goes_to_the_end_of_the_queue) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  for (std::uint64_t id = 1; id <= 16; ++id) writer.upsert(pod(id), {});
  writer.upsert(gone(pod(5)), {});
  writer.upsert(gone(pod(3)), {});
  writer.upsert(gone(pod(5, 2)), {});
  EXPECT_EQ(writer.upsert(pod(20), {}), 2u);
  EXPECT_EQ(writer.tombstones(), 1u);
  EXPECT_EQ(writer.living(), 15u);
}

TEST(Slots, C8_each_use_of_a_slot_has_its_own_generation) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  SnapshotReader reader(state.view);
  for (std::uint64_t id = 1; id <= 16; ++id) writer.upsert(pod(id), {});
  EXPECT_EQ(reader.slot(0)->slot_generation(), 1u);
  writer.upsert(gone(pod(1)), {});
  writer.upsert(pod(17), {});
  EXPECT_EQ(reader.slot(0)->slot_generation(), 2u);
}

TEST(Slots, C8_an_acknowledgement_beyond_what_was_published_is_cut_to_it) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  for (std::uint64_t id = 1; id <= 16; ++id) writer.upsert(pod(id), {});
  writer.acknowledged(1'000'000);
  writer.upsert(gone(pod(1)), {});
  writer.upsert(pod(17), {});
  EXPECT_EQ(dropped(state.view), 1u);
}

TEST(Slots, a_creating_record_and_its_pod_share_a_slot) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  const auto creating = writer.upsert(pod(1, 0, false), {});
  EXPECT_EQ(writer.upsert(pod(1, 7), {}), creating);
  EXPECT_EQ(writer.upsert(pod(1, 8), {}), creating);
}

TEST(Slots, C20_the_same_executor_with_another_uid_is_another_record) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  const auto first = writer.upsert(pod(1), {});
  PodRecord other = pod(1);
  other.uid = {99, 99};
  EXPECT_NE(writer.upsert(other, {}), first);
  EXPECT_EQ(writer.upsert(gone(pod(1)), {}), first);
}

TEST(Slots, S18_a_final_state_keeps_its_slot_when_the_pod_shows_up_late) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  const auto failed = writer.upsert(gone(pod(1, 0, false)), {});  // create-failed
  EXPECT_NE(writer.upsert(pod(1, 7), {}), failed);
}

TEST(Slots, a_record_that_nothing_identifies_is_refused) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  EXPECT_FALSE(writer.upsert(PodRecord{}, {}).has_value());
}

TEST(Slots, profiles_have_slots_of_their_own_up_to_the_bound) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  for (std::uint32_t n = 0; n < limits::profile_slots; ++n) {
    EXPECT_EQ(writer.upsert(ProfileRecord{.profile = n * 10}, {}), 16 + n);
  }
  EXPECT_EQ(writer.upsert(ProfileRecord{.profile = 10, .target = 4}, {}), 17u);
  EXPECT_FALSE(writer.upsert(ProfileRecord{.profile = 7}, {}).has_value());
}
