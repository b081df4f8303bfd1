#include "tests/apiserver/kubelet/process_kubelet.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/apiserver/kubelet/plan.h"
#include "tests/apiserver/kubelet/pod_status.h"
#include "tests/apiserver/kubelet/process_host.h"
#include "tests/apiserver/store/deletion.h"
#include "tests/apiserver/store/managed_fields.h"

namespace outrigger::apiserver {
namespace {

namespace fs = std::filesystem;
constexpr const char* address_of_all = "127.0.0.1";

EnvList base_environment(const ProcessSettings& settings, const ServerFacts& server) {
  EnvList env;
  for (const auto& name : settings.inherit) {
    if (const char* value = ::getenv(name.c_str()); value != nullptr) env.emplace_back(name, value);
  }
  const std::string port = std::to_string(server.port);
  env.emplace_back("KUBERNETES_SERVICE_HOST", server.address);
  env.emplace_back("KUBERNETES_SERVICE_PORT", port);
  env.emplace_back("KUBERNETES_SERVICE_PORT_HTTPS", port);
  return env;
}

constexpr const char* temporary_name = "outrigger-kubelet-";

// What servers left behind that were killed: nobody holds the lock on their directory any more.
void sweep_temporary_directories() {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(fs::temp_directory_path(), ignored)) {
    if (!entry.path().filename().string().starts_with(temporary_name)) continue;
    const auto age = fs::file_time_type::clock::now() - entry.last_write_time(ignored);
    if (age < std::chrono::minutes(1)) continue;  // it may be about to be locked
    const int directory = ::open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) continue;
    if (::flock(directory, LOCK_EX | LOCK_NB) == 0) fs::remove_all(entry.path(), ignored);
    ::close(directory);
  }
}

NodeFacts this_node() {
  return {.cpus = ::sysconf(_SC_NPROCESSORS_ONLN),
          .memory_bytes = ::sysconf(_SC_PHYS_PAGES) * ::sysconf(_SC_PAGESIZE)};
}

}  // namespace

ProcessKubelet::ProcessKubelet(Store& store, Clock& clock, Descriptors& descriptors, ProcessSettings settings,
                               ServerFacts server)
    : store_(store),
      clock_(clock),
      settings_(std::move(settings)),
      host_{.clock = clock,
            .descriptors = descriptors,
            .settings = settings_,
            .node = this_node(),
            .environment = base_environment(settings_, server),
            .ca_pem = server.ca_pem,
            .may_change_user = may_change_user(),
            .find = [this](Resource resource, const std::string& name_space,
                           const std::string& name) -> std::optional<Json> {
              const auto object = store_.find(resource, name_space, name);
              if (!object) return std::nullopt;
              return to_json(*object);
            },
            .token = server.token,
            .service_hosts = [this](const std::string& name_space) { return service_hosts(name_space); },
            .note = [this](const std::string& text) { note(text); }} {
  if (settings_.directory.empty()) {
    sweep_temporary_directories();
    std::string pattern = (fs::temp_directory_path() / temporary_name).string() + "XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a directory " + pattern);
    settings_.directory = pattern;
    own_directory_ = true;
    lock_ = ::open(pattern.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::flock(lock_, LOCK_EX | LOCK_NB);
  }
  settings_.directory = fs::absolute(settings_.directory).string();
  for (const char* part : {"/pods", "/claims"}) fs::create_directories(settings_.directory + part);
  fs::permissions(settings_.directory, fs::perms::owner_all);
  if (settings_.logs.empty()) settings_.logs = settings_.directory + "/logs";
  settings_.logs = fs::absolute(settings_.logs).string();
  fs::create_directories(settings_.logs);
  store_.on_event([this](const Event& event) { on_event(event); });
}

ProcessKubelet::~ProcessKubelet() {
  for (auto& [uid, work] : work_) {
    if (work.pod) work.pod->kill();  // all at once, before waiting for each
  }
  work_.clear();
  std::error_code ignored;
  for (const char* part : {"/pods", "/claims"}) fs::remove_all(settings_.directory + part, ignored);
  if (own_directory_) fs::remove_all(settings_.directory, ignored);
  if (lock_ >= 0) ::close(lock_);
}

