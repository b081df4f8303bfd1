// Why an executor ended, from evidence. One total function; unknown stays the application's.
#pragma once
#include <cstdint>
#include <string_view>

#include "agent/core/pod.h"

namespace outrigger::core {

// The numbers are part of the channel's byte map (ipc/README.md): append only.
enum class ExitClass : std::uint8_t {
  none = 0,          // not ended
  succeeded,         // exit code 0
  app_error,         // any other exit code of the executor's container
  oom_container,     // OOMKilled
  jvm_oom,           // exit 52
  uncaught,          // exit 50 or 10
  disk,              // exit 53
  sigkill_unknown,   // 137 without OOMKilled and without deletionTimestamp
  preempted,         // DisruptionTarget PreemptionByScheduler, reason Preempting
  evicted_api,       // DisruptionTarget EvictionByEvictionAPI
  node_pressure,     // DisruptionTarget TerminationByKubelet, reason Evicted (not the pod's own limit)
  own_limit,         // reason Evicted because of the pod's own ephemeral-storage or memory limit
  node_shutdown,     // reason NodeShutdown, Terminated
  node_lost,         // DeletionByTaintManager, DeletionByPodGC, reason NodeLost
  requested,         // we deleted it
  deleted_external,  // someone else deleted it
  startup_env,       // image pull, config error, init or sidecar container failed
  count_             // not a class
};

struct ExitVerdict {
  ExitClass exit_class = ExitClass::none;
  bool caused_by_app = false;
  std::int32_t exit_code = 0;
};

// `gone`: the pod was DELETED (or a fresh list no longer has it). `deleted_by_us`: our delete ledger has its
// uid. `final` pods give the same verdict at each call.
ExitVerdict classify_exit(const Pod& pod, bool gone, bool deleted_by_us);

std::string_view to_string(ExitClass exit_class);

}  // namespace outrigger::core
