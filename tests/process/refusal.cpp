#include "tests/process/refusal.h"

#include <csignal>
#include <filesystem>
#include <sstream>

namespace outrigger::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view prefix = "outrigger-agent: ";

}  // namespace

AgentOptions RefusalTest::options(const std::string& kubeconfig) const {
  AgentOptions made;
  made.kubeconfig = kubeconfig;
  made.run_dir = run_dir_;
  made.lock_dir = lock_dir_;
  return made;
}

std::vector<std::string> RefusalTest::refused_for(const Launch& launch) {
  Process agent(launch);
  const Exit end = agent.wait();
  EXPECT_EQ(end.code, 1) << "signal " << end.signal << "\n" << agent.err();
  EXPECT_THAT(agent.err() + agent.out(), Not(HasSubstr(secret)));
  std::vector<std::string> told;
  std::istringstream said(agent.err());
  for (std::string line; std::getline(said, line);) {
    if (line.starts_with(prefix))
      told.push_back(line.substr(prefix.size()));
    else
      EXPECT_TRUE(line.starts_with("{\"ts\":")) << line;
    EXPECT_THAT(line, Not(HasSubstr("\"level\":\"error\"")));  // that would be the same fault a second time
  }
  return told;
}

std::string RefusalTest::refused(const Launch& launch) {
  const auto told = refused_for(launch);
  EXPECT_EQ(told.size(), 1u);
  return told.empty() ? "" : told[0];
}

void RefusalTest::expect_no_channel() const {
  if (!std::filesystem::exists(run_dir_)) return;
  for (const auto& entry : std::filesystem::directory_iterator(run_dir_))
    ADD_FAILURE() << entry.path() << " was left";
}

void RefusalTest::expect_reusable() {
  ApiServer server({.folder = folder_.path("good-server")});
  Process agent(agent_launch(options(server.kubeconfig())));
  wait_open(agent);
  for (const auto& entry : std::filesystem::directory_iterator(run_dir_))
    EXPECT_THAT(entry.path().string(), Not(HasSubstr(".tmp")));
  agent.signal(SIGTERM);
  EXPECT_EQ(agent.wait().code, 0) << agent.err();
}

std::string RefusalTest::kubeconfig_of(const Kubeconfig& config, const std::string& name) const {
  write_kubeconfig(folder_.path(name), config);
  return folder_.path(name);
}

void wait_open(Process& agent) {
  agent.err_line("the channel is open");
}

}  // namespace outrigger::test
