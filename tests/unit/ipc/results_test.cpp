#include "ipc/results.h"

#include <gtest/gtest.h>

#include "ipc/snapshot_writer.h"
#include "tests/unit/ipc/memory.h"

using namespace outrigger::ipc;
using namespace outrigger::ipc::test;

TEST(Results, C17_a_verdict_is_readable_at_once_by_epoch_and_id) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  EXPECT_FALSE(read_result(state.view, 5, 9).has_value());
  writer.result(5, 9, 6, "spec.containers[0].env[3]");
  const auto result = read_result(state.view, 5, 9);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->verdict, 6);
  EXPECT_EQ(result->detail, "spec.containers[0].env[3]");
  EXPECT_FALSE(read_result(state.view, 4, 9).has_value());
  EXPECT_FALSE(read_result(state.view, 5, 9 + limits::results).has_value());
}

TEST(Results, C17_the_same_id_of_a_new_epoch_is_another_result) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  writer.result(5, 1, 1, "old");
  const auto word = state.view.results[1].words[0].load_relaxed();
  writer.result(6, 1, 2, "new");
  EXPECT_NE(state.view.results[1].words[0].load_relaxed(), word) << "an equal word would hide a torn read";
  EXPECT_EQ(read_result(state.view, 6, 1)->detail, "new");
  EXPECT_FALSE(read_result(state.view, 5, 1).has_value());
}

TEST(Results, C17_a_result_that_is_being_written_is_not_there_yet) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  writer.result(5, 1, 1, "x");
  state.view.results[1].words[0].store_relaxed(state.view.results[1].words[0].load_relaxed() | 1);
  EXPECT_FALSE(read_result(state.view, 5, 1).has_value());
}

TEST(Results, C17_a_long_detail_is_cut_at_a_character) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  writer.result(1, 1, 1, std::string(limits::detail_bytes, 'x'));
  EXPECT_EQ(read_result(state.view, 1, 1)->detail.size(), limits::detail_bytes);
  std::string almost(limits::detail_bytes - 1, 'x');
  almost += "\xC3\xA9";
  writer.result(1, 2, 1, almost);
  EXPECT_EQ(read_result(state.view, 1, 2)->detail.size(), limits::detail_bytes - 1);
}

TEST(InFlight, C19_marks_are_there_until_cleared_and_bounded) {
  StateMemory state;
  SnapshotWriter writer(state.view);
  for (std::uint64_t id = 1; id <= limits::in_flight_marks; ++id)
    EXPECT_TRUE(writer.mark_in_flight(id, 3, 4));
  EXPECT_TRUE(writer.mark_in_flight(1, 3, 4)) << "marked already";
  EXPECT_FALSE(writer.mark_in_flight(1000, 3, 4));
  writer.clear_in_flight(17);
  writer.clear_in_flight(1000);
  EXPECT_TRUE(writer.mark_in_flight(1000, 3, 4));
}
