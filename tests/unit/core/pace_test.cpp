#include <gtest/gtest.h>

#include <algorithm>
#include <queue>

#include "agent/core/backoff.h"
#include "agent/core/concurrency.h"
#include "tests/unit/core/values.h"

namespace outrigger::core {
namespace {

using test::at;

ApiError error(ApiErrorClass error_class, std::optional<Millis> retry_after = {}) {
  ApiError e;
  e.error_class = error_class;
  e.retry_after = retry_after;
  return e;
}

TEST(Backoff, the_watch_doubles_from_800_ms_to_30_s_and_jitter_stretches_it) {
  const BackoffRule rule = watch_backoff();
  EXPECT_EQ(backoff_delay(rule, 0, 0), Millis(800));
  EXPECT_EQ(backoff_delay(rule, 1, 0), Millis(1'600));
  EXPECT_EQ(backoff_delay(rule, 5, 0), Millis(25'600));
  EXPECT_EQ(backoff_delay(rule, 6, 0), Millis(30'000));
  EXPECT_EQ(backoff_delay(rule, 0xFFFFFFFF, 0), Millis(30'000));
  const Millis most = backoff_delay(rule, 6, ~0ull);
  EXPECT_GT(most, Millis(59'000));
  EXPECT_LT(most, Millis(60'001));
}

TEST(Backoff, the_watch_starts_over_after_two_quiet_minutes) {
  WatchBackoff watch;
  EXPECT_EQ(watch.failed(at(0), 0), Millis(800));
  EXPECT_EQ(watch.failed(at(1'000), 0), Millis(1'600));
  EXPECT_EQ(watch.failed(at(2'600 + 120'000), 0), Millis(3'200))
      << "two minutes and no more are not over yet";
  EXPECT_EQ(watch.failed(at(600'000), 0), Millis(800));
}

TEST(Backoff, S13_failures_of_one_round_are_all_counted_and_escalate_once) {
  CreateBackoff creates;
  for (int i = 0; i < 16; ++i)
    creates.failed(ProfileId{0}, error(ApiErrorClass::server_error), at(0), at(100 + i), 0);
  EXPECT_EQ(creates.of(ProfileId{0}).failed, 16u);
  EXPECT_EQ(creates.of(ProfileId{0}).attempt, 1u);
  EXPECT_TRUE(creates.holds(ProfileId{0}, at(599)));
  EXPECT_FALSE(creates.holds(ProfileId{0}, at(600)));
  creates.failed(ProfileId{0}, error(ApiErrorClass::server_error), at(600), at(700), 0);
  EXPECT_EQ(creates.of(ProfileId{0}).attempt, 2u);
}

TEST(Backoff, S13_no_class_waits_so_long_that_failures_age_out) {
  for (std::size_t i = 1; i < static_cast<std::size_t>(ApiErrorClass::count_); ++i)
    EXPECT_LE(backoff_delay(create_backoff(static_cast<ApiErrorClass>(i)), 1000, ~0ull), Millis(20'000)) << i;
}

TEST(Backoff, a_success_ends_it_unless_it_left_before_the_failure) {
  CreateBackoff creates;
  creates.failed(ProfileId{0}, error(ApiErrorClass::quota), at(50), at(100), 0);
  creates.created(ProfileId{0}, at(60));
  EXPECT_TRUE(creates.holds(ProfileId{0}, at(200)));
  creates.created(ProfileId{0}, at(1'200));
  EXPECT_FALSE(creates.holds(ProfileId{0}, at(200)));
  EXPECT_EQ(creates.of(ProfileId{0}).created, 2u);
}

TEST(Backoff, profiles_wait_on_their_own) {
  CreateBackoff creates;
  creates.failed(ProfileId{0}, error(ApiErrorClass::invalid), at(0), at(0), 0);
  EXPECT_TRUE(creates.holds(ProfileId{0}, at(1)));
  EXPECT_FALSE(creates.holds(ProfileId{1}, at(1)));
}

TEST(Backoff, terminal_classes_are_those_that_somebody_has_to_change_something_for) {
  EXPECT_TRUE(is_terminal(ApiErrorClass::rbac));
  EXPECT_TRUE(is_terminal(ApiErrorClass::policy));
  EXPECT_FALSE(is_terminal(ApiErrorClass::quota));
  EXPECT_FALSE(is_terminal(ApiErrorClass::transport));
}

// 1,000 creates against a server that answers each after `latency`, and nothing else to do.
Nanos thousand_creates(Concurrency& pace, Nanos latency) {
  struct Flight {
    Instant posted, done;
    bool operator<(const Flight& other) const { return done > other.done; }
  };
  std::priority_queue<Flight> flying;
  Instant now{};
  int left = 1000;
  while (left > 0 || !flying.empty()) {
    while (left > 0 && pace.free(flying.size(), now) > 0) {
      flying.push({now, now + latency});
      --left;
    }
    const Flight next = flying.top();
    flying.pop();
    now = next.done;
    pace.succeeded(now - next.posted, next.posted, now);
  }
  return now - Instant{};
}

TEST(Concurrency, a_thousand_creates_take_at_most_1_3_times_the_ideal_at_any_latency) {
  for (const int ms : {20, 100, 300}) {
    Concurrency pace;
    const Nanos took = thousand_creates(pace, Millis(ms));
    const double ideal = 1000.0 * ms * 1e6 / static_cast<double>(limits::creates_in_flight);
    EXPECT_LE(static_cast<double>(took.count()), 1.3 * ideal) << ms << " ms";
    EXPECT_EQ(pace.limit(), limits::creates_in_flight);
  }
}

TEST(Concurrency, a_throttled_answer_closes_the_gate_for_everyone_and_cuts_once_per_round) {
  Concurrency pace({.start = 64});
  pace.failed(error(ApiErrorClass::throttled, Millis(2'000)), at(0), at(100));
  pace.failed(error(ApiErrorClass::throttled, Millis(1'000)), at(0), at(101));
  EXPECT_EQ(pace.limit(), 32u);
  EXPECT_EQ(pace.free(0, at(2'099)), 0u);
  EXPECT_EQ(pace.free(0, at(2'100)), 32u);
  EXPECT_EQ(pace.free(40, at(2'100)), 0u);
}

TEST(Concurrency, without_Retry_After_the_gate_doubles_its_own_wait) {
  Concurrency pace;
  pace.failed(error(ApiErrorClass::throttled), at(0), at(0));
  EXPECT_EQ(pace.gate(), at(1'000));
  pace.failed(error(ApiErrorClass::throttled), at(1'000), at(1'000));
  EXPECT_EQ(pace.gate(), at(3'000));
  pace.succeeded(Millis(10), at(3'000), at(3'010));
  pace.failed(error(ApiErrorClass::throttled), at(3'010), at(3'020));
  EXPECT_EQ(pace.gate(), at(4'020));
}

TEST(Concurrency, after_a_cut_it_opens_by_one_per_round_trip) {
  Concurrency pace({.start = 64});
  pace.failed(error(ApiErrorClass::server_error), at(0), at(100));
  EXPECT_EQ(pace.limit(), 32u);
  for (int i = 0; i < 33; ++i) pace.succeeded(Millis(10), at(200), at(210));
  EXPECT_EQ(pace.limit(), 33u);
}

TEST(Concurrency, a_latency_that_blows_up_cuts_it) {
  Concurrency pace({.start = 200});
  pace.succeeded(Millis(20), at(0), at(20));
  for (int i = 0; i < 30; ++i) pace.succeeded(Millis(2'000), at(20), at(2'020));
  EXPECT_LT(pace.limit(), 170u);
  EXPECT_FALSE(pace.gated(at(2'020)));
}

// Latency grows with what one has in flight oneself, wherever there is a queue.
TEST(Concurrency, latency_alone_never_cuts_it_below_half_of_the_top) {
  Concurrency pace;
  pace.succeeded(Millis(20), at(0), at(20));
  for (int i = 1; i < 150; ++i) pace.succeeded(Millis(2'000), at(300 * i), at(300 * i + 2'000));
  EXPECT_GE(pace.limit(), limits::creates_in_flight / 2);
  EXPECT_LT(pace.limit(), limits::creates_in_flight);
}

TEST(Concurrency, after_an_error_a_slow_server_is_approached_by_one_per_round_trip) {
  Concurrency pace({.start = 4});
  pace.failed(error(ApiErrorClass::transport), at(0), at(1));
  for (int i = 1; i < 20; ++i)
    pace.succeeded(Millis(i == 1 ? 20 : 5'000), at(6'000 * i), at(6'000 * i + 5'000));
  EXPECT_LE(pace.limit(), 16u);
}

TEST(Concurrency, an_error_about_the_request_says_nothing_about_load) {
  Concurrency pace({.start = 64});
  for (const ApiErrorClass c : {ApiErrorClass::quota, ApiErrorClass::invalid, ApiErrorClass::already_exists})
    pace.failed(error(c), at(0), at(10));
  EXPECT_EQ(pace.limit(), 64u);
}

TEST(Concurrency, it_never_falls_below_its_floor_or_rises_above_its_top) {
  Concurrency pace({.start = 1'000'000});
  EXPECT_EQ(pace.limit(), limits::creates_in_flight);
  for (int i = 0; i < 100; ++i) pace.failed(error(ApiErrorClass::transport), at(10 * i + 1), at(10 * i + 2));
  EXPECT_EQ(pace.limit(), 1u);
}

}  // namespace
}  // namespace outrigger::core