void ProcessKubelet::note(const std::string& text) const {
  std::ofstream(settings_.logs + "/kubelet.log", std::ios::app)
      << rfc3339(clock_.unix_ms()) << " " << text << "\n";
}

void ProcessKubelet::reset() {
  for (auto& [uid, work] : work_) clock_.cancel(work.timer);
  work_.clear();
  deaths_.clear();
  sweep_claims();
}

std::string ProcessKubelet::log_file(const std::string& name_space, const std::string& pod,
                                     const std::string& container) const {
  return settings_.logs + "/" + name_space + "/" + pod + "/" + container + ".log";
}

std::string ProcessKubelet::service_hosts(const std::string& name_space) const {
  const std::string address = std::string(address_of_all) + " ";
  std::string text =
      address + "kubernetes.default.svc kubernetes.default.svc.cluster.local kubernetes.default\n";
  for (const auto& [key, service] : store_.index(Resource::services)) {
    const std::string& name = service->meta.name;
    const std::string& space = service->meta.name_space;
    text += address;
    if (space == name_space) text += name + " ";
    for (const char* domain : {"", ".svc", ".svc.cluster.local"})
      text.append(name).append(".").append(space).append(domain).append(" ");
    text.back() = '\n';
  }
  return text;
}

SnapshotPtr ProcessKubelet::current(const std::string& uid) const {
  const auto found = work_.find(uid);
  if (found == work_.end() || found->second.gone) return nullptr;
  const auto& pods = store_.index(Resource::pods);
  const auto pod = pods.find(found->second.key);
  return pod == pods.end() || pod->second->meta.uid != uid ? nullptr : pod->second;
}

void ProcessKubelet::write(const std::string& uid, const std::string& manager,
                           const std::function<void(Json&, const std::string&)>& change,
                           const std::function<void(Draft&)>& more) {
  const SnapshotPtr pod = current(uid);
  if (!pod) return;
  const std::string now = rfc3339(clock_.unix_ms());
  Draft draft = edit(*pod);
  Json status = parse_json(draft.status);
  if (!status.is_object()) status = Json::object();
  change(status, now);
  set_status(draft, status);
  if (!more && draft.status == pod->status()) return;
  if (more) more(draft);
  if (!manager.empty()) note_manager(draft.meta, manager, "status", now, owned_status_fields(status));
  store_.put(std::move(draft));
}

void ProcessKubelet::on_event(const Event& event) {
  const Snapshot& object = *event.object;
  if (object.resource != Resource::pods) {
    if (object.resource == Resource::persistentvolumeclaims && event.type == EventType::deleted)
      claim_deleted(object.meta.uid);
    return objects_changed(object.meta.name_space);
  }
  const std::string& uid = object.meta.uid;
  if (event.type == EventType::added) return adopt(event.object);
  const auto found = work_.find(uid);
  if (found == work_.end()) return;
  if (event.type == EventType::deleted) {
    found->second.gone = true;
    clock_.cancel(found->second.timer);
    if (found->second.pod && !found->second.pod->is_over()) return found->second.pod->kill();
    clock_.after(Millis(0), [this, uid] { forget(uid); });
    return;
  }
  const bool shorter = event.previous->meta.deletion_grace_s.value_or(INT64_MAX) >
                       object.meta.deletion_grace_s.value_or(INT64_MAX);
  if (object.meta.terminating() && (!event.previous->meta.terminating() || shorter)) terminate(uid, object);
}

void ProcessKubelet::adopt(const SnapshotPtr& pod) {
  const PodPlan plan = plan_of(pod->meta.annotations);
  const std::string uid = pod->meta.uid;
  Work& work = work_[uid];
  work.key = pod->key();
  if (plan.never_scheduled) {
    work.timer = clock_.after(Millis(0), [this, uid, message = plan.unschedulable_message] {
      write(uid, "", [&](Json& status, const std::string& now) {
        pod_status::unschedulable(status, now,
                                  message.empty() ? "0/1 nodes are available: 1 Insufficient cpu." : message);
      });
    });
    return;
  }
  work.timer = clock_.after(plan.schedule.value_or(Millis(0)), [this, uid] { bind(uid); });
}

