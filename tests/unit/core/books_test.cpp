#include <gtest/gtest.h>

#include <string>

#include "agent/core/delete_book.h"
#include "agent/core/expectations.h"
#include "agent/core/id_book.h"
#include "agent/core/in_flight.h"
#include "agent/core/limits.h"
#include "agent/core/resync.h"
#include "tests/unit/core/values.h"

namespace outrigger::core {
namespace {

using test::at;
using test::nonce;
using test::pod;
using test::uid;

TEST(IdBook, C18_ids_come_in_the_order_granted_and_never_twice) {
  IdBook book;
  book.connect("driver-a");
  ASSERT_TRUE(book.grant({ExecutorId{1}, 2}));
  ASSERT_TRUE(book.grant({ExecutorId{10}, 1}));
  EXPECT_EQ(book.left(), 3u);
  EXPECT_EQ(book.take(), ExecutorId{1});
  EXPECT_EQ(book.take(), ExecutorId{2});
  EXPECT_EQ(book.take(), ExecutorId{10});
  EXPECT_FALSE(book.take());
}

TEST(IdBook, C18_a_block_that_overlaps_any_earlier_one_is_refused_whole) {
  IdBook book;
  book.connect("driver-a");
  ASSERT_TRUE(book.grant({ExecutorId{100}, 100}));
  for (const GrantIds block :
       {GrantIds{ExecutorId{100}, 1}, GrantIds{ExecutorId{199}, 1}, GrantIds{ExecutorId{50}, 51},
        GrantIds{ExecutorId{199}, 5}, GrantIds{ExecutorId{1}, 1000}, GrantIds{ExecutorId{150}, 2}}) {
    EXPECT_FALSE(book.grant(block)) << block.first.value;
    EXPECT_EQ(book.left(), 100u);
  }
  EXPECT_TRUE(book.grant({ExecutorId{99}, 1}));
  EXPECT_TRUE(book.grant({ExecutorId{200}, 1}));
}

TEST(IdBook, C18_a_reconnect_retires_what_is_left_and_still_remembers_it) {
  IdBook book;
  book.connect("driver-a");
  ASSERT_TRUE(book.grant({ExecutorId{1}, 100}));
  book.take();
  book.connect("driver-a");
  EXPECT_EQ(book.left(), 0u);
  EXPECT_EQ(book.retired(), 99u);
  EXPECT_FALSE(book.take());
  EXPECT_FALSE(book.grant({ExecutorId{50}, 1}));
  EXPECT_TRUE(book.granted(ExecutorId{50}));
  EXPECT_TRUE(book.grant({ExecutorId{101}, 10}));
}

TEST(IdBook, S8_another_driver_incarnation_counts_its_own_ids) {
  IdBook book;
  book.connect("driver-a");
  ASSERT_TRUE(book.grant({ExecutorId{1}, 100}));
  book.connect("driver-b");
  EXPECT_FALSE(book.granted(ExecutorId{1}));
  EXPECT_TRUE(book.grant({ExecutorId{1}, 100}));
}

TEST(IdBook, blocks_are_bounded_in_size_digits_and_number) {
  IdBook book;
  book.connect("driver-a");
  EXPECT_FALSE(book.grant({ExecutorId{1}, 0}));
  EXPECT_FALSE(book.grant({ExecutorId{0}, 1}));
  EXPECT_FALSE(book.grant({ExecutorId{1}, limits::id_block_size + 1}));
  EXPECT_TRUE(book.grant({ExecutorId{1}, limits::id_block_size}));
  EXPECT_FALSE(book.grant({ExecutorId{~0ull}, 2}));
  EXPECT_FALSE(book.grant({ExecutorId{9'999'999'999ull}, 2}));
  EXPECT_TRUE(book.grant({ExecutorId{9'999'999'999ull}, 1}));
  for (std::size_t i = 2; i < limits::id_blocks; ++i)
    ASSERT_TRUE(book.grant({ExecutorId{1'000'000 + 2 * i}, 1})) << i;
  EXPECT_FALSE(book.grant({ExecutorId{900'000}, 1}));
}

TEST(IdBook, a_cursor_walks_what_is_left_without_taking_it) {
  IdBook book;
  book.connect("driver-a");
  ASSERT_TRUE(book.grant({ExecutorId{1}, 2}));
  ASSERT_TRUE(book.grant({ExecutorId{7}, 1}));
  book.take();
  IdBook::Cursor cursor;
  EXPECT_EQ(book.at(cursor), ExecutorId{2});
  book.advance(cursor);
  EXPECT_EQ(book.at(cursor), ExecutorId{7});
  book.advance(cursor);
  EXPECT_FALSE(book.at(cursor));
  EXPECT_EQ(book.left(), 2u);
}

TEST(Expectations, S7_a_create_counts_from_its_POST_until_its_pod_is_seen) {
  Expectations expected;
  expected.posted(ExecutorId{1}, ProfileId{0}, "app-exec-1", at(0));
  EXPECT_EQ(expected.count(ProfileId{0}), 1u);
  expected.answered(ExecutorId{1}, uid(1), 10, at(1));
  EXPECT_EQ(expected.count(ProfileId{0}), 1u);
  EXPECT_TRUE(expected.seen(pod(1, 10), nonce));
  EXPECT_EQ(expected.count(ProfileId{0}), 0u);
  EXPECT_FALSE(expected.landed_late(ExecutorId{1}));
}

TEST(Expectations, S7_a_pod_seen_before_its_answer_is_not_expected_again) {
  Expectations expected;
  expected.posted(ExecutorId{1}, ProfileId{0}, "app-exec-1", at(0));
  EXPECT_TRUE(expected.seen(pod(1, 10), nonce));
  expected.answered(ExecutorId{1}, uid(1), 10, at(1));
  EXPECT_EQ(expected.size(), 0u);
}

TEST(Expectations, S7_a_lost_answer_counts_until_it_is_settled) {
  Expectations expected;
  expected.posted(ExecutorId{1}, ProfileId{0}, "app-exec-1", at(0));
  expected.lost(ExecutorId{1}, at(1));
  EXPECT_TRUE(expected.complete_as_of(1'000'000).empty());
  EXPECT_EQ(expected.count(ProfileId{0}), 1u);
  expected.settled(ExecutorId{1});
  EXPECT_EQ(expected.count(ProfileId{0}), 0u);
}

TEST(Expectations, S7_an_answered_create_outlives_every_list_that_is_older) {
  Expectations expected;
  expected.posted(ExecutorId{1}, ProfileId{0}, "app-exec-1", at(0));
  expected.answered(ExecutorId{1}, uid(1), 101, at(1));
  EXPECT_TRUE(expected.complete_as_of(100).empty());
  EXPECT_EQ(expected.count(ProfileId{0}), 1u);
  const auto vanished = expected.complete_as_of(101);
  ASSERT_EQ(vanished.size(), 1u);
  EXPECT_EQ(vanished[0].uid, uid(1));
  EXPECT_TRUE(expected.complete_as_of(102).empty());
}

TEST(Expectations, C19_what_a_crash_left_is_late_when_it_lands) {
  Expectations expected;
  expected.inherited(ExecutorId{4}, ProfileId{1}, at(0));
  EXPECT_EQ(expected.count(ProfileId{1}), 1u);
  EXPECT_TRUE(expected.seen(pod(4, 10, 1), nonce));
  EXPECT_TRUE(expected.landed_late(ExecutorId{4}));
}

TEST(Expectations, C19_a_mark_is_settled_by_its_own_driver_s_pod_before_any_hello) {
  Expectations expected;
  expected.inherited(ExecutorId{4}, ProfileId{0}, at(0), nonce_hash(nonce));
  Pod other = pod(4, 10);
  other.nonce = "elsewhere";
  EXPECT_FALSE(expected.seen(other, ""));
  EXPECT_TRUE(expected.seen(pod(4, 10), ""));
}

TEST(Expectations, S8_a_pod_of_another_driver_settles_nothing) {
  Expectations expected;
  expected.posted(ExecutorId{1}, ProfileId{0}, "app-exec-1", at(0));
  Pod other = pod(1, 10);
  other.nonce = "elsewhere";
  EXPECT_FALSE(expected.seen(other, nonce));
  expected.answered(ExecutorId{1}, uid(2), 11, at(1));
  EXPECT_FALSE(expected.seen(pod(1, 12), nonce)) << "another uid than was answered";
}

TEST(Expectations, S8_retired_ones_are_tracked_but_no_longer_counted) {
  Expectations expected;
  expected.posted(ExecutorId{1}, ProfileId{0}, "app-exec-1", at(0));
  expected.wanted(ExecutorId{2}, ProfileId{0}, at(0));
  expected.retire_all();
  EXPECT_EQ(expected.count(ProfileId{0}), 0u);
  EXPECT_EQ(expected.size(), 1u);
  Pod landed = pod(1, 10);
  landed.nonce = "old-nonce";
  EXPECT_TRUE(expected.seen(landed, nonce));
  EXPECT_EQ(expected.size(), 0u);
}

TEST(FlightMarks, C19_no_more_marks_than_there_is_room_for) {
  FlightMarks marks;
  for (std::uint64_t id = 1; id <= limits::creates_in_flight; ++id)
    ASSERT_TRUE(marks.mark({ExecutorId{id}, ProfileId{0}, 1}));
  EXPECT_EQ(marks.free(), 0u);
  EXPECT_FALSE(marks.mark({ExecutorId{999'999}, ProfileId{0}, 1}));
  EXPECT_TRUE(marks.clear(ExecutorId{5}));
  EXPECT_FALSE(marks.clear(ExecutorId{5}));
  EXPECT_TRUE(marks.mark({ExecutorId{999'999}, ProfileId{0}, 1}));
}

TEST(FlightMarks, C19_an_id_is_marked_once) {
  FlightMarks marks;
  EXPECT_TRUE(marks.mark({ExecutorId{1}, ProfileId{0}, 1}));
  EXPECT_FALSE(marks.mark({ExecutorId{1}, ProfileId{0}, 1}));
  EXPECT_FALSE(marks.mark({ExecutorId{0}, ProfileId{0}, 1}));
}

TEST(CrashMarks, C19_are_open_until_each_is_settled_or_the_deadline_is_over) {
  CrashMarks marks({{ExecutorId{3}, ProfileId{0}, 1}, {ExecutorId{0}, ProfileId{0}, 1}}, at(0),
                   Millis(60'000));
  EXPECT_EQ(marks.open().size(), 1u);
  EXPECT_FALSE(marks.expired(at(59'999)));
  EXPECT_TRUE(marks.expired(at(60'000)));
  EXPECT_TRUE(marks.settle(ExecutorId{3}));
  EXPECT_FALSE(marks.settle(ExecutorId{3}));
}

TEST(NonceHash, tells_nonces_apart) {
  EXPECT_NE(nonce_hash("nonce0001"), nonce_hash("nonce0002"));
  EXPECT_EQ(nonce_hash(""), 0xCBF29CE484222325ull);
}

TEST(Desired, C21_nothing_is_in_force_between_the_marks_and_a_missing_profile_is_unknown) {
  Desired desired;
  desired.apply(SetTarget{ProfileId{0}, 5});
  desired.apply(KnownDelta{true, {ExecutorId{1}}, {}});
  desired.resync_begin();
  EXPECT_FALSE(desired.in_force());
  EXPECT_FALSE(desired.target(ProfileId{0}));
  EXPECT_TRUE(desired.known(ExecutorId{99})) << "nobody's absence proves anything";
  desired.resync_end();
  EXPECT_TRUE(desired.in_force());
  EXPECT_TRUE(desired.known(ExecutorId{99}));
}

TEST(Desired, known_ids_change_by_deltas_after_a_full_list) {
  Desired desired;
  desired.apply(KnownDelta{true, {ExecutorId{1}, ExecutorId{2}}, {}});
  desired.apply(KnownDelta{false, {ExecutorId{3}}, {ExecutorId{1}}});
  EXPECT_FALSE(desired.known(ExecutorId{1}));
  EXPECT_TRUE(desired.known(ExecutorId{2}));
  EXPECT_TRUE(desired.known(ExecutorId{3}));
}

TEST(Desired, bounds_hold_at_the_edge_and_past_it) {
  Desired desired;
  EXPECT_TRUE(desired.apply(SetTarget{ProfileId{0}, limits::target_executors}).ok());
  EXPECT_EQ(desired.apply(SetTarget{ProfileId{0}, limits::target_executors + 1}).verdict,
            Verdict::refused_limit);
  for (std::uint32_t p = 1; p < limits::profiles; ++p)
    ASSERT_TRUE(desired.apply(SetTarget{ProfileId{p}, 1}).ok());
  EXPECT_EQ(desired.apply(SetTarget{ProfileId{1000}, 1}).verdict, Verdict::refused_limit);
  EXPECT_TRUE(desired.apply(SetTarget{ProfileId{3}, 2}).ok()) << "a profile that is there can change";
  KnownDelta full{true, {}, {}};
  for (std::uint64_t id = 1; id <= limits::known_ids; ++id) full.added.push_back(ExecutorId{id});
  EXPECT_TRUE(desired.apply(full).ok());
  EXPECT_EQ(desired.apply(KnownDelta{false, {ExecutorId{limits::known_ids + 1}}, {}}).verdict,
            Verdict::refused_limit);
  EXPECT_TRUE(desired.apply(KnownDelta{false, {ExecutorId{1}}, {}}).ok()) << "known already";
  EXPECT_EQ(desired.apply(KnownDelta{false, {ExecutorId{0}}, {}}).verdict, Verdict::refused_malformed);
}

TEST(Desired, ids_to_delete_are_bounded_in_one_command_and_in_all) {
  std::vector<ExecutorId> ids;
  for (std::uint64_t id = 1; id <= limits::known_ids; ++id) ids.push_back(ExecutorId{id});
  Desired desired;
  EXPECT_TRUE(desired.apply(ConfirmDelete{ids}).ok());
  EXPECT_TRUE(desired.apply(DeleteExecutors{ids}).ok());
  EXPECT_EQ(desired.apply(ConfirmDelete{{ExecutorId{1}}}).verdict, Verdict::refused_limit);
  EXPECT_EQ(desired.apply(DeleteExecutors{{ExecutorId{1}}}).verdict, Verdict::refused_limit);
  ids.push_back(ExecutorId{1});
  Desired fresh;
  EXPECT_EQ(fresh.apply(ConfirmDelete{ids}).verdict, Verdict::refused_limit);
}

TEST(Desired, a_policy_that_could_never_create_is_refused) {
  Desired desired;
  AllocationPolicy policy;
  policy.max_pending_pods = 0;
  EXPECT_EQ(desired.apply(policy).verdict, Verdict::refused_malformed);
  policy = {};
  policy.idle_timeout = Millis(-1);
  EXPECT_EQ(desired.apply(policy).verdict, Verdict::refused_malformed);
  EXPECT_EQ(desired.policy(), AllocationPolicy{});
}

TEST(DeleteBook, what_was_sent_is_not_sent_again_until_its_answer_says_so) {
  DeleteBook book;
  EXPECT_TRUE(book.may_send(uid(1), at(0)));
  book.sent(uid(1));
  EXPECT_FALSE(book.may_send(uid(1), at(0)));
  EXPECT_EQ(book.in_flight_count(), 1u);
  book.failed(uid(1), at(100));
  EXPECT_EQ(book.in_flight_count(), 0u);
  EXPECT_FALSE(book.may_send(uid(1), at(99)));
  EXPECT_TRUE(book.may_send(uid(1), at(100)));
  book.sent(uid(1));
  book.accepted(uid(1));
  EXPECT_FALSE(book.may_send(uid(1), at(1'000'000)));
  EXPECT_EQ(book.attempts(uid(1)), 1u);
  book.sent(uid(2));
  book.forget(uid(2));
  EXPECT_EQ(book.in_flight_count(), 0u);
}

}  // namespace
}  // namespace outrigger::core
