// The container statuses of a pod: which of them is the executor, and what the others say.
#include <limits>
#include <utility>

#include "agent/core/limits.h"
#include "agent/kube/pod_reader.h"

namespace outrigger::kube {

void clear(core::ExecutorContainer& container) {
  container.state = core::ContainerState::unknown;
  container.ready = false;
  container.exit_code = container.signal = 0;
  container.reason.clear();
  container.message.clear();
  container.started_at_ms = container.finished_at_ms = 0;
}

// Every reason to wait but the two of a normal start is a failure (ErrImagePull, CreateContainerConfigError,
// CrashLoopBackOff, and whatever a runtime adds).
bool cannot_start(const core::ExecutorContainer& container) {
  return container.state == core::ContainerState::waiting && !container.reason.empty() &&
         container.reason != "ContainerCreating" && container.reason != "PodInitializing";
}

bool PodReader::containers(core::Pod& pod) {
  bool found = false;
  std::size_t others = 0;
  const Others before = others_;
  const bool read_all = json_.array("status.containerStatuses", [&] {
    if (!container(container_, name_)) return false;
    if (name_ == container_name_) {
      std::swap(pod.executor, container_);
      found = true;
    } else {
      note_other(container_);
      ++others;
    }
    return true;
  });
  if (!read_all) return false;
  // The only container is the executor whatever its name; the first of several never is.
  if (!found && others == 1 && spec_containers_ <= 1) {
    std::swap(pod.executor, container_);
    others_ = before;
  }
  return true;
}

bool PodReader::init_containers() {
  return json_.array("status.initContainerStatuses", [&] {
    if (!container(container_, name_)) return false;
    note_other(container_);
    return true;
  });
}

bool PodReader::container(Container& out, std::string& name) {
  clear(out);
  name.clear();
  return json_.object("status.containerStatuses[]", [&](RawKey key) {
    if (key.is("name")) return json_.text("status.containerStatuses[].name", name);
    if (key.is("state")) return container_state(out);
    if (key.is("ready")) return json_.boolean("status.containerStatuses[].ready", out.ready);
    return true;
  });
}

bool PodReader::container_state(Container& out) {
  return json_.object("status.containerStatuses[].state", [&](RawKey key) {
    if (key.is("terminated")) return terminated(out);
    if (key.is("running")) return running(out);
    if (key.is("waiting")) return waiting(out);
    return true;
  });
}

bool PodReader::running(Container& out) {
  bool present = false;
  const bool read_all = json_.object(
      "state.running",
      [&](RawKey key) {
        if (!key.is("startedAt")) return true;
        return json_.timestamp("state.running.startedAt", out.started_at_ms);
      },
      &present);
  if (present) out.state = core::ContainerState::running;
  return read_all;
}

bool PodReader::waiting(Container& out) {
  bool present = false;
  const bool read_all =
      json_.object("state.waiting", [&](RawKey key) { return reason_or_message(key, out); }, &present);
  if (present) out.state = core::ContainerState::waiting;
  return read_all;
}

bool PodReader::terminated(Container& out) {
  constexpr std::int64_t least = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  bool present = false;
  std::int64_t exit_code = 0, signal = 0;
  const bool read_all = json_.object(
      "state.terminated",
      [&](RawKey key) {
        if (key.is("exitCode")) return json_.integer("state.terminated.exitCode", least, most, exit_code);
        if (key.is("signal")) return json_.integer("state.terminated.signal", least, most, signal);
        if (key.is("startedAt")) return json_.timestamp("state.terminated.startedAt", out.started_at_ms);
        if (key.is("finishedAt")) return json_.timestamp("state.terminated.finishedAt", out.finished_at_ms);
        return reason_or_message(key, out);
      },
      &present);
  if (present) out.state = core::ContainerState::terminated;
  out.exit_code = static_cast<std::int32_t>(exit_code);
  out.signal = static_cast<std::int32_t>(signal);
  return read_all;
}

bool PodReader::reason_or_message(RawKey key, Container& out) {
  if (key.is("reason")) return json_.text("containerStatuses[].state.reason", out.reason);
  if (!key.is("message")) return true;
  RawText raw;
  return json_.raw("containerStatuses[].state.message", raw) &&
         json_.unescape(raw, "containerStatuses[].state.message", out.message, core::limits::message_bytes);
}

void PodReader::note_other(const Container& container) {
  if (container.state == core::ContainerState::running) others_.running = true;
  if (container.state == core::ContainerState::terminated && container.exit_code != 0) others_.failed = true;
  if (cannot_start(container)) {
    others_.failed = true;
    if (others_.startup_reason.empty()) others_.startup_reason = container.reason;
  }
}

}  // namespace outrigger::kube
