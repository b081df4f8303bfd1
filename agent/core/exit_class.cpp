#include "agent/core/exit_class.h"

#include <algorithm>
#include <array>
#include <optional>

namespace outrigger::core {
namespace {

constexpr std::int32_t unknown_exit_code = -1;  // as Spark says it
constexpr std::int32_t code_sigkill = 137;
constexpr std::int32_t code_sigterm = 143;

struct ReasonRow {
  std::string_view reason;
  ExitClass exit_class;
};
// Reasons of the condition DisruptionTarget.
constexpr std::array disruptions{
    ReasonRow{"PreemptionByScheduler", ExitClass::preempted},
    ReasonRow{"EvictionByEvictionAPI", ExitClass::evicted_api},
    ReasonRow{"TerminationByKubelet", ExitClass::node_pressure},
    ReasonRow{"DeletionByTaintManager", ExitClass::node_lost},
    ReasonRow{"DeletionByPodGC", ExitClass::node_lost},
};
// status.reason.
constexpr std::array pod_reasons{
    ReasonRow{"Preempting", ExitClass::preempted},       ReasonRow{"Evicted", ExitClass::node_pressure},
    ReasonRow{"NodeShutdown", ExitClass::node_shutdown}, ReasonRow{"Shutdown", ExitClass::node_shutdown},
    ReasonRow{"Terminated", ExitClass::node_shutdown},   ReasonRow{"NodeLost", ExitClass::node_lost},
};

template <std::size_t n>
std::optional<ExitClass> row_of(const std::array<ReasonRow, n>& rows, std::string_view reason) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const ReasonRow& r) { return r.reason == reason; });
  if (found == rows.end()) return std::nullopt;
  return found->exit_class;
}

// The kubelet evicts for the pod's own limit with the same reason as for the node's pressure; only its
// message tells.
bool own_limit_message(std::string_view message) {
  for (const std::string_view part :
       {"exceeds the total limit of containers", "exceeded its local ephemeral storage limit",
        "Usage of EmptyDir volume", "exceeds the limit"})
    if (message.find(part) != std::string_view::npos) return true;
  return false;
}

bool caused_by_app(ExitClass c) {
  switch (c) {
    case ExitClass::succeeded:
    case ExitClass::app_error:
    case ExitClass::oom_container:
    case ExitClass::jvm_oom:
    case ExitClass::uncaught:
    case ExitClass::disk:
    case ExitClass::sigkill_unknown:
    case ExitClass::own_limit:
      return true;
    default:
      return false;
  }
}

// Conditions and reason: what the cluster says of the whole pod.
std::optional<ExitClass> by_cluster(const Pod& pod) {
  if (pod.reason == "Evicted" && own_limit_message(pod.message)) return ExitClass::own_limit;
  auto found = row_of(disruptions, pod.disruption_reason);
  // A graceful node shutdown sets the kubelet's condition too; the reason says which of the two it was.
  if (found == ExitClass::node_pressure) {
    const auto reason = row_of(pod_reasons, pod.reason);
    if (reason == ExitClass::node_shutdown || reason == ExitClass::preempted) return reason;
  }
  if (found) return found;
  return row_of(pod_reasons, pod.reason);
}

ExitClass judge(const Pod& pod, bool gone, bool deleted_by_us) {
  const bool ended = pod.executor.state == ContainerState::terminated;
  const std::int32_t code = pod.executor.exit_code;
  // 1. The container's own word, where nothing outside can explain it.
  if (ended) {
    if (pod.executor.reason == "OOMKilled") return ExitClass::oom_container;
    switch (code) {
      case 0:
        return ExitClass::succeeded;
      case 52:
        return ExitClass::jvm_oom;
      case 50:
      case 10:
        return ExitClass::uncaught;
      case 53:
        return ExitClass::disk;
      default:
        break;
    }
  } else if (pod.phase == PodPhase::succeeded) {
    return ExitClass::succeeded;
  }
  // 2. Conditions and reason.
  if (const auto cluster = by_cluster(pod)) return *cluster;
  // 3. Who deleted it. A code that no signal explains stays the application's (unless nothing ended at all).
  const bool signalled = code == code_sigkill || code == code_sigterm || pod.executor.signal != 0;
  if ((pod.deleting() || gone) && (!ended || signalled))
    if (ended || pod.phase != PodPhase::failed || gone)
      return deleted_by_us ? ExitClass::requested : ExitClass::deleted_external;
  if (ended) {
    if (code == code_sigkill || pod.executor.signal == 9) return ExitClass::sigkill_unknown;
    return ExitClass::app_error;
  }
  // 4. Never got so far.
  if (pod.phase == PodPhase::failed && (pod.other_container_failed || !pod.startup_reason.empty()))
    return ExitClass::startup_env;
  return ExitClass::app_error;
}

}  // namespace

ExitVerdict classify_exit(const Pod& pod, bool gone, bool deleted_by_us) {
  const bool ended = pod.executor.state == ContainerState::terminated;
  const bool over = ended || gone || pod.phase == PodPhase::succeeded || pod.phase == PodPhase::failed;
  if (!over) return {};
  ExitVerdict verdict;
  verdict.exit_class = judge(pod, gone, deleted_by_us);
  verdict.caused_by_app = caused_by_app(verdict.exit_class);
  if (ended)
    verdict.exit_code = pod.executor.exit_code;
  else
    verdict.exit_code = verdict.exit_class == ExitClass::succeeded ? 0 : unknown_exit_code;
  return verdict;
}

}  // namespace outrigger::core
