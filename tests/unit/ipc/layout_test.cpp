#include "ipc/layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ipc/command_queue_layout.h"

using namespace outrigger::ipc;

TEST(Layout, C4_the_ring_is_the_power_of_two_at_or_above_four_times_the_capacity) {
  for (const std::uint32_t capacity : {16u, 17u, 4096u, 4097u, 100'000u, limits::capacity_max}) {
    const Geometry g = geometry(capacity);
    EXPECT_GE(g.ring_entries, 4 * capacity);
    EXPECT_LT(g.ring_entries / 2, 4 * capacity);
    EXPECT_EQ(g.ring_entries & (g.ring_entries - 1), 0u);
  }
}

TEST(Layout, C3_every_area_starts_at_128_bytes_and_none_overlaps) {
  for (const std::uint32_t capacity : {16u, 31u, 4096u, limits::capacity_max}) {
    const Geometry g = geometry(capacity);
    EXPECT_EQ(g.slots_offset, 4096u);
    EXPECT_EQ(g.cold_offset, g.slots_offset + (capacity + 65u) * 128u);
    EXPECT_EQ(g.ring_offset, g.cold_offset + (capacity + 65u) * 512u);
    EXPECT_EQ(g.results_offset, g.ring_offset + std::size_t{g.ring_entries} * 128u);
    EXPECT_EQ(g.marks_offset, g.results_offset + 1024u * 384u);
    EXPECT_GE(g.file_bytes, g.marks_offset + 256u * 32u);
    for (const std::size_t offset :
         {g.slots_offset, g.cold_offset, g.ring_offset, g.results_offset, g.marks_offset}) {
      EXPECT_EQ(offset % 128, 0u);
    }
    EXPECT_EQ(g.file_bytes % 4096, 0u);
  }
}

TEST(Layout, C23_the_layout_hash_changes_with_any_of_its_numbers) {
  EXPECT_NE(detail::hash_values({1, 2, 3}), detail::hash_values({1, 2, 4}));
  EXPECT_NE(detail::hash_values({1, 2}), detail::hash_values({2, 1}));
  EXPECT_NE(detail::hash_values({1}), detail::hash_values({1, 0}));
}

TEST(Layout, C23_the_hash_of_layout_1_0_is_the_one_that_was_released) {
  // Changes only together with layout_minor or layout_major, and with the byte map in ipc/README.md.
  EXPECT_EQ(layout_hash, 0x27F3FCC1C371B66D);
}

TEST(Layout, C14_the_prefix_lies_where_every_major_version_expects_it) {
  EXPECT_EQ(offsetof(StateHeader, prefix), 0u);
  EXPECT_EQ(offsetof(StatePrefix, retired), 32u);
  EXPECT_EQ(offsetof(StatePrefix, wake_seq), 36u);
  EXPECT_EQ(sizeof(StatePrefix), 64u);
}

TEST(Layout, every_counter_has_a_name_of_its_own) {
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(Counter::count_); ++i) {
    names.emplace_back(counter_name(static_cast<Counter>(i)));
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  EXPECT_STREQ(counter_name(Counter::count_), "unknown");
}
