#include "agent/ctl/json.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "agent/ctl/commands.h"
#include "agent/ctl/text.h"

namespace outrigger::ctl {
namespace {

using Json = nlohmann::ordered_json;

void put(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

std::string text(std::string_view view) {
  return std::string(view);
}

std::string dump(const Json& value, int indent) {
  // Cold texts may be cut in the middle of a character.
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json millis(const std::optional<core::Nanos>& age) {
  return age ? Json(std::chrono::duration_cast<std::chrono::milliseconds>(*age).count()) : Json();
}

Json json_of(const AgentFacts& agent) {
  Json json{{"alive", agent.alive},
            {"retired", agent.retired},
            {"generation", std::to_string(agent.generation)},
            {"layout", agent.layout},
            {"heartbeatAgeMs", millis(agent.heartbeat_age)},
            {"contactAgeMs", millis(agent.contact_age)},
            {"capacity", agent.capacity},
            {"records", agent.records},
            {"appliedSequence", agent.applied}};
  return json;
}

Json json_of(const core::ExecutorRecord& record, std::uint64_t sequence) {
  const core::Pod& pod = record.pod;
  Json json;
  put(json, "name", pod.name);
  json["executorId"] = pod.executor_id.value;
  json["profile"] = pod.profile.value;
  json["state"] = state_word(record);
  put(json, "reason", reason_word(record));
  put(json, "uid", pod.uid.empty() ? std::string{} : core::to_string(pod.uid));
  put(json, "ip", ip_text(pod.ip));
  put(json, "node", pod.node);
  put(json, "message", pod.message);
  put(json, "createdAt", utc(pod.created_at_ms));
  put(json, "scheduledAt", utc(pod.scheduled_at_ms));
  put(json, "startedAt", utc(pod.executor.started_at_ms));
  put(json, "finishedAt", utc(pod.executor.finished_at_ms));
  put(json, "deletionAt", utc(pod.deletion_at_ms));
  if (record.exit.exit_class != core::ExitClass::none) {
    json["exit"] = {{"class", text(core::to_string(record.exit.exit_class))},
                    {"code", record.exit.exit_code},
                    {"causedByApp", record.exit.caused_by_app}};
  }
  if (record.create_error != core::ApiErrorClass::none)
    json["createError"] = text(core::to_string(record.create_error));
  if (record.delete_proposed) json["deleteProposed"] = true;
  if (record.gone) json["gone"] = true;
  if (pod.resource_version != 0) json["resourceVersion"] = std::to_string(pod.resource_version);
  if (record.owner_command.value != 0) json["ownerCommand"] = record.owner_command.value;
  json["sequence"] = sequence;
  return json;
}

Json json_of(const core::ProfileStatus& profile) {
  Json json{{"profile", profile.profile.value},
            {"target", profile.target},
            {"creating", profile.creating},
            {"pending", profile.pending},
            {"running", profile.running},
            {"terminating", profile.terminating},
            {"created", profile.created_total},
            {"createFailed", profile.create_failed_total},
            {"wait", text(core::to_string(profile.wait))}};
  if (profile.last_error != core::ApiErrorClass::none) {
    json["lastError"] = text(core::to_string(profile.last_error));
    put(json, "lastErrorMessage", profile.last_error_message);
  }
  return json;
}

}  // namespace

void print_json_list(std::ostream& out, const View& view, const std::vector<const Executor*>& executors) {
  Json items = Json::array();
  for (const Executor* executor : executors) items.push_back(json_of(executor->record, executor->sequence));
  out << dump({{"kind", "ExecutorList"}, {"agent", json_of(view.agent)}, {"items", std::move(items)}}, 2)
      << '\n';
}

void print_status_json(std::ostream& out, const View& view) {
  Json control{{"session", text(core::to_string(view.control.session))},
               {"synced", view.control.synced},
               {"stale", view.control.stale},
               {"resourceVersion", std::to_string(view.control.resource_version)},
               {"idsWanted", view.control.ids_wanted},
               {"drainLeft", view.control.drain_left}};
  if (view.control.last_error != core::ApiErrorClass::none) {
    control["lastError"] = text(core::to_string(view.control.last_error));
    put(control, "lastErrorMessage", view.control.last_error_message);
  }
  Json profiles = Json::array(), counters = Json::object();
  for (const core::ProfileStatus& profile : view.profiles) profiles.push_back(json_of(profile));
  for (const auto& [name, value] : view.counters) counters[name] = value;
  out << dump({{"kind", "Status"},
               {"runDirectory", view.run_directory},
               {"warning", view.warning()},
               {"agent", json_of(view.agent)},
               {"control", std::move(control)},
               {"profiles", std::move(profiles)},
               {"counters", std::move(counters)}},
              2)
      << '\n';
}

void print_pod_json(std::ostream& out, const View& view, const Executor& executor,
                    const std::vector<Event>& history) {
  Json json = json_of(executor.record, executor.sequence);
  json["agent"] = json_of(view.agent);
  json["history"] = Json::array();
  for (const Event& event : history) json["history"].push_back(json_of(event.record, event.sequence));
  out << dump(json, 2) << '\n';
}

void print_event_json(std::ostream& out, const Event& event) {
  out << dump(json_of(event.record, event.sequence), -1) << '\n';
}

}  // namespace outrigger::ctl
