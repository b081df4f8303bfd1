#include <ostream>

#include "agent/ctl/commands.h"
#include "agent/ctl/text.h"

namespace outrigger::ctl {
namespace {

void line(std::ostream& out, std::string_view name, const std::string& value) {
  out << name << std::string(name.size() < 14 ? 14 - name.size() : 1, ' ')
      << (value.empty() ? "<none>" : value) << '\n';
}

}  // namespace

void print_pod(std::ostream& out, const View& view, const Executor& executor,
               const std::vector<Event>& history) {
  const core::ExecutorRecord& record = executor.record;
  const core::Pod& pod = record.pod;
  line(out, "Name:", printable(pod.name));
  line(out, "Executor:", std::to_string(pod.executor_id.value));
  line(out, "Profile:", std::to_string(pod.profile.value));
  line(out, "UID:", pod.uid.empty() ? std::string{} : core::to_string(pod.uid));
  line(out, "State:",
       state_word(record) + (record.gone ? ", the pod is gone" : "") +
           (record.delete_proposed ? ", proposed for deletion" : ""));
  line(out, "Reason:", reason_word(record));
  line(out, "Message:", printable(pod.message));
  line(out, "Node:", printable(pod.node));
  line(out, "IP:", ip_text(pod.ip));
  line(out, "Created:", utc(pod.created_at_ms));
  line(out, "Scheduled:", utc(pod.scheduled_at_ms));
  line(out, "Started:", utc(pod.executor.started_at_ms));
  line(out, "Finished:", utc(pod.executor.finished_at_ms));
  if (pod.deleting()) line(out, "Deleted by:", utc(pod.deletion_at_ms));
  if (record.exit.exit_class != core::ExitClass::none) {
    line(out, "Exit:",
         std::string(core::to_string(record.exit.exit_class)) + ", code " +
             std::to_string(record.exit.exit_code) +
             (record.exit.caused_by_app ? ", counts against the application"
                                        : ", does not count against the application"));
  }
  out << "History:\n";
  if (history.empty()) {
    out << "  none left: the ring keeps the last " << view.agent.ring_entries
        << " changes of all executors\n";
    return;
  }
  print_events(out, history, true);
}

void print_events(std::ostream& out, const std::vector<Event>& events, bool heads) {
  Table table{{"NAME", "SEQUENCE", "ID", "STATE", "REASON", "EXIT", "VERSION", "SINCE"}, {}};
  for (const Event& event : events) {
    const core::ExecutorRecord& record = event.record;
    const core::Pod& pod = record.pod;
    core::WallMillis since = pod.created_at_ms;
    if (record.state == core::ExecutorState::running) since = pod.executor.started_at_ms;
    if (pod.deleting()) since = pod.deletion_at_ms;
    if (pod.executor.finished_at_ms != 0) since = pod.executor.finished_at_ms;
    const bool ended = record.exit.exit_class != core::ExitClass::none;
    table.rows.push_back(
        {printable(pod.name), std::to_string(event.sequence), std::to_string(pod.executor_id.value),
         state_word(record) + (record.gone ? ",gone" : ""), reason_word(record),
         ended ? std::to_string(record.exit.exit_code) : std::string{},
         pod.resource_version ? std::to_string(pod.resource_version) : std::string{}, utc(since)});
  }
  print(out, table, heads);
}

}  // namespace outrigger::ctl
