#include "tests/apiserver/kubelet/kubelet.h"

#include <algorithm>
#include <cstdio>

#include "tests/apiserver/store/deletion.h"
#include "tests/apiserver/store/managed_fields.h"

namespace outrigger::apiserver {
namespace {

constexpr std::string_view executor_container = "spark-kubernetes-executor";
constexpr const char* default_unschedulable =
    "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption "
    "victims found for incoming pod.";

std::vector<ContainerInfo> containers_of(const Snapshot& pod) {
  std::vector<ContainerInfo> containers;
  const Json json = parse_json("{" + std::string(pod.members()) + "}");
  if (json.is_discarded() || !json.contains("spec") || !json["spec"].contains("containers"))
    return containers;
  for (const auto& container : json["spec"]["containers"])
    containers.push_back({string_member(container, "name"), string_member(container, "image")});
  const auto is_executor = [](const auto& c) { return c.name == executor_container; };
  if (const auto it = std::find_if(containers.begin(), containers.end(), is_executor); it != containers.end())
    std::rotate(containers.begin(), it, it + 1);
  return containers;
}

}  // namespace

Kubelet::Kubelet(Store& store, Clock& clock, KubeletSettings settings, std::uint64_t seed)
    : store_(store), clock_(clock), settings_(settings), random_(seed) {
  store_.on_event([this](const Event& event) { on_event(event); });
}

void Kubelet::reset() {
  for (auto& [uid, work] : work_) {
    clock_.cancel(work.next_step);
    clock_.cancel(work.termination);
  }
  work_.clear();
  deaths_.clear();
}

Millis Kubelet::pick(const DurationRange& range) {
  const auto width = static_cast<std::uint64_t>((range.most - range.least).count()) + 1;
  return range.least + Millis(static_cast<std::int64_t>(random_() % width));
}

void Kubelet::on_event(const Event& event) {
  if (event.object->resource != Resource::pods || !settings_.enabled) return;
  const std::string& uid = event.object->meta.uid;
  if (event.type == EventType::added) return adopt(event.object);
  const auto found = work_.find(uid);
  if (found == work_.end()) return;
  if (event.type == EventType::deleted) {
    clock_.cancel(found->second.next_step);
    clock_.cancel(found->second.termination);
    work_.erase(found);
    return;
  }
  const bool shorter = event.previous->meta.deletion_grace_s.value_or(INT64_MAX) >
                       event.object->meta.deletion_grace_s.value_or(INT64_MAX);
  if (event.object->meta.terminating() && (!event.previous->meta.terminating() || shorter))
    terminate(uid, *event.object);
}

void Kubelet::adopt(const SnapshotPtr& pod) {
  Work work;
  work.key = pod->key();
  work.plan = plan_of(pod->meta.annotations);
  work.facts.uid = pod->meta.uid;
  work.facts.containers = containers_of(*pod);
  work.facts.sidecar = work.plan.sidecar;
  const Millis delay = work.plan.schedule.value_or(pick(settings_.schedule));
  work_.insert_or_assign(pod->meta.uid, std::move(work));
  plan_step(pod->meta.uid, delay, &Kubelet::bind);
}

void Kubelet::plan_step(const std::string& uid, Millis delay, Step step) {
  work_.at(uid).next_step = clock_.after(delay, [this, uid, step] { (this->*step)(uid); });
}

SnapshotPtr Kubelet::current(const std::string& uid) const {
  const auto found = work_.find(uid);
  if (found == work_.end()) return nullptr;
  const auto& pods = store_.index(Resource::pods);
  const auto pod = pods.find(found->second.key);
  return pod == pods.end() || pod->second->meta.uid != uid ? nullptr : pod->second;
}

bool Kubelet::write(const std::string& uid, const std::function<void(Json&, const std::string&)>& change,
                    const std::function<void(Draft&)>& more) {
  const SnapshotPtr pod = current(uid);
  if (!pod) return false;
  const std::string now = rfc3339(clock_.unix_ms());
  Draft draft = edit(*pod);
  Json status = parse_json(draft.status);
  if (!status.is_object()) status = Json::object();  // a client may have written anything
  change(status, now);
  set_status(draft, status);
  if (more) {
    more(draft);
  } else {
    note_manager(draft.meta, "kubelet", "status", now, owned_status_fields(status));
  }
  store_.put(std::move(draft));
  return true;
}

void Kubelet::bind(const std::string& uid) {
  const auto pod = current(uid);
  if (!pod || pod->meta.terminating()) return;
  Work& work = work_.at(uid);
  if (work.plan.never_scheduled) {
    const std::string message =
        work.plan.unschedulable_message.empty() ? default_unschedulable : work.plan.unschedulable_message;
    write(
        uid, [&](Json& status, const std::string& now) { pod_status::unschedulable(status, now, message); },
        [&](Draft& draft) {
          Json fields = owned_status_fields(parse_json(draft.status));
          fields["f:status"].erase("f:phase");
          note_manager(draft.meta, "kube-scheduler", "status", rfc3339(clock_.unix_ms()), fields);
        });
    return;
  }
  const auto node = next_node_++ % static_cast<std::uint32_t>(std::max(1, settings_.nodes));
  char name[16];
  std::snprintf(name, sizeof name, "sim-%03u", node % 1000);
  work.facts.node = name;
  work.facts.host_ip = "172.30." + std::to_string((node + 1) / 256) + "." + std::to_string((node + 1) % 256);
  const std::uint32_t ip = ++next_ip_;
  work.facts.pod_ip = "10." + std::to_string(64 + ip / 65536 % 64) + "." + std::to_string(ip / 256 % 256) +
                      "." + std::to_string(ip % 256);
  // Binding belongs to no manager, as in the real server.
  write(uid, pod_status::scheduled, [&](Draft& draft) { set_node_name(draft, work.facts.node); });
  plan_step(uid, pick(settings_.create), &Kubelet::create);
}

void Kubelet::create(const std::string& uid) {
  const auto pod = current(uid);
  if (!pod || pod->meta.terminating()) return;
  const Work& work = work_.at(uid);
  if (work.plan.init_fails) {
    write(uid,
          [&](Json& status, const std::string& now) { pod_status::init_failed(status, work.facts, now); });
    return;
  }
  const bool pull_fails = work.plan.image_pull_fails;
  write(uid, [&](Json& status, const std::string& now) {
    pod_status::creating(status, work.facts, now);
    if (pull_fails) pod_status::waiting(status, "ErrImagePull", "failed to pull and unpack image: not found");
  });
  if (pull_fails) return plan_step(uid, settings_.pull_back_off, &Kubelet::back_off);
  plan_step(uid, work.plan.start.value_or(pick(settings_.start)), &Kubelet::start);
}

void Kubelet::back_off(const std::string& uid) {
  const auto pod = current(uid);
  if (!pod || pod->meta.terminating()) return;
  const auto& containers = work_.at(uid).facts.containers;
  const std::string image = containers.empty() ? "" : containers.front().image;
  write(uid, [&](Json& status, const std::string&) {
    pod_status::waiting(status, "ImagePullBackOff", "Back-off pulling image \"" + image + "\"");
  });
}

void Kubelet::start(const std::string& uid) {
  const auto pod = current(uid);
  if (!pod || pod->meta.terminating()) return;
  const Work& work = work_.at(uid);
  write(uid, [&](Json& status, const std::string& now) { pod_status::running(status, work.facts, now); });
  if (work.plan.run) plan_step(uid, *work.plan.run, &Kubelet::finish);
}

void Kubelet::finish(const std::string& uid) {
  const auto pod = current(uid);
  if (pod && !pod->meta.terminating()) end(uid, work_.at(uid).plan.end, work_.at(uid).plan.end_name);
}

void Kubelet::terminate(const std::string& uid, const Snapshot& pod) {
  Work& work = work_.at(uid);
  clock_.cancel(work.next_step);
  const Millis grace(pod.meta.deletion_grace_s.value_or(0) * 1000);
  if (grace.count() == 0) return;  // whoever asked removes it at once
  const Millis wish =
      work.plan.ignores_sigterm ? grace : work.plan.terminate.value_or(pick(settings_.terminate));
  clock_.cancel(work.termination);
  work.kill_at_ms = wish >= grace ? clock_.steady_ms() + grace.count() : 0;
  const Step step = work.silent ? &Kubelet::remove : &Kubelet::stop_containers;
  work.termination = clock_.after(std::min(wish, grace), [this, uid, step] { (this->*step)(uid); });
}

void Kubelet::stop_containers(const std::string& uid) {
  const auto pod = current(uid);
  if (!pod) return;
  const Work& work = work_.at(uid);
  if (pod->fields.phase == "Running") {
    const bool killed = work.kill_at_ms != 0;
    const Ending ending{.exit_code = killed ? 137 : 143,
                        .container_reason = "Error",
                        .pod_reason = {},
                        .message = {},
                        .failed = true};
    write(uid,
          [&](Json& status, const std::string& now) { pod_status::ended(status, work.facts, ending, now); });
  }
  remove(uid);
}

void Kubelet::remove(const std::string& uid) {
  if (const auto pod = current(uid)) delete_object(store_, *pod, 0, clock_.unix_ms());
}

tl::expected<void, std::string> Kubelet::die(std::string_view name_space, std::string_view name,
                                             std::string_view cause) {
  const auto parsed = parse_cause(cause);
  if (!parsed) return tl::unexpected("cause '" + std::string(cause) + "' is not one of " + known_causes());
  const auto pod = store_.find(Resource::pods, name_space, name);
  if (!pod || !work_.contains(pod->meta.uid))
    return tl::unexpected("no pod " + std::string(name_space) + "/" + std::string(name));
  return end(pod->meta.uid, *parsed, std::string(cause));
}

tl::expected<void, std::string> Kubelet::end(const std::string& uid, const Cause& cause, std::string name) {
  const auto pod = current(uid);
  Work& work = work_.at(uid);
  const bool started = pod->fields.phase == "Running";
  const bool needs_start = cause.kind == CauseKind::exit || cause.kind == CauseKind::node_pressure ||
                           cause.kind == CauseKind::own_limit || cause.kind == CauseKind::node_shutdown;
  if (pod->fields.phase == "Failed" || pod->fields.phase == "Succeeded")
    return tl::unexpected("pod " + work.key + " has ended already");
  if (pod->meta.terminating()) return tl::unexpected("pod " + work.key + " is being deleted already");
  if (needs_start && !started)
    return tl::unexpected("pod " + work.key + " is not running yet, so it cannot die of " + name);
  if (cause.kind == CauseKind::startup_env && started)
    return tl::unexpected("pod " + work.key + " runs already; startup_env is for pods that have not started");
  clock_.cancel(work.next_step);
  const auto label = pod->meta.labels.find("spark-exec-id");
  deaths_.push_back({pod->meta.name_space, pod->meta.name, uid,
                     label == pod->meta.labels.end() ? "" : label->second, std::move(name),
                     clock_.unix_ms()});

  const auto condition = [&](const char* reason, const char* message, const char* manager) {
    write(
        uid,
        [&](Json& status, const std::string& now) { pod_status::disrupted(status, now, reason, message); },
        [&](Draft& draft) {
          note_manager(draft.meta, manager, "status", rfc3339(clock_.unix_ms()),
                       owned_status_fields(parse_json(draft.status)));
        });
  };
  const auto failed = [&](int code, std::string reason, const std::string& message, bool target) {
    write(uid, [&](Json& status, const std::string& now) {
      pod_status::ended(status, work.facts,
                        {.exit_code = code,
                         .container_reason = "Error",
                         .pod_reason = std::move(reason),
                         .message = message,
                         .failed = true},
                        now);
      if (target) pod_status::disrupted(status, now, "TerminationByKubelet", message);
    });
  };
  const auto delete_now = [&](std::optional<std::int64_t> grace) {
    if (const auto now = current(uid)) delete_object(store_, *now, grace, clock_.unix_ms());
  };
  switch (cause.kind) {
    case CauseKind::exit: {
      const std::string reason =
          cause.exit_reason.empty() ? (cause.exit_code == 0 ? "Completed" : "Error") : cause.exit_reason;
      write(uid, [&](Json& status, const std::string& now) {
        pod_status::ended(status, work.facts,
                          {.exit_code = cause.exit_code,
                           .container_reason = reason,
                           .pod_reason = {},
                           .message = {},
                           .failed = false,
                           .sidecar_lives = work.facts.sidecar},
                          now);
      });
      break;
    }
    case CauseKind::node_pressure:
      failed(137, "Evicted",
             "The node was low on resource: memory. Threshold quantity: 100Mi, available: 91Mi. ", true);
      break;
    case CauseKind::own_limit:
      failed(137, "Evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ",
             true);
      break;
    case CauseKind::node_shutdown:
      failed(143, "Terminated", "Pod was terminated in response to imminent node shutdown.", true);
      break;
    case CauseKind::preempted:
      condition("PreemptionByScheduler", "default-scheduler: preempting to accommodate a higher priority pod",
                "kube-scheduler");
      delete_now({});
      break;
    case CauseKind::evicted_api:
      condition("EvictionByEvictionAPI", "Eviction API: evicting", "kube-apiserver");
      delete_now({});
      break;
    case CauseKind::node_lost:
      work.silent = true;
      condition("DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint",
                "kube-controller-manager");
      delete_now({});
      break;
    case CauseKind::node_lost_reason:
      work.silent = true;
      write(uid, [&](Json& status, const std::string&) {
        status["reason"] = "NodeLost";
        status["message"] =
            "Node " + work.facts.node + " which was running pod " + pod->meta.name + " is unresponsive";
      });
      delete_now({});
      break;
    case CauseKind::pod_gc:
      write(uid, [&](Json& status, const std::string& now) {
        status["phase"] = "Failed";
        pod_status::disrupted(status, now, "DeletionByPodGC", "PodGC: node no longer exists");
      });
      delete_now(0);
      break;
    case CauseKind::deleted_external:
      delete_now({});
      break;
    case CauseKind::startup_env:
      work.plan.image_pull_fails = true;
      if (pod->fields.node_name.empty()) {
        plan_step(uid, Millis(0), &Kubelet::bind);
      } else {
        plan_step(uid, Millis(0), &Kubelet::create);
      }
      break;
  }
  return {};
}

}  // namespace outrigger::apiserver
