// outrigger-agent run: what the kubelet does in a pod, on a desk. It keeps an agent alive beside one command: an agent that
// dies is started again on the same run directory and the same gateway socket, so its driver only sees a pause. It holds no
// connection to the API server and no state of the application: both are the agent's.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/core/result.h"
#include "agent/launch/spark_command.h"

namespace outrigger {

struct SupervisorOptions {
  std::vector<std::string> agent;  // its argv, without run directory and gateway
  launch::LaunchPlan command;      // its address is of gateway() and `run_dir`
  std::string run_dir, lock_dir;
  config::Log log;
};

class Supervisor {
 public:
  // Binds the gateway's socket; an error names gateway.listen.
  static Result<std::unique_ptr<Supervisor>> open(const config::Config& config);
  ~Supervisor();
  std::string gateway_url() const;

  // Blocks until the command has ended and its agent has drained. The command's exit code; or the agent's, if it refused
  // at the start, was replaced, or could not drain in time. Signals go to the command first.
  Result<int> run(SupervisorOptions options);

 private:
  struct Parts;
  explicit Supervisor(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace outrigger
