#include "agent/core/executor_state.h"

namespace outrigger::core {
namespace {

ExecutorState ended_state(const Pod& pod, ExitClass exit_class) {
  if (exit_class == ExitClass::succeeded) return ExecutorState::succeeded;
  const bool has_own_end = pod.executor.state == ContainerState::terminated || pod.phase == PodPhase::failed;
  return has_own_end ? ExecutorState::failed : ExecutorState::deleted;
}

}  // namespace

ExecutorStatus executor_status(const Pod& pod, const EndKnowledge& end) {
  const ExitVerdict exit = classify_exit(pod, end.gone, end.deleted_by_us);
  if (exit.exit_class != ExitClass::none) return {ended_state(pod, exit.exit_class), exit};
  if (pod.deleting()) return {ExecutorState::terminating, {}};
  switch (pod.phase) {
    case PodPhase::pending:
      return {ExecutorState::pending, {}};
    case PodPhase::running:
      return {ExecutorState::running, {}};
    default:
      return {ExecutorState::unknown, {}};  // succeeded and failed have ended above
  }
}

bool counts_as_alive(const Pod& pod, ExecutorState state) {
  switch (state) {
    case ExecutorState::pending:
    case ExecutorState::running:
    case ExecutorState::unknown:
      return true;
    case ExecutorState::terminating:
      return pod.phase != PodPhase::pending;
    default:
      return false;
  }
}

}  // namespace outrigger::core
