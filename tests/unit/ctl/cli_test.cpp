#include "agent/ctl/cli.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/ctl/state_fixture.h"

namespace outrigger::ctl {
namespace {
using core::ExecutorState;
using testing::HasSubstr;
using testing::Not;

class Cli : public test::StateFixture {
 protected:
  int ctl(std::vector<std::string> arguments) {
    std::ostringstream out, err;
    const int code = run(arguments, {.run_directory = directory_}, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }
  std::string out_, err_;
};

TEST_F(Cli, data_goes_to_the_output_and_warnings_to_the_error_stream) {
  start_agent();
  publish(pod(1, ExecutorState::running));
  die();
  EXPECT_EQ(ctl({"pods"}), exit_ok);
  EXPECT_THAT(out_, HasSubstr("app-exec-1"));
  EXPECT_THAT(out_, Not(HasSubstr("dead")));
  EXPECT_THAT(err_, HasSubstr("warning: the agent is dead"));
}

TEST_F(Cli, status_ends_with_3_when_the_agent_is_dead_and_0_when_it_lives) {
  start_agent();
  EXPECT_EQ(ctl({"status"}), exit_ok);
  EXPECT_EQ(ctl({"status", "-o", "json"}), exit_ok);
  EXPECT_EQ(nlohmann::json::parse(out_)["control"]["session"], "ready");
  die();
  EXPECT_EQ(ctl({"status"}), exit_dead);
  EXPECT_THAT(out_, HasSubstr("Agent:        dead"));
}

TEST_F(Cli, no_state_is_an_error_of_one_line) {
  for (const char* command : {"status", "pods", "events"}) {
    EXPECT_EQ(ctl({command}), exit_failed) << command;
    EXPECT_EQ(std::count(err_.begin(), err_.end(), '\n'), 1) << err_;
    EXPECT_EQ(out_, "");
  }
}

TEST_F(Cli, wrong_use_ends_with_2) {
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{},
                                             {"podz"},
                                             {"pods", "-o", "yaml"},
                                             {"pods", "-l", "state=flying"},
                                             {"wait"},
                                             {"wait", "--for=nothing"},
                                             {"wait", "--for=synced", "--timeout=soon"},
                                             {"why"},
                                             {"why", "1", "--pending"},
                                             {"pod"},
                                             {"template", "check", "a.json", "1"},
                                             {"template", "check", "a.json", "x", "b.json", "2"}}) {
    EXPECT_EQ(ctl(wrong), exit_usage) << testing::PrintToString(wrong);
    EXPECT_NE(err_, "") << testing::PrintToString(wrong);
  }
}

TEST_F(Cli, help_and_version_go_to_the_output) {
  EXPECT_EQ(ctl({"--help"}), exit_ok);
  EXPECT_THAT(out_, HasSubstr("Exit codes"));
  EXPECT_EQ(ctl({"version"}), exit_ok);
  EXPECT_THAT(out_, HasSubstr("agentctl 0."));
}

TEST_F(Cli, an_executor_is_found_by_id_and_by_name) {
  start_agent();
  publish(pod(12, ExecutorState::pending), "Unschedulable", "0/3 nodes are available");
  for (const char* name : {"12", "app-exec-12", "pod/app-exec-12"}) {
    EXPECT_EQ(ctl({"pod", name}), exit_ok) << name;
    EXPECT_THAT(out_, HasSubstr("History:"));
  }
  EXPECT_EQ(ctl({"pod", "13"}), exit_failed);
  EXPECT_THAT(err_, HasSubstr("\"13\" not found"));
  EXPECT_EQ(ctl({"why", "12"}), exit_ok);
  EXPECT_THAT(out_, HasSubstr("0/3 nodes are available"));
  EXPECT_EQ(ctl({"why", "--pending"}), exit_ok);
  EXPECT_THAT(out_, HasSubstr("Unschedulable"));
}

TEST_F(Cli, events_are_the_tail_of_the_ring) {
  start_agent();
  for (std::uint64_t id = 1; id <= 5; ++id) publish(pod(id, ExecutorState::running));
  EXPECT_EQ(ctl({"events", "--tail", "2"}), exit_ok);
  EXPECT_THAT(out_, Not(HasSubstr("app-exec-3")));
  EXPECT_THAT(out_, HasSubstr("app-exec-4"));
  EXPECT_THAT(out_, HasSubstr("app-exec-5"));
  EXPECT_EQ(ctl({"events", "-o", "json"}), exit_ok);
  EXPECT_EQ(std::count(out_.begin(), out_.end(), '\n'), 5);
}

TEST_F(Cli, wait_ends_at_once_when_the_condition_holds_and_says_what_is_missing_when_the_time_is_over) {
  start_agent();
  publish(pod(1, ExecutorState::running));
  EXPECT_EQ(ctl({"wait", "--for=running=1", "--timeout=0"}), exit_ok);
  EXPECT_EQ(out_, "running=1 condition met\n");
  EXPECT_EQ(ctl({"wait", "--for=running=2", "--timeout=0"}), exit_failed);
  EXPECT_THAT(err_, HasSubstr("running is 1, not 2"));
}

TEST_F(Cli, nothing_to_show_is_said_on_the_error_stream) {
  start_agent();
  EXPECT_EQ(ctl({"pods"}), exit_ok);
  EXPECT_EQ(out_, "");
  EXPECT_THAT(err_, HasSubstr("No executors found"));
}

}  // namespace
}  // namespace outrigger::ctl
