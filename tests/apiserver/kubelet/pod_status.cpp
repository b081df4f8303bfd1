#include "tests/apiserver/kubelet/pod_status.h"

#include <algorithm>
#include <array>

namespace outrigger::apiserver::pod_status {
namespace {

constexpr std::array order{"observedGeneration",
                           "phase",
                           "conditions",
                           "message",
                           "reason",
                           "nominatedNodeName",
                           "hostIP",
                           "hostIPs",
                           "podIP",
                           "podIPs",
                           "startTime",
                           "initContainerStatuses",
                           "containerStatuses",
                           "qosClass"};

std::string names_of(const PodFacts& facts) {
  std::string names;
  for (const auto& container : facts.containers)
    names.append(names.empty() ? "" : " ").append(container.name);
  return names;
}

Json container_status(const ContainerInfo& container, Json state, bool ready, bool started) {
  return {{"name", container.name},
          {"state", std::move(state)},
          {"lastState", Json::object()},
          {"ready", ready},
          {"restartCount", 0},
          {"image", container.image},
          {"imageID", started ? "sim://" + container.image : ""}};
}

std::string container_id(const PodFacts& facts, const ContainerInfo& container) {
  return "sim://" + facts.uid + "/" + container.name;
}

std::vector<ContainerInfo> all_containers(const PodFacts& facts) {
  auto all = facts.containers;
  if (facts.sidecar && all.size() == 1) all.push_back({"sidecar", "sidecar:1"});
  return all;
}

std::string started_at(const Json& status, const std::string& fallback) {
  const auto statuses = status.find("containerStatuses");
  if (statuses == status.end() || statuses->empty()) return fallback;
  const Json& state = child(statuses->front(), "state");
  const std::string started = string_member(child(state, "running"), "startedAt");
  return started.empty() ? fallback : started;
}

}  // namespace

void reorder(Json& status) {
  Json sorted = Json::object();
  for (const char* name : order) {
    if (auto it = status.find(name); it != status.end()) sorted[name] = std::move(*it);
  }
  status = std::move(sorted);
}

void set_condition(Json& status, std::string_view type, bool value, const std::string& now,
                   std::string_view reason, std::string_view message) {
  Json& conditions = status["conditions"];
  if (!conditions.is_array()) conditions = Json::array();
  const std::string wanted = value ? "True" : "False";
  const auto found = std::find_if(conditions.begin(), conditions.end(),
                                  [&](const Json& c) { return string_member(c, "type") == type; });
  const bool same = found != conditions.end() && string_member(*found, "status") == wanted;
  Json condition{{"type", type},
                 {"status", wanted},
                 {"lastProbeTime", nullptr},
                 {"lastTransitionTime", same ? string_member(*found, "lastTransitionTime") : now}};
  if (!reason.empty()) condition["reason"] = reason;
  if (!message.empty()) condition["message"] = message;
  if (found != conditions.end()) {
    *found = std::move(condition);
  } else {
    conditions.push_back(std::move(condition));
  }
}

void scheduled(Json& status, const std::string& now) {
  set_condition(status, "PodScheduled", true, now);
  reorder(status);
}

void unschedulable(Json& status, const std::string& now, std::string_view message) {
  set_condition(status, "PodScheduled", false, now, "Unschedulable", message);
  reorder(status);
}

void creating(Json& status, const PodFacts& facts, const std::string& now) {
  const std::string unready = "containers with unready status: [" + names_of(facts) + "]";
  set_condition(status, "PodReadyToStartContainers", false, now);
  set_condition(status, "Initialized", true, now);
  set_condition(status, "Ready", false, now, "ContainersNotReady", unready);
  set_condition(status, "ContainersReady", false, now, "ContainersNotReady", unready);
  status["hostIP"] = facts.host_ip;
  status["hostIPs"] = Json::array({Json{{"ip", facts.host_ip}}});
  status["startTime"] = now;
  status["containerStatuses"] = Json::array();
  for (const auto& container : all_containers(facts)) {
    Json entry = container_status(container, {{"waiting", {{"reason", "ContainerCreating"}}}}, false, false);
    entry["started"] = false;
    status["containerStatuses"].push_back(std::move(entry));
  }
  reorder(status);
}

void waiting(Json& status, std::string_view reason, std::string_view message) {
  for (auto& container : status["containerStatuses"])
    container["state"] = {{"waiting", {{"reason", reason}, {"message", message}}}};
}

void running(Json& status, const PodFacts& facts, const std::string& now) {
  status["phase"] = "Running";
  set_condition(status, "PodReadyToStartContainers", true, now);
  set_condition(status, "Ready", true, now);
  set_condition(status, "ContainersReady", true, now);
  status["podIP"] = facts.pod_ip;
  status["podIPs"] = Json::array({Json{{"ip", facts.pod_ip}}});
  status["containerStatuses"] = Json::array();
  for (const auto& container : all_containers(facts)) {
    Json entry = container_status(container, {{"running", {{"startedAt", now}}}}, true, true);
    entry["containerID"] = container_id(facts, container);
    entry["started"] = true;
    status["containerStatuses"].push_back(std::move(entry));
  }
  reorder(status);
}

void ended(Json& status, const PodFacts& facts, const Ending& ending, const std::string& now) {
  const std::string started = started_at(status, now);
  const bool success = ending.exit_code == 0 && !ending.failed;
  const auto containers = all_containers(facts);
  status["containerStatuses"] = Json::array();
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const bool lives = i > 0 && ending.sidecar_lives;
    Json state = lives ? Json{{"running", {{"startedAt", started}}}}
                       : Json{{"terminated",
                               {{"exitCode", ending.exit_code},
                                {"reason", ending.container_reason},
                                {"startedAt", started},
                                {"finishedAt", now},
                                {"containerID", container_id(facts, containers[i])}}}};
    Json entry = container_status(containers[i], std::move(state), lives, true);
    entry["containerID"] = container_id(facts, containers[i]);
    entry["started"] = lives;
    status["containerStatuses"].push_back(std::move(entry));
  }
  if (ending.sidecar_lives) {
    const std::string unready = "containers with unready status: [" + containers.front().name + "]";
    set_condition(status, "Ready", false, now, "ContainersNotReady", unready);
    set_condition(status, "ContainersReady", false, now, "ContainersNotReady", unready);
    return reorder(status);
  }
  status["phase"] = success ? "Succeeded" : "Failed";
  const std::string_view reason = success ? "PodCompleted" : "PodFailed";
  set_condition(status, "PodReadyToStartContainers", false, now);
  if (success) set_condition(status, "Initialized", true, now);
  set_condition(status, "Ready", false, now, reason);
  set_condition(status, "ContainersReady", false, now, reason);
  if (!ending.message.empty()) status["message"] = ending.message;
  if (!ending.pod_reason.empty()) status["reason"] = ending.pod_reason;
  reorder(status);
}

void init_failed(Json& status, const PodFacts& facts, const std::string& now) {
  creating(status, facts, now);
  status["phase"] = "Failed";
  set_condition(status, "Initialized", false, now, "PodFailed");
  Json init = container_status(
      {"init", "init:1"},
      {{"terminated", {{"exitCode", 1}, {"reason", "Error"}, {"startedAt", now}, {"finishedAt", now}}}},
      false, true);
  init["started"] = false;
  status["initContainerStatuses"] = Json::array({init});
  for (auto& container : status["containerStatuses"])
    container["state"] = {{"waiting", {{"reason", "PodInitializing"}}}};
  reorder(status);
}

void disrupted(Json& status, const std::string& now, std::string_view reason, std::string_view message) {
  set_condition(status, "DisruptionTarget", true, now, reason, message);
  reorder(status);
}

}  // namespace outrigger::apiserver::pod_status
