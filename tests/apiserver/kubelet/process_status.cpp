#include "tests/apiserver/kubelet/process_status.h"

#include <algorithm>

#include "tests/apiserver/kubelet/pod_status.h"

namespace outrigger::apiserver {
namespace {

const ContainerEnd& end_of(const ContainerView& container) {
  static const ContainerEnd none;
  return container.end ? *container.end : none;
}

bool has_succeeded(const ContainerView& container) {
  return container.phase == ContainerView::Phase::terminated && end_of(container).exit_code == 0;
}

Json terminated(const ContainerEnd& end, const std::string& id) {
  Json state{{"exitCode", end.exit_code}};
  if (end.signal != 0) state["signal"] = end.signal;
  state["reason"] = end.reason;
  if (!end.message.empty()) state["message"] = end.message;
  if (!end.started_at.empty()) state["startedAt"] = end.started_at;
  state["finishedAt"] = end.finished_at;
  if (!id.empty()) state["containerID"] = id;
  return Json{{"terminated", std::move(state)}};
}

Json state_of(const ContainerView& container) {
  switch (container.phase) {
    case ContainerView::Phase::running:
      return Json{{"running", {{"startedAt", container.started_at}}}};
    case ContainerView::Phase::terminated:
      return terminated(end_of(container), container.id);
    case ContainerView::Phase::waiting:
      break;
  }
  Json waiting{{"reason", container.waiting_reason}};
  if (!container.waiting_message.empty()) waiting["message"] = container.waiting_message;
  return Json{{"waiting", std::move(waiting)}};
}

Json status_of(const ContainerView& container, bool init) {
  const bool done = has_succeeded(container);
  const bool ready = init && !container.sidecar ? done : container.ready;
  Json status{{"name", container.name},
              {"state", state_of(container)},
              {"lastState", container.last ? terminated(*container.last, container.id) : Json::object()},
              {"ready", ready},
              {"restartCount", container.restarts},
              {"image", container.image},
              {"imageID", container.id.empty() ? "" : "process://" + container.image}};
  if (!container.id.empty()) status["containerID"] = container.id;
  status["started"] = container.started && container.phase == ContainerView::Phase::running;
  return status;
}

std::string unready(const std::vector<const ContainerView*>& containers) {
  std::string names;
  for (const auto* container : containers) {
    if (!container->ready) names.append(names.empty() ? "" : " ").append(container->name);
  }
  return names;
}

std::string uninitialized(const PodView& pod) {
  std::string names;
  for (const auto& container : pod.init) {
    const bool done = container.sidecar ? container.started : has_succeeded(container);
    if (!done) names.append(names.empty() ? "" : " ").append(container.name);
  }
  return names;
}

void show_conditions(const PodView& pod, Json& status, const std::string& now) {
  using pod_status::set_condition;
  const std::string phase = phase_of(pod);
  set_condition(status, "PodReadyToStartContainers", pod.sandbox && !pod.over, now);
  if (pod.initialized || phase == "Succeeded") {
    set_condition(status, "Initialized", true, now, phase == "Succeeded" ? "PodCompleted" : "");
  } else {
    set_condition(status, "Initialized", false, now, "ContainersNotInitialized",
                  "containers with incomplete status: [" + uninitialized(pod) + "]");
  }
  if (pod.over) {
    const char* reason = phase == "Succeeded" ? "PodCompleted" : "PodFailed";
    set_condition(status, "Ready", false, now, reason);
    set_condition(status, "ContainersReady", false, now, reason);
    return;
  }
  std::vector<const ContainerView*> matter;
  for (const auto& container : pod.init) {
    if (container.sidecar) matter.push_back(&container);
  }
  for (const auto& container : pod.app) matter.push_back(&container);
  const std::string names = unready(matter);
  const std::string message = names.empty() ? "" : "containers with unready status: [" + names + "]";
  const char* reason = names.empty() ? "" : "ContainersNotReady";
  set_condition(status, "Ready", names.empty(), now, reason, message);
  set_condition(status, "ContainersReady", names.empty(), now, reason, message);
}

}  // namespace

std::string phase_of(const PodView& pod) {
  if (pod.over) {
    const bool good = !pod.failed && std::all_of(pod.app.begin(), pod.app.end(), has_succeeded);
    return good ? "Succeeded" : "Failed";
  }
  const auto has_run = [](const ContainerView& c) {
    return c.phase != ContainerView::Phase::waiting || c.last.has_value();
  };
  return pod.initialized && std::any_of(pod.app.begin(), pod.app.end(), has_run) ? "Running" : "Pending";
}

void show(const PodView& pod, Json& status, const std::string& now) {
  status["phase"] = phase_of(pod);
  show_conditions(pod, status, now);
  if (!pod.reason.empty()) status["reason"] = pod.reason;
  if (!pod.message.empty()) status["message"] = pod.message;
  status["hostIP"] = pod.host_ip;
  status["hostIPs"] = Json::array({Json{{"ip", pod.host_ip}}});
  if (pod.sandbox) {
    status["podIP"] = pod.pod_ip;
    status["podIPs"] = Json::array({Json{{"ip", pod.pod_ip}}});
  }
  status["startTime"] = pod.start_time;
  if (!pod.init.empty()) {
    Json& list = status["initContainerStatuses"] = Json::array();
    for (const auto& container : pod.init) list.push_back(status_of(container, true));
  }
  Json& list = status["containerStatuses"] = Json::array();
  for (const auto& container : pod.app) list.push_back(status_of(container, false));
  pod_status::reorder(status);
}

}  // namespace outrigger::apiserver
