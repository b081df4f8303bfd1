#include "agent/ctl/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/ctl/views.h"

namespace outrigger::ctl {
namespace {
using core::ExecutorState;
using test::executor;
using test::healthy_view;
using testing::HasSubstr;
using testing::Not;

View three_executors() {
  View view = healthy_view();
  view.executors = {executor(1, ExecutorState::running), executor(2, ExecutorState::pending, 1),
                    executor(3, ExecutorState::failed)};
  view.executors[0].record.pod.node = "node-1";
  view.executors[1].record.pod.reason = "Unschedulable";
  view.executors[1].record.pod.message = "0/3 nodes are available";
  view.executors[2].record.gone = true;
  view.executors[2].record.exit = {core::ExitClass::preempted, false, 143};
  return view;
}

std::string pods(const View& view, PodsOptions options = {}) {
  std::ostringstream out;
  print_pods(out, view, options);
  return out.str();
}

TEST(Pods, the_table_has_name_first_and_age_last_and_leaves_tombstones_out) {
  EXPECT_EQ(pods(three_executors()),
            "NAME         ID   PROFILE   STATE     REASON          AGE\n"
            "app-exec-1   1    0         running   <none>          60s\n"
            "app-exec-2   2    1         pending   Unschedulable   60s\n");
}

TEST(Pods, all_and_a_selector_on_gone_show_tombstones) {
  EXPECT_THAT(pods(three_executors(), {.all = true}), HasSubstr("app-exec-3"));
  EXPECT_THAT(pods(three_executors(), {.selector = *Selector::parse("gone=true")}), HasSubstr("app-exec-3"));
  EXPECT_THAT(pods(three_executors()), Not(HasSubstr("app-exec-3")));
}

TEST(Pods, wide_adds_address_node_and_the_class_of_the_end) {
  const std::string text = pods(three_executors(), {.output = Output::wide, .all = true});
  EXPECT_THAT(text, HasSubstr("AGE   IP       NODE"));
  EXPECT_THAT(text, HasSubstr("143"));
  EXPECT_THAT(text, HasSubstr("preempted"));
  EXPECT_THAT(text, HasSubstr("node-1"));
}

TEST(Pods, names_are_one_a_line) {
  EXPECT_EQ(pods(three_executors(), {.output = Output::name}), "pod/app-exec-1\npod/app-exec-2\n");
}

TEST(Pods, json_is_one_object_with_every_field_that_is_set) {
  const auto json = nlohmann::json::parse(pods(three_executors(), {.output = Output::json, .all = true}));
  EXPECT_EQ(json["items"].size(), 3u);
  EXPECT_EQ(json["items"][2]["exit"]["class"], "preempted");
  EXPECT_EQ(json["items"][2]["exit"]["causedByApp"], false);
  EXPECT_EQ(json["items"][1]["reason"], "Unschedulable");
  EXPECT_FALSE(json["items"][0].contains("exit"));
  EXPECT_EQ(json["agent"]["alive"], true);
}

TEST(Pods, json_survives_text_that_was_cut_in_the_middle_of_a_character) {
  View view = three_executors();
  view.executors[0].record.pod.message = "caf\xC3";
  EXPECT_FALSE(nlohmann::json::parse(pods(view, {.output = Output::json}), nullptr, false).is_discarded());
}

TEST(Selector, terms_are_joined_and_negated) {
  const auto view = three_executors();
  const auto matching = [&](const char* text) {
    const auto selector = Selector::parse(text);
    std::size_t count = 0;
    for (const Executor& e : view.executors) count += selector->matches(e.record) ? 1 : 0;
    return count;
  };
  EXPECT_EQ(matching(""), 3u);
  EXPECT_EQ(matching("profile=0"), 2u);
  EXPECT_EQ(matching("profile==0,state=running"), 1u);
  EXPECT_EQ(matching("state!=running"), 2u);
  EXPECT_EQ(matching("class=preempted"), 1u);
  EXPECT_EQ(matching("node=node-1"), 1u);
}

TEST(Selector, what_no_record_can_have_is_an_error_that_names_what_there_is) {
  EXPECT_THAT(Selector::parse("state=runing").error().text, HasSubstr("running"));
  EXPECT_THAT(Selector::parse("class=oom").error().text, HasSubstr("oom_container"));
  EXPECT_THAT(Selector::parse("color=red").error().text, HasSubstr("profile"));
  EXPECT_FALSE(Selector::parse("state"));
  EXPECT_FALSE(Selector::parse("=running"));
}

TEST(Status, names_the_agent_the_server_and_why_a_profile_waits) {
  View view = healthy_view();
  core::ProfileStatus profile;
  profile.target = 5;
  profile.running = 3;
  profile.wait = core::WaitReason::backoff;
  profile.last_error = core::ApiErrorClass::quota;
  profile.last_error_message = "exceeded quota: pods";
  profile.retry_at_monotonic_ns = 2'000'000'000;
  view.profiles = {profile};
  std::ostringstream out;
  print_status(out, view);
  EXPECT_THAT(out.str(), HasSubstr("Agent:        alive, heartbeat 5ms ago"));
  EXPECT_THAT(out.str(), HasSubstr("backoff:quota (again in 2.0s)"));
  EXPECT_THAT(out.str(), HasSubstr("exceeded quota: pods"));
}

TEST(Status, a_dead_agent_is_said_with_its_age_and_its_last_state_stays_readable) {
  View view = three_executors();
  view.agent.alive = false;
  view.agent.heartbeat_age = core::Nanos{90'000'000'000};
  EXPECT_THAT(view.warning(), HasSubstr("dead"));
  EXPECT_THAT(view.warning(), HasSubstr("90s ago"));
  EXPECT_THAT(pods(view), HasSubstr("app-exec-1"));
}

TEST(Status, a_hang_a_replacement_and_silence_of_the_server_are_told_apart) {
  View view = healthy_view();
  EXPECT_EQ(view.warning(), "");
  view.agent.heartbeat_age = hung_after + core::Nanos{1};
  EXPECT_THAT(view.warning(), HasSubstr("hangs"));
  view = healthy_view();
  view.agent.retired = true;
  EXPECT_THAT(view.warning(), HasSubstr("replaced"));
  view = healthy_view();
  view.control.stale = true;
  EXPECT_THAT(view.warning(), HasSubstr("out of touch"));
  view = healthy_view();
  view.control.synced = false;
  EXPECT_THAT(view.warning(), HasSubstr("not yet read"));
}

TEST(Why, an_executor_that_ended_is_explained_by_its_class) {
  const View view = three_executors();
  std::ostringstream out;
  print_why(out, view, view.executors[2]);
  EXPECT_THAT(out.str(), HasSubstr("preempted it for a pod of higher priority"));
  EXPECT_THAT(out.str(), HasSubstr("does not count"));
}

TEST(Why, pending_gives_the_schedulers_words_and_the_profiles_reason) {
  View view = three_executors();
  core::ProfileStatus profile;
  profile.profile = {1};
  profile.target = 9;
  profile.pending = 1;
  profile.wait = core::WaitReason::pending_limit;
  view.profiles = {profile};
  std::ostringstream out;
  print_why_pending(out, view);
  EXPECT_THAT(out.str(), HasSubstr("profile 1: 1 of 9: as many pods are pending as maxPendingPods allows"));
  EXPECT_THAT(out.str(), HasSubstr("0/3 nodes are available"));
  EXPECT_THAT(out.str(), Not(HasSubstr("app-exec-1 ")));
}

TEST(Why, every_exit_class_and_wait_reason_has_a_sentence) {
  View view = healthy_view();
  for (std::uint8_t c = 1; c < static_cast<std::uint8_t>(core::ExitClass::count_); ++c) {
    Executor ended = executor(1, ExecutorState::failed);
    ended.record.exit.exit_class = static_cast<core::ExitClass>(c);
    std::ostringstream out;
    print_why(out, view, ended);
    EXPECT_THAT(out.str(), Not(HasSubstr("no evidence"))) << int{c};
  }
  for (std::uint8_t w = 1; w < static_cast<std::uint8_t>(core::WaitReason::count_); ++w) {
    core::ProfileStatus profile;
    profile.wait = static_cast<core::WaitReason>(w);
    view.profiles = {profile};
    std::ostringstream out;
    print_why_pending(out, view);
    EXPECT_THAT(out.str(), Not(HasSubstr("of 0: \n"))) << int{w};
  }
}

TEST(Pod, the_history_lists_each_change_that_the_ring_still_has) {
  const View view = three_executors();
  Executor earlier = executor(2, ExecutorState::creating);
  std::ostringstream out;
  print_pod(out, view, view.executors[1], {{1, earlier.record}, {2, view.executors[1].record}});
  EXPECT_THAT(out.str(), HasSubstr("State:        pending"));
  EXPECT_LT(out.str().find("creating"), out.str().rfind("pending"));
  std::ostringstream none;
  print_pod(none, view, view.executors[1], {});
  EXPECT_THAT(none.str(), HasSubstr("none left"));
}

TEST(Find, the_newest_of_two_records_with_one_id_is_meant) {
  View view = healthy_view();
  view.executors = {executor(4, ExecutorState::deleted), executor(4, ExecutorState::running)};
  view.executors[0].sequence = 10;
  view.executors[1].sequence = 11;
  EXPECT_EQ(view.find(core::ExecutorId{4})->record.state, ExecutorState::running);
  EXPECT_EQ(view.find(std::string("app-exec-4"))->sequence, 11u);
  EXPECT_EQ(view.find(core::ExecutorId{5}), nullptr);
}

}  // namespace
}  // namespace outrigger::ctl
