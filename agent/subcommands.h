// outrigger-agent run [FLAGS] -- COMMAND and outrigger-agent install-shim DIR: what they need before and beside the agent.
#pragma once
#include <string>
#include <vector>

#include "agent/config/cluster.h"
#include "agent/config/load.h"
#include "agent/core/result.h"
#include "agent/launch/spark_command.h"

namespace outrigger {

struct RunArguments {
  bool around = false;  // `run`: with a command
  std::vector<std::string> agent_arguments;
  std::vector<std::string> command;
  std::string shim;  // --shim DIR of `run`; empty: of this installation
};
// Without the word `run` everything is the agent's.
Result<RunArguments> split_run(const std::vector<std::string>& arguments);

// A run directory in memory that goes with the object; empty, if the user gave one.
class PrivateDirectory {
 public:
  PrivateDirectory() = default;
  explicit PrivateDirectory(std::string path) : path_(std::move(path)) {}
  ~PrivateDirectory();
  PrivateDirectory(PrivateDirectory&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

 private:
  std::string path_;
};
// What `run` sets where the user has not: a private run directory, a gateway on any free port.
Result<PrivateDirectory> prepare_run(config::Config& config);

// Where a driver finds the agent of this configuration; no shim class path yet.
launch::AgentAddress driver_address(const config::Config& config, const config::Cluster& cluster,
                                    std::string gateway_url);

// The agent that `run` starts: this program, with the user's flags less those that the supervisor sets.
std::vector<std::string> agent_command(const RunArguments& run);

Result<launch::LaunchPlan> plan_run(const RunArguments& run, launch::AgentAddress address,
                                    const config::Environment& environment);

// Arguments after `install-shim`; the text to print.
Result<std::string> install_shim(const std::vector<std::string>& arguments);

}  // namespace outrigger
