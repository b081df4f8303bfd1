// The rules of list and watch, one sentence each.
#include "agent/kube/watch_machine.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/unit/kube/watch_scene.h"

namespace outrigger::kube::testing {
namespace {

using core::ApiErrorClass;
using core::Millis;
using namespace std::chrono_literals;

// --- the good course ---

TEST(WatchMachine, starts_with_a_consistent_paged_list) {
  Scene s;
  s.start();
  EXPECT_TRUE(is_list(s.sent()));
  EXPECT_TRUE(has(s.sent(), "limit=500"));
  EXPECT_FALSE(has(s.sent(), "resourceVersion"));
  EXPECT_EQ(s.effect<watch_effect::SendList>()->request.deadline, 60s);
}

TEST(WatchMachine, starting_twice_changes_nothing) {
  Scene s;
  s.start().start();
  EXPECT_TRUE(s.last.effects.empty());
}

TEST(WatchMachine, a_list_begins_with_init_and_ends_with_the_version_of_its_last_page) {
  Scene s;
  s.start().page("100", "token-2");
  EXPECT_TRUE(s.last.emit.init && s.last.emit.forward);
  EXPECT_EQ(s.last.emit.init_done, std::nullopt);
  EXPECT_TRUE(has(s.sent(), "continue=token-2"));
  s.page("100", "token-3");
  EXPECT_FALSE(s.last.emit.init);
  EXPECT_TRUE(s.last.emit.forward);
  s.page("100");
  EXPECT_FALSE(s.last.emit.init);
  EXPECT_EQ(s.last.emit.init_done, 100u);
  EXPECT_TRUE(is_watch_from(s.sent(), "100"));
}

TEST(WatchMachine, a_watch_asks_for_bookmarks_and_has_a_deadline_behind_the_servers) {
  Scene s;
  s.entropy = 120;
  s.start().page("100");
  EXPECT_TRUE(has(s.sent(), "allowWatchBookmarks=true"));
  EXPECT_TRUE(has(s.sent(), "timeoutSeconds=420"));
  EXPECT_EQ(s.effect<watch_effect::SendWatch>()->request.deadline, 420s + 15s);
}

TEST(WatchMachine, a_proxys_bound_shortens_watch_and_deadline) {
  Scene s;
  s.config.timeout_bound = 55s;
  s.entropy = 27;
  s.start().page("100");
  EXPECT_TRUE(has(s.sent(), "timeoutSeconds=55"));
  EXPECT_EQ(s.effect<watch_effect::SendWatch>()->request.deadline, 55s + 15s);
}

TEST(WatchMachine, every_event_and_bookmark_is_forwarded_and_moves_the_point_to_resume_from) {
  Scene s;
  s.watching();
  for (const auto& [type, version] :
       {std::pair{FrameType::added, "101"}, {FrameType::modified, "105"}, {FrameType::deleted, "107"}}) {
    s.pod(type, version);
    EXPECT_TRUE(s.last.emit.forward);
    EXPECT_FALSE(s.last.emit.init || s.last.emit.init_done);
    EXPECT_TRUE(s.last.effects.empty());
    EXPECT_EQ(s.machine.resume, version);
  }
  s.bookmark("200");
  EXPECT_TRUE(s.last.emit.forward);
  EXPECT_EQ(s.machine.resume, "200");
}

TEST(WatchMachine, versions_are_opaque_text_on_their_way_back_to_the_server) {
  Scene s;
  s.start().page("abc/1");
  EXPECT_EQ(s.last.emit.init_done, 0u);
  EXPECT_TRUE(has(s.sent(), "resourceVersion=abc%2F1"));
}

// --- ends of a watch ---

TEST(WatchMachine, the_servers_timeout_is_followed_at_once_by_a_watch_from_the_last_version) {
  Scene s;
  s.watching().pod(FrameType::added, "120").pass(300s).ended(Ending::complete);
  EXPECT_EQ(s.reason(), RestartReason::server_timeout);
  EXPECT_TRUE(is_watch_from(s.sent(), "120"));
  EXPECT_FALSE(s.relists() || s.waits());
}

TEST(WatchMachine, an_unclean_end_is_an_empty_watch_and_no_relist) {
  for (const Ending how : {Ending::interrupted, Ending::timed_out}) {
    Scene s;
    s.watching().bookmark("120").pass(60s).ended(how);
    EXPECT_TRUE(is_watch_from(s.sent(), "120"));
    EXPECT_FALSE(s.relists() || s.waits());
  }
}

TEST(WatchMachine, a_watch_under_a_second_without_an_event_goes_through_backoff) {
  for (const Ending how : {Ending::complete, Ending::interrupted}) {
    Scene s;
    s.start().page("100").opened().pass(999ms).ended(how);
    EXPECT_EQ(s.reason(), how == Ending::complete ? RestartReason::very_short : RestartReason::interrupted);
    EXPECT_EQ(s.delay(), 800ms);
    EXPECT_FALSE(s.relists());
    s.timer();
    EXPECT_TRUE(is_watch_from(s.sent(), "100"));
  }
}

TEST(WatchMachine, a_watch_of_a_second_or_with_an_event_is_not_very_short) {
  Scene s;
  s.start().page("100").opened().pass(1000ms).ended(Ending::complete);
  EXPECT_EQ(s.reason(), RestartReason::server_timeout);
  Scene t;
  t.start().page("100").opened().pod(FrameType::added, "101").ended(Ending::complete);
  EXPECT_EQ(t.reason(), RestartReason::server_timeout);
}

TEST(WatchMachine, a_bookmark_alone_does_not_make_a_short_watch_long) {
  Scene s;
  s.start().page("100").opened().bookmark("101").ended(Ending::complete);
  EXPECT_EQ(s.reason(), RestartReason::very_short);
  s.timer();
  EXPECT_TRUE(is_watch_from(s.sent(), "101"));
}

TEST(WatchMachine, a_refused_connection_keeps_the_version_and_backs_off_without_a_relist) {
  Scene s;
  s.watching().pod(FrameType::added, "120").ended(Ending::interrupted);
  Millis total{0};
  for (int i = 0; i < 50; ++i) {
    s.ended(Ending::refused);
    EXPECT_EQ(s.reason(), RestartReason::refused);
    EXPECT_FALSE(s.relists());
    total += s.delay();
    s.timer();
    ASSERT_TRUE(is_watch_from(s.sent(), "120"));
  }
  EXPECT_GT(total, 1000s);
}

TEST(WatchMachine, an_untrusted_certificate_is_reported_and_tried_again) {
  Scene s;
  s.start().ended(Ending::tls);
  EXPECT_EQ(s.reason(), RestartReason::tls);
  EXPECT_TRUE(s.waits());
  s.timer();
  EXPECT_TRUE(is_list(s.sent()));
}

// --- backoff ---

TEST(WatchMachine, backoff_doubles_from_800_ms_to_30_s_stretched_by_jitter) {
  Scene s;
  s.start();
  std::vector<Millis> delays;
  for (int i = 0; i < 8; ++i) {
    s.ended(Ending::refused);
    delays.push_back(s.delay());
    s.timer();
  }
  EXPECT_EQ(delays, (std::vector<Millis>{800ms, 1600ms, 3200ms, 6400ms, 12800ms, 25600ms, 30000ms, 30000ms}));
  s.entropy = ~0ull;
  s.ended(Ending::refused);
  EXPECT_GT(s.delay(), 59s);
  EXPECT_LE(s.delay(), 60s);
}

TEST(WatchMachine, backoff_begins_anew_after_two_quiet_minutes) {
  Scene s;
  s.start();
  for (int i = 0; i < 5; ++i) s.ended(Ending::refused).timer();
  s.page("100").opened().pass(121s).ended(Ending::interrupted).ended(Ending::refused);
  EXPECT_EQ(s.delay(), 800ms);
}

// --- 410 ---

TEST(WatchMachine, gone_in_either_shape_means_a_fresh_consistent_list) {
  for (const bool in_band : {true, false}) {
    Scene s;
    s.watching().pod(FrameType::added, "120");
    if (in_band) {
      s.in_band(ApiErrorClass::gone, 410);
      EXPECT_TRUE(s.aborts());
    } else {
      s.ended(Ending::interrupted).failed(ApiErrorClass::gone, 410);
    }
    EXPECT_EQ(s.reason(), RestartReason::gone);
    EXPECT_TRUE(s.relists());
    EXPECT_TRUE(is_list(s.sent()));
    EXPECT_FALSE(has(s.sent(), "resourceVersion"));
    s.page("500");
    EXPECT_TRUE(s.last.emit.init);
    EXPECT_EQ(s.last.emit.init_done, 500u);
  }
}

TEST(WatchMachine, gone_again_soon_waits_so_that_it_never_becomes_a_storm_of_lists) {
  Scene s;
  s.watching().in_band(ApiErrorClass::gone, 410);
  EXPECT_FALSE(s.waits());
  s.page("500").opened().in_band(ApiErrorClass::gone, 410);
  EXPECT_EQ(s.delay(), 1600ms);
  EXPECT_TRUE(s.relists());
  s.timer();
  EXPECT_TRUE(is_list(s.sent()));
}

TEST(WatchMachine, an_expired_page_restarts_the_whole_list_and_does_not_use_the_inconsistent_token) {
  Scene s;
  s.listing_page_2();
  core::ApiError error;
  error.error_class = ApiErrorClass::gone;
  error.http_code = 410;
  error.continue_token = "fresh-but-inconsistent";
  s.feed(watch_input::Failed{error});
  EXPECT_EQ(s.reason(), RestartReason::gone);
  EXPECT_TRUE(is_list(s.sent()));
  EXPECT_FALSE(has(s.sent(), "continue="));
  s.page("300");
  EXPECT_TRUE(s.last.emit.init) << "what the first attempt collected is dropped";
}

TEST(WatchMachine, a_paged_list_that_expires_twice_is_asked_for_in_one_piece) {
  Scene s;
  s.listing_page_2().failed(ApiErrorClass::gone, 410).page("110", "token-2");
  s.failed(ApiErrorClass::gone, 410).timer();
  EXPECT_TRUE(is_list(s.sent()));
  EXPECT_FALSE(has(s.sent(), "limit="));
  s.page("120").opened().pass(10min).in_band(ApiErrorClass::gone, 410);
  EXPECT_TRUE(has(s.sent(), "limit=500")) << "a complete list clears the memory of it";
}

// --- too large ---

TEST(WatchMachine, a_too_large_version_is_retried_as_the_server_asks_and_then_given_up) {
  Scene s;
  s.watching().ended(Ending::interrupted);
  for (int i = 0; i < 3; ++i) {
    s.failed(ApiErrorClass::too_large_version, 504, 40);
    EXPECT_EQ(s.reason(), RestartReason::too_large_version);
    EXPECT_FALSE(s.relists());
    EXPECT_EQ(s.delay(), 40s);
    s.timer();
    EXPECT_TRUE(is_watch_from(s.sent(), "100"));
  }
  s.failed(ApiErrorClass::too_large_version, 504, 1);
  EXPECT_TRUE(s.relists());
  s.timer();
  EXPECT_TRUE(is_list(s.sent()));
  EXPECT_FALSE(has(s.sent(), "resourceVersion"));
}

// --- throttling ---

TEST(WatchMachine, throttling_keeps_the_version_and_waits_at_least_retry_after) {
  for (const bool in_band : {true, false}) {
    Scene s;
    s.watching();
    if (in_band) {
      s.in_band(ApiErrorClass::throttled, 429, 7);
    } else {
      s.ended(Ending::interrupted).failed(ApiErrorClass::throttled, 429, 7);
    }
    EXPECT_EQ(s.reason(), RestartReason::throttled);
    EXPECT_EQ(s.delay(), 7s);
    EXPECT_FALSE(s.relists());
    s.timer();
    EXPECT_TRUE(is_watch_from(s.sent(), "100"));
  }
}

TEST(WatchMachine, throttling_without_retry_after_backs_off) {
  Scene s;
  s.start().failed(ApiErrorClass::throttled, 429);
  EXPECT_EQ(s.delay(), 800ms);
  s.timer().failed(ApiErrorClass::throttled, 429, 0);
  EXPECT_EQ(s.delay(), 1600ms);
}

TEST(WatchMachine, a_throttled_page_is_asked_for_again_with_its_token) {
  Scene s;
  s.listing_page_2().failed(ApiErrorClass::throttled, 429, 2);
  EXPECT_FALSE(s.relists());
  s.timer();
  EXPECT_TRUE(has(s.sent(), "continue=token-2"));
  s.page("100");
  EXPECT_FALSE(s.last.emit.init) << "the pages before it still count";
}

// --- other errors ---

TEST(WatchMachine, an_in_band_500_is_retried_a_few_times_and_then_relisted) {
  Scene s;
  s.watching();
  for (int i = 0; i < 3; ++i) {
    s.in_band(ApiErrorClass::server_error, 500);
    EXPECT_TRUE(s.aborts());
    EXPECT_FALSE(s.relists());
    s.timer().opened();
  }
  s.in_band(ApiErrorClass::server_error, 500);
  EXPECT_TRUE(s.relists());
}

TEST(WatchMachine, an_event_is_progress_and_forgives_earlier_500s) {
  Scene s;
  s.watching();
  for (int i = 0; i < 3; ++i) s.in_band(ApiErrorClass::server_error, 500).timer().opened();
  s.pod(FrameType::added, "130").in_band(ApiErrorClass::server_error, 500);
  EXPECT_FALSE(s.relists());
}

TEST(WatchMachine, a_malformed_version_that_the_server_answers_with_500_ends_in_a_relist) {
  Scene s;
  s.watching().ended(Ending::interrupted);
  for (int i = 0; i < 3; ++i) s.failed(ApiErrorClass::server_error, 500).timer();
  s.failed(ApiErrorClass::server_error, 500);
  EXPECT_TRUE(s.relists());
}

TEST(WatchMachine, an_unavailable_server_is_waited_for_without_a_relist) {
  Scene s;
  s.watching().ended(Ending::interrupted);
  for (int i = 0; i < 30; ++i) {
    s.failed(ApiErrorClass::server_error, 503, 1);
    ASSERT_FALSE(s.relists());
    s.timer();
    ASSERT_TRUE(is_watch_from(s.sent(), "100"));
  }
}

TEST(WatchMachine, an_unknown_refusal_of_the_watch_is_retried_and_then_relisted) {
  Scene s;
  s.watching().ended(Ending::interrupted);
  for (int i = 0; i < 3; ++i) {
    s.failed(ApiErrorClass::invalid, 400);
    EXPECT_EQ(s.reason(), RestartReason::rejected);
    EXPECT_FALSE(s.relists());
    s.timer();
  }
  s.failed(ApiErrorClass::invalid, 400);
  EXPECT_TRUE(s.relists());
}

TEST(WatchMachine, unauthorized_reloads_the_credentials_and_asks_again_at_once_but_only_once) {
  Scene s;
  s.watching().ended(Ending::interrupted).failed(ApiErrorClass::unauthorized, 401);
  EXPECT_TRUE(s.reloads());
  EXPECT_FALSE(s.waits());
  EXPECT_TRUE(is_watch_from(s.sent(), "100"));
  s.failed(ApiErrorClass::unauthorized, 401);
  EXPECT_EQ(s.reason(), RestartReason::unauthorized);
  EXPECT_TRUE(s.waits());
  s.timer().opened().pass(1h).ended(Ending::complete).failed(ApiErrorClass::unauthorized, 401);
  EXPECT_FALSE(s.waits()) << "an open watch proves the credentials: the next 401 is a new one";
}

TEST(WatchMachine, credentials_are_reloaded_before_the_request_that_needs_them) {
  Scene s;
  s.start().failed(ApiErrorClass::unauthorized, 401);
  ASSERT_EQ(s.last.effects.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<watch_effect::ReloadCredentials>(s.last.effects[0]));
  EXPECT_TRUE(std::holds_alternative<watch_effect::SendList>(s.last.effects[2]));
}

TEST(WatchMachine, forbidden_is_reported_and_tried_twice_a_minute_at_most) {
  Scene s;
  s.start().failed(ApiErrorClass::rbac, 403);
  EXPECT_EQ(s.reason(), RestartReason::forbidden);
  EXPECT_EQ(s.effect<watch_effect::Report>()->error.http_code, 403);
  EXPECT_GE(s.delay(), 30s);
  EXPECT_LE(s.delay(), 60s);
  Scene t;
  t.watching().in_band(ApiErrorClass::rbac, 403);
  EXPECT_GE(t.delay(), 30s);
  t.timer();
  EXPECT_TRUE(is_watch_from(t.sent(), "100"));
}

TEST(WatchMachine, a_refused_first_page_is_tried_slowly_and_a_refused_token_is_dropped) {
  Scene s;
  s.start().failed(ApiErrorClass::invalid, 400);
  EXPECT_EQ(s.reason(), RestartReason::rejected);
  EXPECT_GE(s.delay(), 30s);
  Scene t;
  t.listing_page_2().failed(ApiErrorClass::invalid, 400);
  EXPECT_EQ(t.delay(), 800ms);
  t.timer();
  EXPECT_FALSE(has(t.sent(), "continue="));
}

TEST(WatchMachine, a_page_that_breaks_off_is_asked_for_again_and_then_the_list_begins_anew) {
  Scene s;
  s.listing_page_2();
  for (int i = 0; i < 3; ++i) {
    s.ended(Ending::interrupted);
    EXPECT_FALSE(s.relists());
    s.timer();
    EXPECT_TRUE(has(s.sent(), "continue=token-2"));
  }
  s.ended(Ending::interrupted);
  EXPECT_TRUE(s.relists());
  s.timer();
  EXPECT_FALSE(has(s.sent(), "continue="));
}

// --- undecodable ---

TEST(WatchMachine, an_undecodable_event_drops_the_connection_resumes_and_finally_relists) {
  Scene s;
  s.watching().pod(FrameType::added, "120");
  for (int i = 0; i < 3; ++i) {
    s.undecodable();
    EXPECT_TRUE(s.aborts());
    EXPECT_EQ(s.reason(), RestartReason::undecodable);
    EXPECT_FALSE(s.relists());
    s.timer();
    EXPECT_TRUE(is_watch_from(s.sent(), "120"));
    s.opened();
  }
  s.undecodable();
  EXPECT_TRUE(s.relists());
}

TEST(WatchMachine, an_undecodable_page_is_retried_with_backoff) {
  Scene s;
  s.start().undecodable();
  EXPECT_EQ(s.delay(), 800ms);
  EXPECT_FALSE(s.aborts()) << "its exchange has ended";
  s.timer();
  EXPECT_TRUE(is_list(s.sent()));
}

// --- robustness ---

TEST(WatchMachine, inputs_that_do_not_belong_to_a_phase_change_nothing) {
  Scene s;
  s.watching().ended(Ending::interrupted).ended(Ending::refused);
  ASSERT_TRUE(s.waits());
  s.pod(FrameType::added, "999");
  EXPECT_FALSE(s.last.emit.forward);
  s.page("999");
  EXPECT_FALSE(s.last.emit.forward);
  s.opened();
  s.ended(Ending::complete);
  s.undecodable();
  s.failed(ApiErrorClass::gone, 410);
  EXPECT_TRUE(s.last.effects.empty());
  EXPECT_EQ(s.machine.resume, "100");
  s.feed(watch_input::Timer{});
  EXPECT_TRUE(is_watch_from(s.sent(), "100"));
}

TEST(WatchMachine, every_reason_has_a_name_of_its_own) {
  std::set<std::string_view> names;
  for (int i = 0; i < static_cast<int>(RestartReason::count_); ++i)
    names.insert(to_string(static_cast<RestartReason>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(RestartReason::count_));
  EXPECT_FALSE(names.contains("unknown"));
}

WatchInput any_input(int choice, WatchFrame& frame, ListPage& page) {
  core::ApiError error;
  error.error_class = static_cast<ApiErrorClass>(1 + choice % (static_cast<int>(ApiErrorClass::count_) - 1));
  error.http_code =
      std::array<std::uint16_t, 5>{410, 500, 503, 429, 422}[static_cast<std::size_t>(choice) % 5];
  switch (choice % 9) {
    case 0:
      return watch_input::Start{};
    case 1:
      return watch_input::Opened{};
    case 2:
      frame.type = static_cast<FrameType>(choice % 4);
      frame.resource_version = std::to_string(choice + 1);
      frame.initial_events_end = choice % 7 == 0;
      return watch_input::Frame{&frame};
    case 3:
      frame.type = FrameType::error;
      frame.error = error;
      return watch_input::Frame{&frame};
    case 4:
      page.resource_version = std::to_string(choice + 1);
      page.continue_token = choice % 2 == 0 ? "token" : "";
      return watch_input::Page{&page};
    case 5:
      return watch_input::Failed{error};
    case 6:
      return watch_input::Ended{static_cast<Ending>(choice % 5)};
    case 7:
      return watch_input::Undecodable{};
    default:
      return watch_input::Timer{};
  }
}

TEST(WatchMachine, property_it_always_has_one_exchange_or_one_timer_once_started) {
  EXPECT_TRUE(rc::check("any inputs", [] {
    Scene s(*rc::gen::arbitrary<bool>() ? StartMode::list : StartMode::watch_list);
    s.start();
    for (const int choice : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 100'000))) {
      WatchFrame frame;
      ListPage page;
      s.entropy = static_cast<std::uint64_t>(choice) * 0x9E3779B97F4A7C15ull;
      s.pass(Millis(choice % 5000)).feed(any_input(choice, frame, page));
      const auto& phase = s.machine.phase;
      RC_ASSERT(!std::holds_alternative<watch_phase::Idle>(phase));
      // A new phase that waits for something has just asked for it; a stream goes on, or its end was acted upon.
      if (std::holds_alternative<watch_phase::Waiting>(phase) && !s.last.effects.empty())
        RC_ASSERT(s.waits());
      if (s.aborts()) RC_ASSERT(!std::holds_alternative<watch_phase::Watching>(phase));
      // Every wait is bounded: a day is the longest Retry-After, a minute everything else.
      RC_ASSERT(s.delay() <= Millis(60'000));
      // Only a stream that is open, or a page, forwards pods.
      if (s.last.emit.init_done) RC_ASSERT(!s.machine.resume.empty());
    }
  }));
}

}  // namespace
}  // namespace outrigger::kube::testing
