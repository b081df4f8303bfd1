#include "agent/ctl/view.h"

#include <algorithm>

#include "agent/ctl/text.h"

namespace outrigger::ctl {
namespace {

std::string ago(const std::optional<core::Nanos>& age) {
  return age ? human_fine(std::chrono::duration_cast<std::chrono::milliseconds>(*age)) + " ago"
             : std::string("never");
}

}  // namespace

std::string View::warning() const {
  if (!agent.alive) return "the agent is dead; this is its last state, heartbeat " + ago(agent.heartbeat_age);
  if (agent.retired) return "a newer agent has replaced the one that wrote this state; read again";
  if (!agent.heartbeat_age || *agent.heartbeat_age > hung_after)
    return "the agent hangs: heartbeat " + ago(agent.heartbeat_age);
  if (!control.synced)
    return "the agent has not yet read all pods from the API server (contact " + ago(agent.contact_age) + ")";
  if (control.stale)
    return "the agent is out of touch with the API server, last contact " + ago(agent.contact_age);
  if (!consistent) return "the state changed faster than it could be read; records are right one by one";
  return {};
}

const Executor* View::find(core::ExecutorId id) const {
  const auto at = std::lower_bound(
      executors.begin(), executors.end(), id,
      [](const Executor& e, core::ExecutorId wanted) { return e.record.pod.executor_id < wanted; });
  if (at == executors.end() || at->record.pod.executor_id != id) return nullptr;
  // One id can have a tombstone and a live pod; the newest change is the truth.
  const Executor* newest = &*at;
  for (auto next = at; next != executors.end() && next->record.pod.executor_id == id; ++next) {
    if (next->sequence > newest->sequence) newest = &*next;
  }
  return newest;
}

const Executor* View::find(const std::string& name) const {
  const Executor* newest = nullptr;
  for (const Executor& executor : executors) {
    if (executor.record.pod.name == name && (!newest || executor.sequence > newest->sequence))
      newest = &executor;
  }
  return newest;
}

std::string state_word(const core::ExecutorRecord& record) {
  return std::string(core::to_string(record.state));
}

std::string reason_word(const core::ExecutorRecord& record) {
  if (record.create_error != core::ApiErrorClass::none)
    return std::string(core::to_string(record.create_error));
  if (record.exit.exit_class != core::ExitClass::none)
    return std::string(core::to_string(record.exit.exit_class));
  return printable(record.pod.reason);
}

}  // namespace outrigger::ctl
