// Answers in sentences: which evidence led here, and what happens next.
#include <ostream>

#include "agent/ctl/commands.h"
#include "agent/ctl/text.h"

namespace outrigger::ctl {
namespace {

std::string_view meaning(core::ExitClass exit_class) {
  switch (exit_class) {
    case core::ExitClass::succeeded:
      return "it ended by itself with exit code 0";
    case core::ExitClass::app_error:
      return "its process ended with an error code of its own";
    case core::ExitClass::oom_container:
      return "the kernel killed it at the container's memory limit";
    case core::ExitClass::jvm_oom:
      return "the JVM ran out of heap (exit code 52)";
    case core::ExitClass::uncaught:
      return "an exception that nobody caught ended the JVM (exit code 50 or 10)";
    case core::ExitClass::disk:
      return "Spark could not use its local disk (exit code 53)";
    case core::ExitClass::sigkill_unknown:
      return "somebody sent SIGKILL; the cluster does not say who";
    case core::ExitClass::preempted:
      return "the scheduler preempted it for a pod of higher priority";
    case core::ExitClass::evicted_api:
      return "it was evicted through the eviction API, as a drain of its node does";
    case core::ExitClass::node_pressure:
      return "its node was short of memory or disk and evicted it";
    case core::ExitClass::own_limit:
      return "it used more disk or memory than its own limit and was evicted";
    case core::ExitClass::node_shutdown:
      return "its node was shut down";
    case core::ExitClass::node_lost:
      return "its node was lost";
    case core::ExitClass::requested:
      return "Outrigger deleted it, because the driver asked for it";
    case core::ExitClass::deleted_external:
      return "somebody outside this application deleted it";
    case core::ExitClass::startup_env:
      return "it could not start: image, configuration, or another container of its pod";
    case core::ExitClass::none:
    case core::ExitClass::count_:
      break;
  }
  return "no evidence says why";
}

std::string_view meaning(core::WaitReason reason) {
  switch (reason) {
    case core::WaitReason::no_driver:
      return "no driver is attached, or it has not finished saying what it wants";
    case core::WaitReason::no_template:
      return "the driver has not yet sent a pod template for executor ids of the next length";
    case core::WaitReason::no_ids:
      return "every executor id that the driver granted is used";
    case core::WaitReason::creating:
      return "creates are on their way, as many at a time as the server bears";
    case core::WaitReason::pending_limit:
      return "as many pods are pending as maxPendingPods allows";
    case core::WaitReason::maximum_reached:
      return "the executor ids have reached spark.kubernetes.allocation.maximum";
    case core::WaitReason::backoff:
      return "the last creates failed";
    case core::WaitReason::throttled:
      return "the API server asked to wait (429)";
    case core::WaitReason::not_synced:
      return "the agent has not yet read all pods from the API server";
    case core::WaitReason::scheduling:
      return "the pods exist and wait for a node or an image";
    case core::WaitReason::draining:
      return "the application is draining; nothing is created any more";
    case core::WaitReason::confirming:
      return "there are more executors than wanted; the driver has to agree before one is deleted";
    case core::WaitReason::readiness_gate:
      return "the driver pod is not ready yet, or its ConfigMap is missing";
    case core::WaitReason::claims:
      return "every PersistentVolumeClaim is in use or too new (waitToReusePersistentVolumeClaim), or the "
             "agent asks "
             "which there are";
    case core::WaitReason::none:
    case core::WaitReason::count_:
      break;
  }
  return {};
}

std::string because(const core::ExecutorRecord& record) {
  const core::Pod& pod = record.pod;
  const std::string message = pod.message.empty() ? std::string{} : ": " + printable(pod.message);
  switch (record.state) {
    case core::ExecutorState::creating:
      return "its create is in flight, or answered and not yet seen by the watch";
    case core::ExecutorState::create_failed:
      return "its pod could not be created (" + std::string(core::to_string(record.create_error)) + ")" +
             message;
    case core::ExecutorState::pending: {
      const std::string reason = reason_word(record);
      if (!reason.empty()) return "it can't start: " + reason + message;
      if (pod.node.empty()) return "no node has been chosen yet" + message;
      return "it is on node " + printable(pod.node) + " and its container has not started yet" + message;
    }
    case core::ExecutorState::running:
      return "it runs on node " + printable(pod.node);
    case core::ExecutorState::terminating:
      return std::string("it is being deleted: ") + std::string(meaning(record.exit.exit_class)) + message;
    case core::ExecutorState::wanted:
      return "the agent waits for the driver to render its pod";
    case core::ExecutorState::succeeded:
    case core::ExecutorState::failed:
    case core::ExecutorState::deleted:
      return std::string(meaning(record.exit.exit_class)) + message;
    default:
      return "the pod's phase says nothing" + message;
  }
}

}  // namespace

void print_why(std::ostream& out, const View& view, const Executor& executor) {
  const core::ExecutorRecord& record = executor.record;
  out << "executor " << record.pod.executor_id.value << " is " << state_word(record) << ": "
      << because(record) << '\n';
  if (record.exit.exit_class != core::ExitClass::none) {
    out << "class " << core::to_string(record.exit.exit_class) << ", exit code " << record.exit.exit_code
        << ": " << (record.exit.caused_by_app ? "counts" : "does not count")
        << " as a failure of the application\n";
  }
  if (record.delete_proposed)
    out << "it is surplus: the agent has proposed to delete it and waits for the driver\n";
  if (record.state != core::ExecutorState::pending && record.state != core::ExecutorState::creating) return;
  if (record.pod.created_at_ms != 0)
    out << "since " << age(record.pod.created_at_ms, view.read_at_ms) << '\n';
}

void print_why_pending(std::ostream& out, const View& view) {
  Table table{{"NAME", "ID", "PROFILE", "STATE", "REASON", "MESSAGE", "AGE"}, {}};
  for (const Executor& executor : view.executors) {
    const core::ExecutorRecord& record = executor.record;
    if (record.gone ||
        (record.state != core::ExecutorState::pending && record.state != core::ExecutorState::creating &&
         record.state != core::ExecutorState::wanted))
      continue;
    table.rows.push_back({printable(record.pod.name), std::to_string(record.pod.executor_id.value),
                          std::to_string(record.pod.profile.value), state_word(record), reason_word(record),
                          because(record), age(record.pod.created_at_ms, view.read_at_ms)});
  }
  for (const core::ProfileStatus& profile : view.profiles) {
    const std::uint32_t have = profile.creating + profile.pending + profile.running + profile.terminating;
    if (profile.wait == core::WaitReason::none) continue;
    out << "profile " << profile.profile.value << ": " << have << " of " << profile.target << ": "
        << meaning(profile.wait);
    if (!profile.last_error_message.empty()) out << ": " << printable(profile.last_error_message);
    out << '\n';
  }
  if (table.rows.empty()) {
    out << "no executor is pending\n";
    return;
  }
  print(out, table);
}

}  // namespace outrigger::ctl
