// How a pod of processes ends: hooks, signals, grace periods, and deaths on demand.
#include <algorithm>

#include "tests/apiserver/kubelet/process_pod.h"

namespace outrigger::apiserver {

void ProcessPod::stop_container(Container& container, Millis time) {
  if (!container.child || container.stopping) return;
  container.stopping = true;
  container.kill = host_.clock.after(time, [&container] {
    if (container.child) container.child->kill();
  });
  const Json& hook = child(child(container.spec, "lifecycle"), "preStop");
  const auto terminate = [&container](bool) {
    if (container.child && container.stopping) container.child->terminate();
  };
  if (container.view->phase != ContainerView::Phase::running || hook.empty()) return terminate(true);
  if (hook.contains("sleep")) {
    const auto seconds = hook["sleep"].value("seconds", 0);
    host_.clock.after(Millis(1000 * seconds), [terminate, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) terminate(true);
    });
    return;
  }
  ask(container, hook, time, terminate);
}

void ProcessPod::stop(Millis time) {
  if (view_.over) return;
  const std::int64_t until = host_.clock.steady_ms() + time.count();
  stopping_ = true;
  if (until < deadline_ms_) {
    deadline_ms_ = until;
    host_.clock.cancel(deadline_);
    deadline_ = host_.clock.after(time, [this] { kill(); });
  }
  stop_step();
}

void ProcessPod::kill() {
  stopping_ = true;
  deadline_ms_ = std::min(deadline_ms_, host_.clock.steady_ms());  // no grace is left for anyone
  for (auto& container : containers_) {
    if (container.child) container.child->kill();
  }
  stop_step();
}

void ProcessPod::evict(const std::string& reason, const std::string& message) {
  view_.failed = true;
  view_.reason = reason;
  view_.message = message;
  kill();
}

bool ProcessPod::end_main(int exit_code, const std::string& reason) {
  const auto is_spark = [](const Container& c) {
    return !c.init && c.view->name.starts_with("spark-kubernetes-");
  };
  auto found = std::find_if(containers_.begin(), containers_.end(), is_spark);
  if (found == containers_.end())
    found = containers_.begin() + static_cast<std::ptrdiff_t>(view_.init.size());
  if (found == containers_.end() || !found->child || found->view->phase != ContainerView::Phase::running)
    return false;
  found->forced = ContainerEnd{.exit_code = exit_code, .reason = reason};
  found->child->kill();
  return true;
}

// Containers first, together; then the sidecars, the last one first.
void ProcessPod::stop_step() {
  if (view_.over) return;
  bool alive = false;
  for (auto& container : containers_) {
    host_.clock.cancel(std::exchange(container.restart, 0));
    if (container.view->sidecar || !container.child) continue;
    alive = true;
    stop_container(container, left());
  }
  if (alive) return hooks_.changed();
  for (auto at = containers_.rbegin(); at != containers_.rend(); ++at) {
    if (!at->child) continue;
    stop_container(*at, left());
    return hooks_.changed();
  }
  finish();
}

void ProcessPod::finish() {
  view_.over = true;
  host_.clock.cancel(deadline_);
  asks_.clear();
  hooks_.changed();
  hooks_.over();
}

Millis ProcessPod::grace() const {
  const Json& spec = child(pod_, "spec");
  const auto found = spec.find("terminationGracePeriodSeconds");
  return Millis(1000 * (found != spec.end() && found->is_number_integer() ? found->get<std::int64_t>() : 30));
}

Millis ProcessPod::left() const {
  return Millis(std::max<std::int64_t>(0, deadline_ms_ - host_.clock.steady_ms()));
}

}  // namespace outrigger::apiserver
