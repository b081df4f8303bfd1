// Why a pod ends. The names are those of the agent's exit classes, plus exit-N.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger::apiserver {

enum class CauseKind : std::uint8_t {
  exit,              // exit code and reason of the executor's container
  node_pressure,     // Evicted, DisruptionTarget TerminationByKubelet
  own_limit,         // Evicted for the pod's own ephemeral storage
  preempted,         // DisruptionTarget PreemptionByScheduler, then deletion
  evicted_api,       // DisruptionTarget EvictionByEvictionAPI, then deletion
  node_lost,         // DisruptionTarget DeletionByTaintManager, then deletion without a word of the kubelet
  node_lost_reason,  // status.reason NodeLost, then deletion
  pod_gc,            // DisruptionTarget DeletionByPodGC, then forced deletion
  node_shutdown,     // Failed, reason Terminated
  deleted_external,  // deleted by someone else
  startup_env,       // image pull failure; only of a pod that has not started
};

struct Cause {
  CauseKind kind = CauseKind::exit;
  int exit_code = 0;
  std::string exit_reason;  // of the container, as in "OOMKilled"; empty = Completed or Error
};

// "oom_container", "exit-52", "node-lost"; '-' and '_' are the same. Unknown names give nothing.
std::optional<Cause> parse_cause(std::string_view name);
std::string known_causes();

}  // namespace outrigger::apiserver
