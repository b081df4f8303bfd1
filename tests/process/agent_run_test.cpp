// outrigger-agent run: the command outlives the agents beside it, and ends with its own exit code.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/support/processes_stage.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* started = "outrigger-agent started";

// The only child of `parent` that runs outrigger-agent; 0: none.
pid_t agent_of(pid_t parent) {
  const std::string own = std::to_string(parent);
  std::ifstream children("/proc/" + own + "/task/" + own + "/children");
  for (pid_t pid = 0; children >> pid;) {
    std::ifstream name("/proc/" + std::to_string(pid) + "/comm");
    std::string text;
    std::getline(name, text);
    if (text.starts_with("outrigger-agent")) return pid;
  }
  return 0;
}

// The value of `name` on a line of the log; of the text format.
std::string field(const std::string& line, const std::string& name) {
  const auto at = line.find(name + "=");
  if (at == line.npos) return {};
  const auto from = at + name.size() + 1;
  return line.substr(from, line.find(' ', from) - from);
}

class AgentRun : public testing::Test {
 protected:
  AgentRun() {
    fs::create_directories(folder_.path("spark/jars"));
    folder_.write("spark/jars/spark-core_2.13-4.1.4.jar", "");
    fs::create_directories(folder_.path("shim/2.13"));
  }
  // A shell script as the driver.
  Process run(const std::string& script, std::vector<std::string> flags = {}) const {
    std::vector<std::string> arguments{"run",         "--kubeconfig", server_.kubeconfig(),
                                       "--namespace", name_space,     "--log-format",
                                       "text",        "--shim",       folder_.path("shim")};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    for (const char* word : {"--", "sh", "-c"}) arguments.emplace_back(word);
    arguments.push_back(script);
    return Process({.program = "outrigger-agent",
                    .arguments = std::move(arguments),
                    .environment = {{"SPARK_HOME", folder_.path("spark")}}});
  }
  std::string until_exists(const char* name) const {
    return "until [ -e " + folder_.path(name) + " ]; do sleep 0.02; done; ";
  }

  TemporaryFolder folder_;
  ApiServer server_{{.folder = folder_.path()}};
};

TEST_F(AgentRun, a_killed_agent_is_started_again_on_the_same_gateway_and_the_command_goes_on) {
  Process run = this->run(until_exists("go") + "exit 7");
  std::string before = run.err_line(started);
  for (int kills = 0; kills < 3; ++kills) {
    const std::size_t heard = run.err().size();
    const pid_t agent = agent_of(run.pid());
    ASSERT_GT(agent, 0);
    ASSERT_EQ(::kill(agent, SIGKILL), 0);
    const std::string after = run.err_line(started, heard);
    EXPECT_EQ(field(after, "gatewayPort"), field(before, "gatewayPort"));
    EXPECT_EQ(field(after, "runDir"), field(before, "runDir"));
    EXPECT_NE(agent_of(run.pid()), agent);
    before = after;
  }
  folder_.write("go", "");
  EXPECT_EQ(run.wait().code, 7) << run.err();
  EXPECT_THAT(run.err(), HasSubstr("drained"));
}

TEST_F(AgentRun, a_command_that_ends_while_its_agent_is_dead_is_drained_by_the_next_agent) {
  Process run = this->run(until_exists("pid") + "kill -9 $(cat " + folder_.path("pid") + "); exit 3");
  run.err_line(started);
  folder_.write("new", std::to_string(agent_of(run.pid())));
  fs::rename(folder_.path("new"), folder_.path("pid"));
  EXPECT_EQ(run.wait().code, 3) << run.err();
  const auto again = run.err().find(started, run.err().find(started) + 1);
  ASSERT_NE(again, std::string::npos) << run.err();
  EXPECT_NE(run.err().find("drained", again), std::string::npos) << run.err();
}

TEST_F(AgentRun, a_signal_goes_to_the_command_first) {
  Process run = this->run("trap 'echo told; exit 9' TERM; echo ready; while :; do sleep 0.02; done");
  run.out_line("ready");
  run.signal(SIGTERM);
  EXPECT_EQ(run.wait().code, 9);
  EXPECT_THAT(run.out(), HasSubstr("told"));
  EXPECT_THAT(run.err(), HasSubstr("drained"));
}

TEST_F(AgentRun, nothing_is_started_for_an_agent_that_refuses) {
  Process run = this->run("touch " + folder_.path("begun"), {"--listen", "192.0.2.1:9"});
  EXPECT_EQ(run.wait().code, 1);
  EXPECT_FALSE(fs::exists(folder_.path("begun")));
  EXPECT_THAT(run.err(), HasSubstr("admin.listen is '192.0.2.1:9'"));
}

TEST_F(AgentRun, a_gateway_that_anybody_could_reach_is_refused) {
  Process run = this->run("true", {"--gateway", "0.0.0.0:0"});
  EXPECT_EQ(run.wait().code, 1);
  EXPECT_THAT(run.err(), HasSubstr("only a loopback address is safe here"));
}

TEST_F(AgentRun, nothing_is_left_when_it_is_killed_itself) {
  Process run = this->run("echo ready; sleep 1000");
  const std::string line = run.err_line(started);
  run.out_line("ready");
  const pid_t agent = agent_of(run.pid());
  const std::string directory = field(line, "runDir");
  run.kill();
  wait_until("the agent has drained", [&] { return !fs::exists("/proc/" + std::to_string(agent)); });
  EXPECT_THAT(run.err(), HasSubstr("drained"));
  fs::remove_all(directory);  // nobody was left to do it
}

}  // namespace
}  // namespace outrigger::test
