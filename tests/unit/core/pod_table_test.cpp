#include "agent/core/pod_table.h"

#include <gtest/gtest.h>

#include "agent/core/limits.h"
#include "tests/unit/core/values.h"

namespace outrigger::core {
namespace {

using test::at;
using test::deleting;
using test::ended;
using test::nonce;
using test::pod;
using test::running;
using test::uid;

std::vector<PodDelta> apply(PodTable& table, Pod p) {
  return table.apply(PodApplied{std::move(p)}, at(1));
}
std::vector<PodDelta> list(PodTable& table, std::vector<Pod> pods, std::uint64_t version) {
  table.apply(PodInit{}, at(1));
  for (Pod& p : pods) EXPECT_TRUE(apply(table, std::move(p)).empty());
  return table.apply(PodInitDone{version}, at(1));
}

TEST(PodTable, an_event_that_changes_nothing_gives_no_delta) {
  PodTable table;
  EXPECT_EQ(apply(table, pod(1, 5)).size(), 1u);
  EXPECT_TRUE(apply(table, pod(1, 5)).empty());
}

TEST(PodTable, an_event_older_than_what_is_known_is_ignored) {
  PodTable table;
  apply(table, running(pod(1), 9));
  EXPECT_TRUE(apply(table, pod(1, 8)).empty());
  EXPECT_EQ(table.find(uid(1))->status.state, ExecutorState::running);
}

TEST(PodTable, versions_that_are_no_numbers_are_never_compared) {
  PodTable table;
  apply(table, running(pod(1), 9));
  EXPECT_EQ(apply(table, pod(1, 0)).size(), 1u);
}

TEST(PodTable, C20_a_name_with_another_uid_is_deleted_and_added) {
  PodTable table;
  apply(table, running(pod(1), 5));
  Pod other = pod(1, 9);
  other.uid = uid(77);
  const auto deltas = apply(table, other);
  ASSERT_EQ(deltas.size(), 2u);
  EXPECT_EQ(deltas[0].kind, DeltaKind::replaced);
  EXPECT_EQ(deltas[0].pod().uid, uid(1));
  EXPECT_EQ(deltas[0].row->status.state, ExecutorState::deleted);
  EXPECT_EQ(deltas[1].kind, DeltaKind::upserted);
  EXPECT_EQ(deltas[1].pod().uid, uid(77));
  EXPECT_EQ(table.size(), 1u);
  EXPECT_TRUE(apply(table, running(pod(1), 6)).empty()) << "the old one does not come back";
}

TEST(PodTable, the_predecessor_of_a_name_in_an_old_list_does_not_replace_its_successor) {
  PodTable table;
  Pod other = pod(1, 9);
  other.uid = uid(77);
  apply(table, other);
  list(table, {pod(1, 4)}, 5);
  EXPECT_EQ(table.find_name("app-exec-1")->pod.uid, uid(77));
}

TEST(PodTable, a_list_is_collected_aside_and_swapped_once) {
  PodTable table;
  apply(table, pod(1, 5));
  EXPECT_FALSE(table.synced());
  table.apply(PodInit{}, at(1));
  apply(table, pod(2, 6));
  EXPECT_EQ(table.find(uid(2)), nullptr);
  EXPECT_NE(table.find(uid(1)), nullptr);
  const auto deltas = table.apply(PodInitDone{10}, at(1));
  ASSERT_EQ(deltas.size(), 2u);
  EXPECT_EQ(deltas[0].kind, DeltaKind::removed);
  EXPECT_EQ(deltas[0].pod().uid, uid(1));
  EXPECT_EQ(deltas[1].pod().uid, uid(2));
  EXPECT_TRUE(table.synced());
  EXPECT_EQ(table.resource_version(), 10u);
}

TEST(PodTable, a_list_that_is_begun_again_forgets_the_first_try) {
  PodTable table;
  table.apply(PodInit{}, at(1));
  apply(table, pod(1, 5));
  EXPECT_EQ(list(table, {pod(2, 6)}, 10).size(), 1u);
  EXPECT_EQ(table.find(uid(1)), nullptr);
}

TEST(PodTable, S7_a_relist_never_removes_a_pod_that_is_newer_than_the_list) {
  PodTable table;
  apply(table, pod(1, 90));
  apply(table, pod(2, 101));
  const auto deltas = list(table, {}, 100);
  ASSERT_EQ(deltas.size(), 1u);
  EXPECT_EQ(deltas[0].pod().uid, uid(1));
  EXPECT_NE(table.find(uid(2)), nullptr);
}

TEST(PodTable, an_older_list_does_not_bring_back_what_was_deleted) {
  PodTable table;
  apply(table, pod(1, 5));
  table.apply(PodDeleted{pod(1, 9)}, at(1));
  EXPECT_TRUE(list(table, {pod(1, 5)}, 7).empty());
  EXPECT_EQ(table.size(), 0u);
}

TEST(PodTable, burials_are_bounded) {
  PodTable table;
  apply(table, pod(1, 5));
  table.apply(PodDeleted{pod(1, 6)}, at(1));
  for (std::uint64_t id = 2; id < limits::buried_uids + 1; ++id) {
    table.apply(PodDeleted{pod(id, 6)}, at(1));
  }
  EXPECT_TRUE(apply(table, pod(1, 7)).empty()) << "at the bound it is still remembered";
  table.apply(PodDeleted{pod(limits::buried_uids + 1, 6)}, at(1));
  EXPECT_EQ(apply(table, pod(1, 7)).size(), 1u) << "past it the oldest is forgotten";
}

TEST(PodTable, S18_the_first_final_state_stays) {
  PodTable table;
  apply(table, ended(pod(1), 1, 5));
  table.deleted_by_us(uid(1));
  apply(table, deleting(ended(pod(1), 137, 6), 7));
  EXPECT_EQ(table.find(uid(1))->status.exit.exit_class, ExitClass::app_error);
  const auto deltas = table.apply(PodDeleted{deleting(ended(pod(1), 137, 6), 8)}, at(2));
  ASSERT_EQ(deltas.size(), 1u);
  EXPECT_EQ(deltas[0].row->status.exit.exit_class, ExitClass::app_error);
  EXPECT_EQ(deltas[0].row->final_at, at(1));
}

TEST(PodTable, our_own_delete_makes_an_end_requested_another_s_external) {
  PodTable table;
  apply(table, running(pod(1), 5));
  apply(table, running(pod(2), 5));
  table.deleted_by_us(uid(1));
  EXPECT_EQ(table.apply(PodDeleted{running(pod(1), 6)}, at(1))[0].row->status.exit.exit_class,
            ExitClass::requested);
  EXPECT_EQ(table.apply(PodDeleted{running(pod(2), 6)}, at(1))[0].row->status.exit.exit_class,
            ExitClass::deleted_external);
}

TEST(PodTable, indexes_and_counts_follow_every_change) {
  PodTable table;
  apply(table, pod(1, 5));
  apply(table, pod(2, 5, 1));
  StateCounts counts = table.counts(nonce, ProfileId{0});
  EXPECT_EQ(counts.pending, 1u);
  EXPECT_EQ(counts.alive, 1u);
  EXPECT_EQ(table.cohort(nonce).profiles.at(ProfileId{0}).pending.size(), 1u);
  apply(table, running(pod(1), 6));
  counts = table.counts(nonce, ProfileId{0});
  EXPECT_EQ(counts.pending, 0u);
  EXPECT_EQ(counts.running, 1u);
  EXPECT_TRUE(table.cohort(nonce).profiles.at(ProfileId{0}).pending.empty());
  apply(table, deleting(running(pod(1), 6), 7));
  EXPECT_EQ(table.counts(nonce, ProfileId{0}).terminating, 1u);
  EXPECT_EQ(table.counts(nonce, ProfileId{0}).alive, 1u);
  EXPECT_EQ(table.cohort(nonce).live.size(), 1u);
  apply(table, ended(pod(2, 5, 1), 1, 8));
  EXPECT_EQ(table.cohort(nonce).finished.size(), 1u);
  EXPECT_EQ(table.find(ExecutorId{2})->pod.uid, uid(2));
  EXPECT_EQ(table.find(ExecutorId{2}, "other"), nullptr);
  table.apply(PodDeleted{pod(1, 9)}, at(1));
  table.apply(PodDeleted{pod(2, 9, 1)}, at(1));
  EXPECT_TRUE(table.cohorts().empty());
  EXPECT_EQ(table.find(ExecutorId{1}), nullptr);
  EXPECT_EQ(table.find_name("app-exec-1"), nullptr);
}

TEST(PodTable, a_pod_without_executor_id_is_kept_but_counted_nowhere) {
  PodTable table;
  Pod p = pod(0, 5);
  p.uid = uid(50);
  EXPECT_EQ(apply(table, p).size(), 1u);
  EXPECT_TRUE(table.cohorts().empty());
  EXPECT_EQ(table.size(), 1u);
}

}  // namespace
}  // namespace outrigger::core