void ProcessKubelet::bind(const std::string& uid) {
  auto pod = current(uid);
  if (!pod || pod->meta.terminating()) return;
  Work& work = work_.at(uid);
  if (pod->fields.node_name.empty()) {
    write(uid, "", pod_status::scheduled, [&](Draft& draft) { set_node_name(draft, settings_.node); });
  }
  pod = current(uid);
  Json json = to_json(*pod);
  json["status"]["podIP"] = address_of_all;
  json["status"]["hostIP"] = address_of_all;
  work.pod = std::make_unique<ProcessPod>(
      host_, std::move(json), settings_.directory + "/pods/" + uid,
      ProcessPod::Hooks{.changed =
                            [this, uid] {
                              const auto found = work_.find(uid);
                              if (found == work_.end() || found->second.silent || !found->second.pod) return;
                              write(uid, "kubelet", [&](Json& status, const std::string& now) {
                                show(found->second.pod->view(), status, now);
                              });
                            },
                        .over = [this, uid] { clock_.after(Millis(0), [this, uid] { over(uid); }); }});
  if (!plan_of(pod->meta.annotations).image_pull_fails) return work.pod->start();
  work.pod->fail_image(false);
  work.timer = clock_.after(Millis(10'000), [this, uid] { back_off(uid); });
}

void ProcessKubelet::back_off(const std::string& uid) {
  const auto found = work_.find(uid);
  if (found != work_.end() && found->second.pod) found->second.pod->fail_image(true);
}

void ProcessKubelet::terminate(const std::string& uid, const Snapshot& pod) {
  Work& work = work_.at(uid);
  clock_.cancel(work.timer);
  const Millis grace(pod.meta.deletion_grace_s.value_or(0) * 1000);
  if (work.silent) {
    work.timer = clock_.after(grace, [this, uid] { remove(uid, 0); });
    return;
  }
  if (!work.pod || work.pod->is_over()) {
    work.timer = clock_.after(Millis(0), [this, uid] { remove(uid, 0); });
    return;
  }
  if (grace.count() == 0) return work.pod->kill();
  work.pod->stop(grace);
}

// Every process of the pod has ended.
void ProcessKubelet::over(const std::string& uid) {
  const auto found = work_.find(uid);
  if (found == work_.end()) return;
  if (found->second.gone) return forget(uid);
  const auto pod = current(uid);
  if (pod && pod->meta.terminating() && !found->second.silent) remove(uid, 0);
}

void ProcessKubelet::forget(const std::string& uid) {
  work_.erase(uid);
  sweep_claims();
}

void ProcessKubelet::remove(const std::string& uid, std::optional<std::int64_t> grace_s) {
  if (const auto pod = current(uid)) delete_object(store_, *pod, grace_s, clock_.unix_ms());
}

void ProcessKubelet::objects_changed(const std::string& name_space) {
  if (!changed_namespaces_.insert(name_space).second) return;
  clock_.after(Millis(0), [this, name_space] {
    changed_namespaces_.erase(name_space);
    std::vector<std::string> uids;
    for (const auto& [uid, work] : work_) {
      if (work.pod && !work.gone &&
          string_member(child(work.pod->json(), "metadata"), "namespace") == name_space)
        uids.push_back(uid);
    }
    for (const auto& uid : uids) {
      if (const auto found = work_.find(uid); found != work_.end()) found->second.pod->objects_changed();
    }
  });
}

void ProcessKubelet::claim_deleted(const std::string& uid) {
  deleted_claims_.insert(uid);
  clock_.after(Millis(0), [this] { sweep_claims(); });
}

// A volume goes when its claim is gone and no pod has it any more.
void ProcessKubelet::sweep_claims() {
  std::erase_if(deleted_claims_, [this](const std::string& uid) {
    const std::string path = settings_.directory + "/claims/" + uid;
    for (const auto& [pod_uid, work] : work_) {
      if (work.pod && !work.pod->is_over() && work.pod->uses(path)) return false;
    }
    std::error_code ignored;
    fs::remove_all(path, ignored);
    return true;
  });
}

void ProcessKubelet::disrupt(const std::string& uid, const char* reason, const std::string& message,
                             const char* manager) {
  write(uid, manager,
        [&](Json& status, const std::string& now) { pod_status::disrupted(status, now, reason, message); });
}

tl::expected<void, std::string> ProcessKubelet::die(std::string_view name_space, std::string_view name,
                                                    std::string_view cause_name) {
  const auto cause = parse_cause(cause_name);
  if (!cause)
    return tl::unexpected("cause '" + std::string(cause_name) + "' is not one of " + known_causes());
  const auto pod = store_.find(Resource::pods, name_space, name);
  if (!pod || !work_.contains(pod->meta.uid))
    return tl::unexpected("no pod " + std::string(name_space) + "/" + std::string(name));
  const std::string& uid = pod->meta.uid;
  const std::string& phase = pod->fields.phase;
  if (phase == "Failed" || phase == "Succeeded")
    return tl::unexpected("pod " + pod->key() + " has ended already");
  if (pod->meta.terminating()) return tl::unexpected("pod " + pod->key() + " is being deleted already");
  if (cause->kind == CauseKind::startup_env)
    return tl::unexpected<std::string>(
        "a pod of processes cannot die of startup_env on demand: give it the annotation "
        "sim.outrigger/image-pull-failure");
  const bool has_processes = work_.at(uid).pod != nullptr;
  if (!has_processes || (cause->kind == CauseKind::exit && phase != "Running"))
    return tl::unexpected("pod " + pod->key() + " is not running yet, so it cannot die of " +
                          std::string(cause_name));
  const auto label = pod->meta.labels.find("spark-exec-id");
  deaths_.push_back({pod->meta.name_space, pod->meta.name, uid,
                     label == pod->meta.labels.end() ? "" : label->second, std::string(cause_name),
                     clock_.unix_ms()});
  end(uid, *cause);
  return {};
}

void ProcessKubelet::end(const std::string& uid, const Cause& cause) {
  Work& work = work_.at(uid);
  const std::string name = current(uid)->meta.name;
  const auto lose_node = [&] {
    work.silent = true;
    work.pod->kill();
  };
  switch (cause.kind) {
    case CauseKind::exit:
      work.pod->end_main(cause.exit_code, !cause.exit_reason.empty() ? cause.exit_reason
                                          : cause.exit_code == 0     ? "Completed"
                                                                     : "Error");
      return;
    case CauseKind::node_pressure:
      disrupt(uid, "TerminationByKubelet", "The node was low on resource: memory. ", "kubelet");
      return work.pod->evict(
          "Evicted", "The node was low on resource: memory. Threshold quantity: 100Mi, available: 91Mi. ");
    case CauseKind::own_limit:
      disrupt(uid, "TerminationByKubelet", "Pod ephemeral local storage usage exceeds the limit. ",
              "kubelet");
      return work.pod->evict("Evicted",
                             "Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ");
    case CauseKind::node_shutdown:
      disrupt(uid, "TerminationByKubelet", "Pod was terminated in response to imminent node shutdown.",
              "kubelet");
      return work.pod->evict("Terminated", "Pod was terminated in response to imminent node shutdown.");
    case CauseKind::preempted:
      disrupt(uid, "PreemptionByScheduler",
              "default-scheduler: preempting to accommodate a higher priority pod", "kube-scheduler");
      return remove(uid, {});
    case CauseKind::evicted_api:
      disrupt(uid, "EvictionByEvictionAPI", "Eviction API: evicting", "kube-apiserver");
      return remove(uid, {});
    case CauseKind::node_lost:
      disrupt(uid, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint",
              "kube-controller-manager");
      lose_node();
      return remove(uid, {});
    case CauseKind::node_lost_reason:
      write(uid, "kube-controller-manager", [&](Json& status, const std::string&) {
        status["reason"] = "NodeLost";
        status["message"] = "Node " + settings_.node + " which was running pod " + name + " is unresponsive";
      });
      lose_node();
      return remove(uid, {});
    case CauseKind::pod_gc:
      lose_node();
      write(uid, "kube-controller-manager", [&](Json& status, const std::string& now) {
        status["phase"] = "Failed";
        pod_status::disrupted(status, now, "DeletionByPodGC", "PodGC: node no longer exists");
      });
      return remove(uid, 0);
    case CauseKind::deleted_external:
      return remove(uid, {});
    case CauseKind::startup_env:
      return;
  }
}

}  // namespace outrigger::apiserver
