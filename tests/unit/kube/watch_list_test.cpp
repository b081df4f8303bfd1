// WatchList (sendInitialEvents): the table is filled by the stream, with the list as the fallback.
#include <gtest/gtest.h>

#include "tests/unit/kube/watch_scene.h"

namespace outrigger::kube::testing {
namespace {

using core::ApiErrorClass;
using namespace std::chrono_literals;

Scene streaming() {
  Scene s(StartMode::watch_list);
  s.start().opened();
  return s;
}

TEST(WatchList, starts_with_a_consistent_stream_of_initial_events) {
  Scene s(StartMode::watch_list);
  s.start();
  EXPECT_TRUE(has(s.sent(), "sendInitialEvents=true&resourceVersionMatch=NotOlderThan"));
  EXPECT_TRUE(has(s.sent(), "allowWatchBookmarks=true"));
  EXPECT_FALSE(has(s.sent(), "resourceVersion="));
  s.opened();
  EXPECT_TRUE(s.last.emit.init);
}

TEST(WatchList, synthetic_added_are_forwarded_and_are_no_point_to_resume_from) {
  Scene s = streaming();
  s.pod(FrameType::added, "50").pod(FrameType::added, "20");
  EXPECT_TRUE(s.last.emit.forward);
  EXPECT_EQ(s.machine.resume, "");
}

TEST(WatchList, only_the_annotated_bookmark_ends_the_first_phase_and_the_stream_goes_on) {
  Scene s = streaming();
  s.pod(FrameType::added, "50").bookmark("60");
  EXPECT_EQ(s.last.emit.init_done, std::nullopt);
  EXPECT_FALSE(s.last.emit.forward);
  EXPECT_EQ(s.machine.resume, "");
  s.bookmark("61", true);
  EXPECT_EQ(s.last.emit.init_done, 61u);
  EXPECT_EQ(s.machine.resume, "61");
  EXPECT_TRUE(s.last.effects.empty());
  s.pod(FrameType::modified, "70");
  EXPECT_TRUE(s.last.emit.forward);
  EXPECT_EQ(s.machine.resume, "70");
}

TEST(WatchList, an_interrupted_first_phase_begins_anew) {
  Scene s = streaming();
  s.pod(FrameType::added, "50").pass(5s).ended(Ending::interrupted);
  EXPECT_TRUE(s.waits());
  s.timer();
  EXPECT_TRUE(has(s.sent(), "sendInitialEvents=true"));
  s.opened();
  EXPECT_TRUE(s.last.emit.init) << "what was collected is dropped";
}

TEST(WatchList, a_server_that_refuses_it_is_listed_and_never_asked_again) {
  for (const auto& [error, code] : {std::pair<ApiErrorClass, std::uint16_t>{ApiErrorClass::invalid, 422},
                                    {ApiErrorClass::invalid, 400}}) {
    Scene s(StartMode::watch_list);
    s.start().failed(error, code);
    EXPECT_EQ(s.reason(), RestartReason::watch_list_fallback);
    EXPECT_TRUE(is_list(s.sent()));
    s.page("100").opened().pass(1h).in_band(ApiErrorClass::gone, 410);
    EXPECT_TRUE(is_list(s.sent()));
  }
}

TEST(WatchList, an_old_etcd_shows_as_200_and_an_error_500) {
  Scene s = streaming();
  s.in_band(ApiErrorClass::server_error, 500);
  EXPECT_TRUE(s.aborts());
  EXPECT_EQ(s.reason(), RestartReason::watch_list_fallback);
  EXPECT_TRUE(is_list(s.sent()));
}

TEST(WatchList, a_stream_that_ends_without_its_mark_comes_from_a_server_that_ignored_the_question) {
  Scene s = streaming();
  s.pod(FrameType::added, "50").pass(300s).ended(Ending::complete);
  EXPECT_EQ(s.reason(), RestartReason::watch_list_fallback);
  EXPECT_TRUE(is_list(s.sent()));
}

TEST(WatchList, what_a_list_would_wait_for_is_waited_for) {
  for (const auto& [error, code] : {std::pair<ApiErrorClass, std::uint16_t>{ApiErrorClass::throttled, 429},
                                    {ApiErrorClass::server_error, 503},
                                    {ApiErrorClass::rbac, 403}}) {
    Scene s(StartMode::watch_list);
    s.start().failed(error, code);
    EXPECT_TRUE(s.waits());
    s.timer();
    EXPECT_TRUE(has(s.sent(), "sendInitialEvents=true")) << code;
  }
}

TEST(WatchList, gone_later_streams_again) {
  Scene s = streaming();
  s.bookmark("60", true).pass(1h).in_band(ApiErrorClass::gone, 410);
  EXPECT_TRUE(s.relists());
  EXPECT_TRUE(has(s.sent(), "sendInitialEvents=true"));
}

TEST(WatchList, an_undecodable_first_phase_is_given_up_for_a_list) {
  Scene s = streaming();
  for (int i = 0; i < 3; ++i) s.undecodable().timer().opened();
  s.undecodable().timer();
  EXPECT_TRUE(is_list(s.sent()));
}

}  // namespace
}  // namespace outrigger::kube::testing
