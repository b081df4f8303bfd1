#include "agent/ctl/attach.h"

#include <algorithm>
#include <chrono>

#include "ipc/snapshot_reader.h"
#include "ipc/state_file.h"
#include "ipc/system.h"

namespace outrigger::ctl {
namespace {

// Numbers above the catalogue come from a newer agent.
template <class Enum>
Enum known(std::uint8_t number) {
  return number < static_cast<std::uint8_t>(Enum::count_) ? static_cast<Enum>(number) : Enum{};
}

core::ExecutorRecord value_of(const ipc::Record& record) {
  const ipc::PodRecord hot = ipc::unpack_pod(record);
  core::ExecutorRecord value;
  value.state = known<core::ExecutorState>(hot.state);
  value.exit = {known<core::ExitClass>(hot.exit_class), (hot.flags & ipc::flag::caused_by_app) != 0,
                hot.exit_code};
  value.create_error = known<core::ApiErrorClass>(hot.create_error);
  value.delete_proposed = (hot.flags & ipc::flag::delete_proposed) != 0;
  value.gone = (hot.flags & ipc::flag::gone) != 0;
  value.owner_command = {hot.owner_command};
  core::Pod& pod = value.pod;
  pod.executor_id = {hot.executor_id};
  pod.profile = {hot.profile};
  pod.uid.words = hot.uid;
  pod.ip = hot.ip;
  pod.resource_version = hot.resource_version;
  pod.phase = hot.phase <= static_cast<std::uint8_t>(core::PodPhase::failed)
                  ? static_cast<core::PodPhase>(hot.phase)
                  : core::PodPhase::unknown;
  pod.scheduled = (hot.flags & ipc::flag::scheduled) != 0;
  pod.inactive = (hot.flags & ipc::flag::inactive) != 0;
  pod.created_at_ms = hot.created_at_ms;
  pod.scheduled_at_ms = hot.scheduled_at_ms;
  pod.executor.started_at_ms = hot.started_at_ms;
  pod.executor.finished_at_ms = hot.finished_at_ms;
  pod.deletion_at_ms = hot.deletion_at_ms;
  return value;
}

core::ProfileStatus profile_of(const ipc::Record& record, std::string message) {
  const ipc::ProfileRecord hot = ipc::unpack_profile(record);
  core::ProfileStatus value;
  value.profile = {hot.profile};
  value.target = hot.target;
  value.creating = hot.creating;
  value.pending = hot.pending;
  value.running = hot.running;
  value.terminating = hot.terminating;
  value.template_revision = hot.template_revision;
  value.template_digits = hot.template_digits;
  value.template_wanted = hot.template_wanted;
  value.wait = known<core::WaitReason>(hot.wait);
  value.last_error = known<core::ApiErrorClass>(hot.last_error);
  value.last_error_message = std::move(message);
  value.retry_at_monotonic_ns = hot.retry_at_ns;
  value.created_total = hot.created_total;
  value.create_failed_total = hot.create_failed_total;
  return value;
}

core::ControlStatus control_of(const ipc::Record& record, std::string message) {
  const ipc::ControlRecord hot = ipc::unpack_control(record);
  core::ControlStatus value;
  value.session = known<core::SessionState>(hot.session);
  value.synced = hot.synced;
  value.stale = hot.stale;
  value.resource_version = hot.resource_version;
  value.ids_wanted = hot.ids_wanted;
  value.drain_left = hot.drain_left;
  value.last_error = known<core::ApiErrorClass>(hot.last_error);
  value.last_error_message = std::move(message);
  return value;
}

std::optional<core::Nanos> since(std::int64_t then_ns, std::int64_t now_ns) {
  if (then_ns == 0) return std::nullopt;
  return core::Nanos{std::max<std::int64_t>(0, now_ns - then_ns)};
}

void read_table(ipc::SnapshotReader& reader, View& view) {
  std::vector<ipc::Record> records;
  view.consistent = reader.resync([&](const ipc::Record& record) { records.push_back(record); }).consistent;
  for (const ipc::Record& record : records) {
    const auto cold = reader.text(record).value_or(ipc::ColdText{});
    switch (record.kind()) {
      case ipc::RecordKind::pod: {
        Executor executor{value_of(record), record.sequence()};
        executor.record.pod.name = cold.name;
        executor.record.pod.node = cold.node;
        executor.record.pod.reason = cold.reason;
        executor.record.pod.message = cold.message;
        view.executors.push_back(std::move(executor));
        break;
      }
      case ipc::RecordKind::profile:
        view.profiles.push_back(profile_of(record, cold.message));
        break;
      case ipc::RecordKind::control:
        view.control = control_of(record, cold.message);
        break;
      case ipc::RecordKind::none:
        break;
    }
  }
  std::sort(view.executors.begin(), view.executors.end(), [](const Executor& a, const Executor& b) {
    return std::pair(a.record.pod.executor_id, a.sequence) < std::pair(b.record.pod.executor_id, b.sequence);
  });
  std::sort(view.profiles.begin(), view.profiles.end(),
            [](const auto& a, const auto& b) { return a.profile < b.profile; });
}

void read_agent(const ipc::SnapshotReader& reader, std::int64_t now_ns, View& view) {
  const ipc::Freshness fresh = reader.freshness();
  AgentFacts& agent = view.agent;
  agent.alive = fresh.alive;
  agent.retired = fresh.retired;
  agent.generation = reader.generation();
  agent.layout = std::to_string(ipc::layout_major) + "." +
                 std::to_string(reader.view().header->prefix.minor.load_relaxed());
  agent.heartbeat_age = since(fresh.heartbeat_ns, now_ns);
  agent.contact_age = since(fresh.contact_ns, now_ns);
  agent.capacity = reader.view().shape.capacity;
  agent.ring_entries = reader.view().shape.ring_entries;
  agent.applied = reader.applied();
  agent.records = static_cast<std::uint32_t>(view.executors.size());
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(ipc::Counter::count_); ++i) {
    const auto counter = static_cast<ipc::Counter>(i);
    view.counters.emplace_back(ipc::counter_name(counter), reader.counter(counter));
  }
}

// The texts of a slot are those of its newest record; an older one only borrows what never changes.
std::vector<Event> read_history(const ipc::SnapshotReader& reader, std::uint64_t after) {
  std::vector<Event> events;
  reader.history(0, [&](const ipc::Record& record) {
    if (record.kind() != ipc::RecordKind::pod || record.sequence() <= after) return;
    Event event{record.sequence(), value_of(record)};
    if (const auto cold = reader.text(record)) event.record.pod.name = cold->name;
    events.push_back(std::move(event));
  });
  return events;
}

}  // namespace

Result<Reading> read_state(const std::string& run_directory, const ReadOptions& options) {
  const auto state = ipc::attach_state({.path = run_directory + "/state", .accept_retired = true});
  if (!state) {
    std::string hint;
    if (state.reason() == ipc::Reason::no_file)
      hint = "; is the agent running, and is this its run directory? (--run-dir, OUTRIGGER_RUN_DIR)";
    return fail(state.failure().text + hint);
  }
  ipc::SnapshotReader reader(state.value().view);
  Reading reading;
  View& view = reading.view;
  view.run_directory = run_directory;
  const std::int64_t now_ns = ipc::monotonic_ns();
  view.read_at = core::Instant{core::Nanos{now_ns}};
  view.read_at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
  read_table(reader, view);
  read_agent(reader, now_ns, view);
  if (options.history) reading.history = read_history(reader, options.after);
  return reading;
}

}  // namespace outrigger::ctl
