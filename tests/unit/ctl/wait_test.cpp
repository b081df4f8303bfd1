#include "agent/ctl/wait.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ctl/views.h"

namespace outrigger::ctl {
namespace {
using core::ExecutorState;
using test::executor;
using test::healthy_view;
using testing::HasSubstr;

std::string missing(const char* condition, const View& view) {
  const auto parsed = Condition::parse(condition);
  return parsed ? parsed->missing(view) : parsed.error().text;
}

TEST(Wait, conditions_hold_on_a_view_that_has_them) {
  View view = healthy_view();
  view.executors = {executor(1, ExecutorState::running), executor(2, ExecutorState::pending)};
  EXPECT_EQ(missing("synced", view), "");
  EXPECT_EQ(missing("ready", view), "");
  EXPECT_EQ(missing("running=1", view), "");
  EXPECT_EQ(missing("pod/1=running", view), "");
  view.control.session = core::SessionState::drained;
  EXPECT_EQ(missing("drained", view), "");
}

TEST(Wait, what_is_missing_is_said_with_its_figures) {
  View view = healthy_view();
  view.executors = {executor(1, ExecutorState::running), executor(2, ExecutorState::failed)};
  view.executors[1].record.gone = true;
  EXPECT_EQ(missing("running=2", view), "running is 1, not 2");
  EXPECT_EQ(missing("pod/2=running", view), "executor 2 is failed");
  EXPECT_EQ(missing("pod/2=gone", view), "");
  EXPECT_EQ(missing("pod/9=running", view), "no executor 9");
  view.control.drain_left = 4;
  EXPECT_THAT(missing("drained", view), HasSubstr("4 pods left"));
  view.control.session = core::SessionState::no_driver;
  EXPECT_THAT(missing("ready", view), HasSubstr("no_driver"));
}

TEST(Wait, a_dead_agent_meets_no_condition_about_now) {
  View view = healthy_view();
  view.agent.alive = false;
  for (const char* condition : {"synced", "ready", "running=0"})
    EXPECT_EQ(missing(condition, view), "the agent is not alive") << condition;
}

TEST(Wait, a_condition_that_cannot_be_is_refused_with_the_choices) {
  for (const char* bad :
       {"", "sync", "running=", "running=x", "running", "pod/=running", "pod/0=running", "pod/x=running"})
    EXPECT_FALSE(Condition::parse(bad)) << bad;
  EXPECT_THAT(missing("pod/1=flying", healthy_view()), HasSubstr("running"));
}

}  // namespace
}  // namespace outrigger::ctl
