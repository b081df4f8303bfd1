#include "agent/core/allocator.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/core/values.h"

namespace outrigger::core {
namespace {

using test::at;
using test::deleting;
using test::ended;
using test::moment;
using test::nonce;
using test::pod;
using test::running;
using test::uid;
using test::World;

WaitReason reason(const Actions& actions, std::uint32_t profile = 0) {
  return actions.waits.at(ProfileId{profile}).reason;
}

TEST(Allocator, creates_what_the_target_lacks_with_the_next_ids) {
  World world;
  world.target(3);
  const Actions actions = world.step(moment());
  ASSERT_EQ(actions.creates.size(), 3u);
  EXPECT_EQ(actions.creates[0], (CreateOrder{ExecutorId{1}, ProfileId{0}}));
  EXPECT_EQ(actions.creates[2].id, ExecutorId{3});
  EXPECT_EQ(world.books.expected.count(ProfileId{0}), 3u);
  EXPECT_TRUE(world.step(moment()).idle());
}

TEST(Allocator, S7_what_is_in_flight_or_answered_or_lost_is_not_created_again) {
  World world;
  world.target(3);
  world.step(moment());
  world.books.expected.answered(ExecutorId{1}, uid(1), 500, at(1));
  world.books.expected.lost(ExecutorId{2}, at(1));
  EXPECT_TRUE(world.step(moment()).idle());
  world.see(PodEvent(PodInit{}));
  world.see(PodEvent(PodInitDone{499}));
  EXPECT_TRUE(world.step(moment()).idle()) << "an older list has none of them";
  world.books.expected.settled(ExecutorId{2});
  EXPECT_EQ(world.step(moment()).creates.size(), 1u);
}

TEST(Allocator, S8_an_id_is_never_created_twice) {
  World world;
  world.target(1);
  std::set<ExecutorId> used;
  for (int i = 0; i < 20; ++i) {
    const Actions actions = world.step(moment());
    ASSERT_EQ(actions.creates.size(), 1u);
    EXPECT_TRUE(used.insert(actions.creates[0].id).second);
    world.land(actions);
    world.lose(ended(pod(actions.creates[0].id.value), 1, ++world.version));
  }
}

TEST(Allocator, S8_pods_of_another_driver_are_deleted_and_their_names_skipped) {
  World world;
  world.target(2);
  Pod foreign = running(pod(1), 50);
  foreign.nonce = "older-driver";
  world.see(foreign);
  const Actions actions = world.step(moment());
  ASSERT_EQ(actions.deletes.size(), 1u);
  EXPECT_EQ(actions.deletes[0].why, DeleteWhy::foreign);
  EXPECT_EQ(actions.deletes[0].uid, uid(1));
  EXPECT_EQ(actions.skipped_ids, std::vector<ExecutorId>{ExecutorId{1}});
  ASSERT_EQ(actions.creates.size(), 2u);
  EXPECT_EQ(actions.creates[0].id, ExecutorId{2});
  EXPECT_TRUE(world.step(moment()).idle());
}

TEST(Allocator, C22_a_pod_that_another_owner_has_is_never_deleted) {
  World world;
  world.target(0);
  Pod theirs = ended(pod(1), 1, 50);
  theirs.nonce = "older-driver";
  theirs.owner_uid = PodUid{{1, 2}};
  world.see(theirs);
  EXPECT_TRUE(world.step(moment()).idle());
  Moment client = moment();
  client.owner_uid = {};
  EXPECT_EQ(decide(world.books, client).deletes.size(), 1u) << "client mode goes by application and nonce";
  client.application_id = "another";
  EXPECT_TRUE(decide(world.books, client).idle());
}

TEST(Allocator, C21_nothing_happens_before_resync_end) {
  World world;
  world.see(ended(pod(1), 1, 50));
  world.books.desired.resync_begin();
  world.target(5);
  const Actions actions = decide(world.books, moment());
  EXPECT_TRUE(actions.idle());
  EXPECT_EQ(reason(actions), WaitReason::no_driver);
  Moment resyncing = moment();
  resyncing.session = SessionState::resyncing;
  world.books.desired.resync_end();
  EXPECT_TRUE(decide(world.books, resyncing).idle());
  EXPECT_FALSE(decide(world.books, moment()).idle());
}

TEST(Allocator, C21_a_profile_that_was_not_posted_is_left_alone) {
  World world;
  world.target(1, 1);
  world.see(pod(1, 50, 0));
  const Actions actions = world.step(moment(1'000'000));
  EXPECT_EQ(actions.creates.size(), 1u);
  EXPECT_TRUE(actions.proposals.empty());
}

TEST(Allocator, nothing_happens_before_the_first_list_is_complete) {
  Books books;
  books.desired.resync_begin();
  books.desired.apply(SetTarget{ProfileId{0}, 1});
  books.desired.resync_end();
  EXPECT_EQ(reason(decide(books, moment())), WaitReason::not_synced);
}

TEST(Allocator, S9_surplus_is_proposed_and_deleted_only_when_confirmed_and_still_pending) {
  World world;
  world.target(3);
  world.land(world.step(moment()));
  world.target(1);
  Actions actions = world.step(moment(60'000));
  EXPECT_EQ(actions.proposals, (std::vector<ExecutorId>{ExecutorId{3}, ExecutorId{2}}));
  EXPECT_TRUE(actions.deletes.empty());
  EXPECT_EQ(reason(actions), WaitReason::confirming);
  EXPECT_TRUE(world.step(moment(60'000)).idle());

  world.see(running(pod(3), ++world.version), 60'001);
  world.books.desired.apply(ConfirmDelete{{ExecutorId{2}, ExecutorId{3}}});
  actions = world.step(moment(60'002));
  ASSERT_EQ(actions.deletes.size(), 1u);
  EXPECT_EQ(actions.deletes[0].id, ExecutorId{2});
  EXPECT_EQ(actions.deletes[0].why, DeleteWhy::confirmed);
  EXPECT_EQ(actions.deletes[0].uid, uid(2));
  EXPECT_NE(actions.deletes[0].resource_version, 0u) << "it must still be as it was seen";
  EXPECT_EQ(actions.dropped, std::vector<ExecutorId>{ExecutorId{3}});
}

TEST(Allocator, S9_registered_and_running_executors_are_never_proposed) {
  World world;
  world.target(3);
  world.land(world.step(moment()));
  world.see(running(pod(1), ++world.version));
  world.known({ExecutorId{2}});
  world.target(0);
  const Actions actions = world.step(moment(60'000));
  EXPECT_EQ(actions.proposals, std::vector<ExecutorId>{ExecutorId{3}});
}

TEST(Allocator, S9_a_proposal_is_withdrawn_when_it_is_registered_or_wanted_again) {
  World world;
  world.target(3);
  world.land(world.step(moment()));
  world.target(0);
  EXPECT_EQ(world.step(moment(60'000)).proposals.size(), 3u);
  world.known({ExecutorId{1}});
  EXPECT_EQ(world.step(moment(60'001)).withdrawals, std::vector<ExecutorId>{ExecutorId{1}});
  world.target(2);
  EXPECT_EQ(world.step(moment(60'002)).withdrawals, std::vector<ExecutorId>{ExecutorId{2}});
  EXPECT_EQ(world.books.deletes.proposed().size(), 1u);
}

TEST(Allocator, S9_no_more_proposals_stand_than_their_bound) {
  World world;
  world.target(limits::proposals + 5);
  world.land(world.step(moment()));
  world.target(0);
  EXPECT_EQ(world.step(moment(60'000)).proposals.size(), limits::proposals);
  EXPECT_TRUE(world.step(moment(60'000)).idle());
  world.lose(pod(limits::proposals + 5, ++world.version));
  EXPECT_EQ(world.step(moment(60'000)).proposals.size(), 1u);
}

TEST(Allocator, S10_a_target_that_falls_and_rises_within_20_s_keeps_the_pending_pods) {
  World world;
  world.target(500);
  world.land(world.step(moment()));
  world.target(10);
  const Actions low = world.step(moment(10'000));
  EXPECT_TRUE(low.idle());
  EXPECT_EQ(low.wake_at, at(60'000)) << "the first becomes old enough then";
  world.target(500);
  EXPECT_TRUE(world.step(moment(20'000)).idle());
  EXPECT_EQ(world.books.pods.size(), 500u);
}

TEST(Allocator, S10_a_draining_executor_counts_until_it_is_gone) {
  World world;
  world.target(1);
  world.land(world.step(moment()));
  world.see(running(pod(1), ++world.version));
  world.see(deleting(running(pod(1), 0), ++world.version));
  EXPECT_TRUE(world.step(moment()).idle());
  world.lose(pod(1, ++world.version));
  EXPECT_EQ(world.step(moment()).creates.size(), 1u);
}

TEST(Allocator, S11_pending_pods_are_limited_in_all_and_by_profile) {
  World world;
  AllocationPolicy policy;
  policy.max_pending_pods = 5;
  policy.max_pending_pods_per_profile = 3;
  world.policy(policy);
  world.target(10, 0);
  world.target(10, 1);
  const Actions actions = world.step(moment());
  EXPECT_EQ(world.books.expected.count(ProfileId{0}), 3u);
  EXPECT_EQ(world.books.expected.count(ProfileId{1}), 2u);
  EXPECT_EQ(actions.creates.size(), 5u);
  world.land(actions);
  world.known({ExecutorId{1}});
  const Actions held = world.step(moment());
  EXPECT_TRUE(held.idle()) << "known to the scheduler and still Pending counts as well";
  EXPECT_EQ(reason(held, 0), WaitReason::pending_limit);
  world.see(running(pod(1), ++world.version));
  EXPECT_EQ(world.step(moment()).creates.size(), 1u);
}

TEST(Allocator, S11_pending_slots_are_shared_out_evenly_and_what_is_left_is_used) {
  World world;
  AllocationPolicy policy;
  policy.max_pending_pods = 7;
  world.policy(policy);
  world.target(10, 0);
  world.target(10, 1);
  world.step(moment());
  EXPECT_EQ(world.books.expected.count(ProfileId{0}), 4u) << "one more for the first";
  EXPECT_EQ(world.books.expected.count(ProfileId{1}), 3u);

  World other;
  other.policy(policy);
  other.target(1, 0);
  other.target(10, 1);
  other.step(moment());
  EXPECT_EQ(other.books.expected.count(ProfileId{0}), 1u);
  EXPECT_EQ(other.books.expected.count(ProfileId{1}), 6u);
}

TEST(Allocator, S11_no_id_reaches_the_maximum) {
  World world;
  AllocationPolicy policy;
  policy.maximum_id = 4;
  world.policy(policy);
  world.target(10);
  const Actions actions = world.step(moment());
  EXPECT_EQ(actions.creates.size(), 3u);
  EXPECT_EQ(reason(actions), WaitReason::maximum_reached);
  EXPECT_TRUE(world.step(moment()).idle());
}

TEST(Allocator, S11_a_create_that_is_never_seen_is_deleted_after_the_creation_timeout) {
  World world;
  AllocationPolicy policy;
  policy.creation_timeout = Millis(1'000);
  world.policy(policy);
  world.target(1);
  world.step(moment());
  world.books.expected.answered(ExecutorId{1}, uid(1), 500, at(0));
  EXPECT_EQ(world.step(moment(999)).wake_at, at(1'000));
  const Actions actions = world.step(moment(1'000));
  ASSERT_EQ(actions.deletes.size(), 1u);
  EXPECT_EQ(actions.deletes[0].why, DeleteWhy::unseen);
  EXPECT_EQ(actions.deletes[0].name, "app-exec-1");
  EXPECT_TRUE(world.step(moment(1'001)).idle());
}

TEST(Allocator, S11_batches_are_kept_only_when_they_were_set) {
  World world;
  AllocationPolicy policy;
  policy.batch_size = 4;
  policy.batch_delay = Millis(500);
  world.policy(policy);
  world.target(10);
  EXPECT_EQ(world.step(moment(0)).creates.size(), 4u);
  const Actions held = world.step(moment(499));
  EXPECT_TRUE(held.idle());
  EXPECT_EQ(held.wake_at, at(500));
  EXPECT_EQ(world.step(moment(500)).creates.size(), 4u);
  EXPECT_EQ(world.step(moment(1'000)).creates.size(), 2u);
}

TEST(Allocator, S12_no_create_leaves_before_the_driver_is_ready) {
  World world;
  world.target(1);
  Moment early = moment(0);
  early.ready_at = at(5'000);
  const Actions actions = world.step(early);
  EXPECT_TRUE(actions.idle());
  EXPECT_EQ(reason(actions), WaitReason::readiness_gate);
  EXPECT_EQ(actions.wake_at, at(5'000));
}

TEST(Allocator, S13_a_backoff_holds_its_profile_and_says_until_when) {
  World world;
  world.target(1, 0);
  world.target(1, 1);
  ApiError error;
  error.error_class = ApiErrorClass::quota;
  world.books.backoff.failed(ProfileId{0}, error, at(0), at(0), 0);
  const Actions actions = world.step(moment(1));
  EXPECT_EQ(actions.creates.size(), 1u);
  EXPECT_EQ(reason(actions, 0), WaitReason::backoff);
  EXPECT_EQ(actions.waits.at(ProfileId{0}).retry_at, at(1'000));
  EXPECT_EQ(actions.wake_at, at(1'000));
  EXPECT_EQ(world.step(moment(1'000)).creates.size(), 1u);
}

TEST(Allocator, a_closed_gate_holds_every_write) {
  World world;
  world.target(1);
  world.see(ended(pod(50), 1, 50));
  Moment gated = moment(0);
  gated.gate = at(2'000);
  const Actions actions = world.step(gated);
  EXPECT_TRUE(actions.idle());
  EXPECT_EQ(reason(actions), WaitReason::throttled);
  EXPECT_EQ(actions.wake_at, at(2'000));
}

TEST(Allocator, S20_every_final_pod_is_deleted_even_while_a_sidecar_runs) {
  World world;
  world.target(0);
  world.see(ended(pod(1), 1, 50));
  Pod sidecar = running(pod(2), 50);
  sidecar.executor.state = ContainerState::terminated;
  world.see(sidecar);
  const Actions actions = world.step(moment());
  ASSERT_EQ(actions.deletes.size(), 2u);
  EXPECT_EQ(actions.deletes[0].why, DeleteWhy::final);
  EXPECT_TRUE(world.step(moment()).idle());
}

TEST(Allocator, S20_a_final_pod_is_only_labelled_when_it_is_to_be_kept) {
  World world;
  AllocationPolicy policy;
  policy.delete_on_termination = false;
  world.policy(policy);
  world.target(0);
  world.see(ended(pod(1), 1, 50));
  const Actions actions = world.step(moment());
  EXPECT_TRUE(actions.deletes.empty());
  ASSERT_EQ(actions.labels.size(), 1u);
  Pod labelled = ended(pod(1), 1, 51);
  labelled.inactive = true;
  world.see(labelled);
  EXPECT_TRUE(world.step(moment()).idle());
}

TEST(Allocator, a_failed_delete_is_tried_again_when_its_wait_is_over) {
  World world;
  world.target(0);
  world.see(ended(pod(1), 1, 50));
  world.step(moment(0));
  world.books.deletes.failed(uid(1), at(500));
  const Actions waiting = world.step(moment(499));
  EXPECT_TRUE(waiting.idle());
  EXPECT_EQ(waiting.wake_at, at(500));
  EXPECT_EQ(world.step(moment(500)).deletes.size(), 1u);
}

TEST(Allocator, the_driver_s_own_delete_takes_an_executor_in_any_state) {
  World world;
  world.target(1);
  world.land(world.step(moment()));
  world.see(running(pod(1), ++world.version));
  world.books.desired.apply(DeleteExecutors{{ExecutorId{1}, ExecutorId{77}}});
  const Actions actions = world.step(moment());
  ASSERT_EQ(actions.deletes.size(), 1u);
  EXPECT_EQ(actions.deletes[0].why, DeleteWhy::requested);
  EXPECT_EQ(actions.dropped, std::vector<ExecutorId>{ExecutorId{77}});
  EXPECT_TRUE(world.step(moment()).idle());
}

TEST(Allocator, C19_a_surplus_that_landed_late_goes_first_and_without_protection) {
  World world;
  world.target(2);
  world.books.expected.inherited(ExecutorId{900}, ProfileId{0}, at(0));
  const Actions actions = world.step(moment());
  EXPECT_EQ(actions.creates.size(), 1u) << "the unresolved mark counts";
  world.land(actions);
  world.see(pod(900, ++world.version));
  world.target(1);
  EXPECT_EQ(world.step(moment(1)).proposals, std::vector<ExecutorId>{ExecutorId{900}});
}

TEST(Allocator, a_missing_template_holds_its_profile_and_is_asked_for_once) {
  World world(0);
  ASSERT_TRUE(world.books.ids.grant({ExecutorId{1'000'000}, 10}));
  world.target(2);
  const Actions actions = world.step(moment());
  EXPECT_EQ(reason(actions), WaitReason::no_template);
  ASSERT_EQ(actions.templates.size(), 1u);
  EXPECT_EQ(actions.templates[0].second, 7);
  EXPECT_EQ(world.books.templates.wanted(ProfileId{0}), 1u << 7);
  EXPECT_TRUE(world.step(moment()).templates.empty());
}

TEST(Allocator, ids_are_asked_for_when_the_targets_need_more) {
  World world(3);
  world.target(10);
  const Actions actions = world.step(moment());
  EXPECT_EQ(actions.creates.size(), 3u);
  EXPECT_EQ(actions.ids_wanted, 7u);
  EXPECT_EQ(reason(actions), WaitReason::no_ids);
}

TEST(Allocator, no_more_creates_than_there_are_slots_and_profiles_take_turns) {
  World world;
  world.target(100, 0);
  world.target(100, 1);
  Moment narrow = moment();
  narrow.create_slots = 4;
  const Actions actions = world.step(narrow);
  ASSERT_EQ(actions.creates.size(), 4u);
  EXPECT_EQ(world.books.expected.count(ProfileId{1}), 2u);
  EXPECT_EQ(reason(actions), WaitReason::creating);
  narrow.create_slots = 0;
  EXPECT_TRUE(world.step(narrow).idle());
}

TEST(Allocator, S3_a_profile_rendered_by_the_driver_asks_for_each_pod_and_posts_it) {
  World world;
  world.books.templates.refused(ProfileId{0}, 2);
  world.target(2);
  Actions actions = world.step(moment());
  EXPECT_TRUE(actions.creates.empty());
  ASSERT_EQ(actions.wanted.size(), 2u);
  EXPECT_TRUE(world.step(moment()).idle());
  RenderedPod rendered;
  rendered.pod.name = "app-exec-1";
  world.books.templates.put_rendered(ProfileId{0}, ExecutorId{1}, rendered);
  actions = world.step(moment());
  ASSERT_EQ(actions.creates.size(), 1u);
  EXPECT_EQ(actions.creates[0].id, ExecutorId{1});
  EXPECT_TRUE(world.step(moment()).idle());
  world.target(1);
  EXPECT_EQ(world.step(moment()).cancelled, std::vector<ExecutorId>{ExecutorId{2}});
  EXPECT_EQ(world.books.expected.size(), 1u);
}

TEST(Allocator, a_draining_session_creates_and_deletes_nothing_by_itself) {
  World world;
  world.target(5);
  world.see(ended(pod(1), 1, 50));
  Moment m = moment();
  m.session = SessionState::draining;
  const Actions actions = decide(world.books, m);
  EXPECT_TRUE(actions.idle());
  EXPECT_EQ(reason(actions), WaitReason::draining);
}

TEST(Allocator, S7_what_vanished_unseen_is_reported_once_and_replaced) {
  World world;
  world.target(1);
  world.step(moment());
  world.books.expected.answered(ExecutorId{1}, uid(1), 500, at(0));
  const Observation seen = world.see(PodEvent(PodBookmark{500}));
  ASSERT_EQ(seen.vanished.size(), 1u);
  EXPECT_EQ(seen.vanished[0].id, ExecutorId{1});
  const Actions actions = world.step(moment());
  ASSERT_EQ(actions.creates.size(), 1u);
  EXPECT_EQ(actions.creates[0].id, ExecutorId{2});
}

TEST(Allocator, S7_a_pod_that_was_seen_before_its_answer_has_not_vanished) {
  World world;
  world.target(1);
  world.books.expected.inherited(ExecutorId{900}, ProfileId{0}, at(0), 1);
  world.see(pod(900, 500));
  world.books.expected.answered(ExecutorId{900}, uid(900), 500, at(0));
  EXPECT_TRUE(world.step(moment(10'000'000)).deletes.empty());
  EXPECT_TRUE(world.see(PodEvent(PodBookmark{600})).vanished.empty());
  EXPECT_EQ(world.books.expected.size(), 0u);
}

}  // namespace
}  // namespace outrigger::core
