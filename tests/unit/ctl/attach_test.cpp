#include "agent/ctl/attach.h"

#include <gmock/gmock.h>

#include "tests/unit/ctl/state_fixture.h"

namespace outrigger::ctl {
namespace {
using core::ExecutorState;
using testing::HasSubstr;

class Attach : public test::StateFixture {
 protected:
  Reading reading(const ReadOptions& options = {}) {
    auto result = read_state(directory_, options);
    EXPECT_TRUE(result) << result.error().text;
    return result ? std::move(*result) : Reading{};
  }
};

TEST_F(Attach, C23_no_state_is_one_line_that_names_the_directory_and_the_way_out) {
  const auto result = read_state(directory_, {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().text, HasSubstr(directory_));
  EXPECT_THAT(result.error().text, HasSubstr("--run-dir"));
}

TEST_F(Attach, records_come_back_as_they_were_published) {
  start_agent();
  ipc::PodRecord failed = pod(7, ExecutorState::failed);
  failed.profile = 3;
  failed.exit_class = static_cast<std::uint8_t>(core::ExitClass::oom_container);
  failed.exit_code = 137;
  failed.flags = ipc::flag::caused_by_app | ipc::flag::gone;
  publish(failed, "OOMKilled", "limit 1408Mi");
  const View view = reading().view;
  ASSERT_EQ(view.executors.size(), 1u);
  const core::ExecutorRecord& record = view.executors[0].record;
  EXPECT_EQ(record.state, ExecutorState::failed);
  EXPECT_EQ(record.exit.exit_class, core::ExitClass::oom_container);
  EXPECT_EQ(record.exit.exit_code, 137);
  EXPECT_TRUE(record.exit.caused_by_app);
  EXPECT_TRUE(record.gone);
  EXPECT_EQ(record.pod.profile.value, 3u);
  EXPECT_EQ(record.pod.name, "app-exec-7");
  EXPECT_EQ(record.pod.node, "node-1");
  EXPECT_EQ(record.pod.message, "limit 1408Mi");
  EXPECT_TRUE(view.control.synced);
  EXPECT_EQ(view.control.resource_version, 42u);
  EXPECT_EQ(view.agent.capacity, 64u);
  EXPECT_EQ(view.warning(), "");
}

TEST_F(Attach, profiles_and_counters_are_read) {
  start_agent();
  ipc::ProfileRecord profile;
  profile.profile = 2;
  profile.target = 9;
  profile.wait = static_cast<std::uint8_t>(core::WaitReason::backoff);
  profile.last_error = static_cast<std::uint8_t>(core::ApiErrorClass::quota);
  ASSERT_TRUE(writer_->upsert(profile, {.message = "exceeded quota"}));
  writer_->count(ipc::Counter::relists, 3);
  writer_->commit();
  const View view = reading().view;
  ASSERT_EQ(view.profiles.size(), 1u);
  EXPECT_EQ(view.profiles[0].target, 9u);
  EXPECT_EQ(view.profiles[0].wait, core::WaitReason::backoff);
  EXPECT_EQ(view.profiles[0].last_error_message, "exceeded quota");
  EXPECT_THAT(view.counters, testing::Contains(testing::Pair("relists", 3u)));
}

TEST_F(Attach, the_state_of_a_dead_agent_stays_readable_and_is_called_dead) {
  start_agent();
  publish(pod(1, ExecutorState::running));
  die();
  const View view = reading().view;
  EXPECT_FALSE(view.agent.alive);
  EXPECT_THAT(view.warning(), HasSubstr("dead"));
  ASSERT_EQ(view.executors.size(), 1u);
  EXPECT_EQ(view.executors[0].record.state, ExecutorState::running);
}

TEST_F(Attach, the_history_has_every_state_of_an_executor_oldest_first) {
  start_agent();
  for (const ExecutorState state : {ExecutorState::creating, ExecutorState::pending, ExecutorState::running})
    publish(pod(5, state));
  publish(pod(6, ExecutorState::pending));
  const Reading all = reading({.history = true});
  std::vector<ExecutorState> states;
  for (const Event& event : all.history) {
    if (event.record.pod.executor_id.value == 5) states.push_back(event.record.state);
  }
  EXPECT_EQ(states, (std::vector{ExecutorState::creating, ExecutorState::pending, ExecutorState::running}));
  const Reading later = reading({.history = true, .after = all.history[2].sequence});
  ASSERT_EQ(later.history.size(), 1u);
  EXPECT_EQ(later.history[0].record.pod.executor_id.value, 6u);
}

TEST_F(Attach, numbers_of_a_newer_agent_become_none_and_crash_nothing) {
  start_agent();
  ipc::PodRecord strange = pod(1, ExecutorState::running);
  strange.state = strange.phase = strange.exit_class = strange.create_error = 250;
  publish(strange);
  control({.session = 250, .last_error = 250});
  const View view = reading().view;
  EXPECT_EQ(view.executors.at(0).record.state, ExecutorState::none);
  EXPECT_EQ(view.executors.at(0).record.exit.exit_class, core::ExitClass::none);
  EXPECT_EQ(view.control.session, core::SessionState{});
}

}  // namespace
}  // namespace outrigger::ctl
