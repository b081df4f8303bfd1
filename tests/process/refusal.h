// One refusal through the front door: the agent of a test, what it says, and that a good one can follow it.
#pragma once
#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/support/processes.h"
#include "tests/support/processes_stage.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::test {

// In every kubeconfig and token file here, so that a test sees it wherever it leaks.
inline constexpr const char* secret = "verysecrettoken";

class RefusalTest : public testing::Test {
 protected:
  AgentOptions options(const std::string& kubeconfig) const;
  // Runs it to its end, which is exit code 1 with one line for people on standard error (all other lines are log
  // lines) and no secret on either stream. The line, without the program's name.
  std::string refused(const Launch& launch);
  std::string refused(const AgentOptions& agent) { return refused(agent_launch(agent)); }
  // The same for faults that are told one line each.
  std::vector<std::string> refused_for(const Launch& launch);
  // Nothing was left that a reader could take for an agent.
  void expect_no_channel() const;
  // A good agent on the same directories works, and drains.
  void expect_reusable();
  std::string kubeconfig_of(const Kubeconfig& config, const std::string& name = "config") const;

  TemporaryFolder folder_;
  std::string run_dir_ = folder_.path("run"), lock_dir_ = folder_.path("lock");
};

// Two agents never share one: waits until the channel of `agent` is open.
void wait_open(Process& agent);

}  // namespace outrigger::test
