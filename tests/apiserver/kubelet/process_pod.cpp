#include "tests/apiserver/kubelet/process_pod.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace outrigger::apiserver {
namespace {

namespace fs = std::filesystem;
constexpr Millis longest_back_off{300'000};
constexpr std::size_t termination_message_most = 4096;

bool always(const Json& container) {
  return string_member(container, "restartPolicy") == "Always";
}

// Whole, readable by this user only: environments hold secrets.
void write_private(const std::string& path, const std::string& text) {
  const auto mask = ::umask(0077);
  std::ofstream(path, std::ios::trunc) << text;
  ::umask(mask);
}

std::string first_bytes(const std::string& path, std::size_t most) {
  std::ifstream in(path, std::ios::binary);
  std::string text(most, '\0');
  in.read(text.data(), static_cast<std::streamsize>(most));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

ProcessPod::ProcessPod(PodHost& host, Json pod, std::string directory, Hooks hooks)
    : host_(host), pod_(std::move(pod)), directory_(std::move(directory)), hooks_(std::move(hooks)) {
  const Json& spec = pod_["spec"];
  view_.host_ip = string_member(pod_["status"], "hostIP");
  view_.pod_ip = string_member(pod_["status"], "podIP");
  view_.start_time = now();
  const auto view_of = [&](const Json& container, bool init, bool first) {
    ContainerView view;
    view.name = string_member(container, "name");
    view.image = string_member(container, "image");
    view.sidecar = init && always(container);
    const bool waits = !init && spec.contains("initContainers") && !spec["initContainers"].empty();
    view.waiting_reason = waits || (init && !first) ? "PodInitializing" : "ContainerCreating";
    return view;
  };
  for (const auto& container : child(spec, "initContainers"))
    view_.init.push_back(view_of(container, true, view_.init.empty()));
  for (const auto& container : child(spec, "containers"))
    view_.app.push_back(view_of(container, false, false));
  containers_.resize(view_.init.size() + view_.app.size());
  for (std::size_t i = 0; i < containers_.size(); ++i) {
    const bool init = i < view_.init.size();
    const std::size_t at = init ? i : i - view_.init.size();
    containers_[i].init = init;
    containers_[i].view = init ? &view_.init[at] : &view_.app[at];
    containers_[i].spec = spec[init ? "initContainers" : "containers"][at];
    if (child(child(containers_[i].spec, "resources"), "limits").size() > 0)
      host_.note(name_space() + "/" + name() + " " + containers_[i].view->name +
                 ": resource limits are not enforced");
  }
  for (const char* part : {"", "/volumes", "/scratch", "/specs"}) fs::create_directories(directory_ + part);
  fs::permissions(directory_, fs::perms::owner_all);
  write_hosts();
}

ProcessPod::~ProcessPod() {
  host_.clock.cancel(deadline_);
  asks_.clear();
  for (auto& container : containers_) {
    host_.clock.cancel(container.restart);
    host_.clock.cancel(container.kill);
    container.probers.clear();
  }
  for (auto& container : containers_) {
    if (container.child) container.child->kill();  // all of them first, then wait for each
  }
  for (auto& container : containers_) container.child.reset();
  remove_volumes(directory_ + "/volumes");
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

ObjectLookup ProcessPod::lookup() const {
  return [this](Resource resource, const std::string& object) {
    return host_.find(resource, name_space(), object);
  };
}

void ProcessPod::write_hosts() {
  const std::string hostname = string_member(pod_["spec"], "hostname");
  const std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n" + view_.pod_ip +
                           " " + (hostname.empty() ? name() : hostname) + "\n" +
                           host_.service_hosts(name_space());
  const std::string path = directory_ + "/hosts";
  if (first_bytes(path, text.size() + 1) != text) std::ofstream(path, std::ios::trunc) << text;
}

void ProcessPod::objects_changed() {
  if (view_.over) return;
  write_hosts();
  if (stopping_) return;
  if (view_.sandbox) prepare();  // renews what is projected; a problem now leaves the files as they are
  sync();
}

void ProcessPod::wait_all(const std::string& reason, const std::string& message) {
  for (auto& container : containers_) {
    if (container.view->phase != ContainerView::Phase::waiting || container.child) continue;
    container.view->waiting_reason = reason;
    container.view->waiting_message = message;
  }
}

void ProcessPod::fail_image(bool back_off) {
  no_image_ = true;
  const std::string image = view_.app.empty() ? "" : view_.app.front().image;
  wait_all(
      back_off ? "ImagePullBackOff" : "ErrImagePull",
      back_off ? "Back-off pulling image \"" + image + "\"" : "failed to pull and unpack image: not found");
  hooks_.changed();
}

bool ProcessPod::prepare() {
  VolumeOwner owner;
  const Json& security = child(pod_["spec"], "securityContext");
  if (host_.may_change_user && security.contains("fsGroup"))
    owner.group = security["fsGroup"].get<std::uint32_t>();
  std::vector<std::uint32_t> users;
  for (const auto& container : containers_) {
    LaunchSpec spec;
    set_user(container, spec);
    users.push_back(spec.uid);
  }
  if (!users.empty() && users.front() != 0 &&
      std::all_of(users.begin(), users.end(), [&](auto u) { return u == users.front(); }))
    owner.user = users.front();
  const std::string account = string_member(pod_["spec"], "serviceAccountName");
  auto paths = prepare_volumes(
      {.pod = pod_,
       .directory = directory_ + "/volumes",
       .claims = fs::path(directory_).parent_path().parent_path().string() + "/claims",
       .find = lookup(),
       .node = host_.node,
       .token = [&] { return host_.token(name_space(), account.empty() ? "default" : account); },
       .ca_pem = host_.ca_pem,
       .owner = owner});
  if (!paths) {
    if (!view_.sandbox) wait_all("ContainerCreating", paths.error());
    return false;
  }
  volumes_ = std::move(*paths);
  if (!view_.sandbox) wait_all(containers_.front().view->waiting_reason, "");
  view_.sandbox = true;
  return true;
}

void ProcessPod::sync() {
  if (view_.over || no_image_) return;
  if (stopping_) return stop_step();
  if ((view_.sandbox || prepare()) && (view_.initialized || sync_init())) {
    view_.initialized = true;
    for (auto& container : containers_) {
      const bool fresh = container.view->phase == ContainerView::Phase::waiting && !container.child;
      if (fresh && container.restart == 0 && !container.init) launch(container);
    }
  }
  const bool done =
      view_.initialized && std::all_of(view_.app.begin(), view_.app.end(), [](const auto& view) {
        return view.phase == ContainerView::Phase::terminated;
      });
  if (done) return stop(grace());  // the sidecars
  if (!view_.over) hooks_.changed();
}

// Starts the next init container that is due; true when all are through.
bool ProcessPod::sync_init() {
  for (auto& container : containers_) {
    if (!container.init) break;
    const ContainerView& view = *container.view;
    if (view.phase == ContainerView::Phase::waiting) {
      if (!container.child && container.restart == 0) launch(container);
      return false;
    }
    if (view.sidecar ? view.started
                     : view.phase == ContainerView::Phase::terminated && view.end->exit_code == 0)
      continue;
    if (!view.sidecar && view.phase == ContainerView::Phase::terminated) {
      view_.failed = true;
      stop(grace());
    }
    return false;
  }
  return true;
}

void ProcessPod::launch(Container& container) {
  ContainerView& view = *container.view;
  auto spec = launch_spec_of(container);
  if (!spec) {
    view.waiting_reason = "CreateContainerConfigError";
    view.waiting_message = spec.error();
    return;
  }
  container.launch = std::move(*spec);
  container.stopping = false;
  const std::string file = directory_ + "/specs/" + view.name + ".json";
  write_private(file, to_text(container.launch));
  fs::create_directories(fs::path(log_file(view.name)).parent_path());
  try {
    container.child = std::make_unique<Child>(
        host_.descriptors,
        Child::Options{.argv = {host_.settings.launcher, "container", file},
                       .log = log_file(view.name),
                       .on_running = [this, &container] { running(container); },
                       .on_end = [this, &container](const ChildEnd& end) { ended(container, end); }});
  } catch (const std::runtime_error& problem) {
    view.waiting_reason = "CreateContainerError";
    view.waiting_message = problem.what();
  }
}

void ProcessPod::running(Container& container) {
  ContainerView& view = *container.view;
  view.phase = ContainerView::Phase::running;
  view.started_at = now();
  view.id = "process://" + string_member(pod_["metadata"], "uid") + "/" + view.name + "/" +
            std::to_string(view.restarts);
  if (child(container.spec, "lifecycle").contains("postStart"))
    host_.note(name_space() + "/" + name() + " " + view.name + ": postStart hooks are not run");
  if (!container.spec.contains("startupProbe")) return started(container);
  probe(container, "startupProbe", [this, &container](bool success) {
    if (success) return started(container);
    host_.note(name_space() + "/" + name() + " " + container.view->name +
               ": startup probe failed, container is killed");
    stop_container(container, grace());
  });
  hooks_.changed();
}

void ProcessPod::started(Container& container) {
  ContainerView& view = *container.view;
  container.probers.clear();
  view.started = true;
  view.ready = !container.spec.contains("readinessProbe");
  if (!view.ready) {
    probe(container, "readinessProbe", [this, &container](bool success) {
      container.view->ready = success;
      hooks_.changed();
    });
  }
  if (container.spec.contains("livenessProbe")) {
    probe(container, "livenessProbe", [this, &container](bool success) {
      if (success) return;
      host_.note(name_space() + "/" + name() + " " + container.view->name +
                 ": liveness probe failed, container is killed");
      stop_container(container, grace());
    });
  }
  sync();
}

void ProcessPod::probe(Container& container, const char* name, std::function<void(bool)> on_result) {
  container.probers.push_back(std::make_unique<Prober>(
      host_.clock, container.spec[name],
      [this, &container](const Json& handler, Millis timeout, std::function<void(bool)> then) {
        ask(container, handler, timeout, std::move(then));
      },
      std::move(on_result)));
}

void ProcessPod::ended(Container& container, const ChildEnd& ending) {
  ContainerView& view = *container.view;
  container.child.reset();
  container.probers.clear();
  host_.clock.cancel(std::exchange(container.kill, 0));
  ContainerEnd end;
  if (container.forced) {
    end = *container.forced;
    container.forced.reset();
  } else if (!ending.error.empty()) {
    end = {.exit_code = 128, .reason = "StartError", .message = ending.error};
  } else {
    end.exit_code = ending.code;
    end.signal = ending.signal;
    end.reason = ending.code == 0 ? "Completed" : "Error";
    end.message = first_bytes(directory_ + "/specs/" + view.name + ".message", termination_message_most);
  }
  end.started_at = view.started_at.empty() ? now() : view.started_at;
  end.finished_at = now();
  if (view.id.empty()) view.id = "process://" + string_member(pod_["metadata"], "uid") + "/" + view.name;
  view.end = end;
  view.phase = ContainerView::Phase::terminated;
  view.started = view.ready = false;
  const std::string policy = string_member(pod_["spec"], "restartPolicy");
  const bool failed = end.exit_code != 0;
  const bool restart =
      view.sidecar || (container.init ? policy != "Never" && failed
                                      : policy == "Always" || (policy == "OnFailure" && failed));
  if (restart && !stopping_) restart_later(container);
  sync();
}

void ProcessPod::restart_later(Container& container) {
  ContainerView& view = *container.view;
  view.last = std::exchange(view.end, {});
  view.phase = ContainerView::Phase::waiting;
  view.waiting_reason = "CrashLoopBackOff";
  view.waiting_message = "back-off " + std::to_string(container.back_off.count() / 1000) +
                         "s restarting failed container=" + view.name + " pod=" + name();
  container.restart = host_.clock.after(container.back_off, [this, &container] {
    container.restart = 0;
    ++container.view->restarts;
    launch(container);
    hooks_.changed();
  });
  const Millis doubled = container.back_off * 2;
  container.back_off = std::min(longest_back_off, std::max(host_.settings.restart_back_off, doubled));
}

void ProcessPod::ask(Container& container, const Json& handler, Millis timeout,
                     std::function<void(bool)> then) {
  const std::uint64_t id = next_ask_++;
  const auto answer = [this, id, then](bool success) {
    host_.clock.after(Millis(0), [then, success, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) then(success);
    });
    asks_.erase(id);
  };
  try {
    auto timer = std::make_shared<TimerId>(0);
    auto argv = question(container, handler, timeout);
    if (argv.empty()) throw std::runtime_error("no handler that this kubelet knows");
    asks_[id] = std::make_unique<Child>(
        host_.descriptors,
        Child::Options{
            .argv = std::move(argv), .log = {}, .on_end = [this, timer, answer](const ChildEnd& end) {
              host_.clock.cancel(*timer);
              answer(end.error.empty() && end.code == 0);
            }});
    *timer = host_.clock.after(timeout, [this, id] {
      if (const auto found = asks_.find(id); found != asks_.end()) found->second->kill();
    });
  } catch (const std::runtime_error&) {
    answer(false);
  }
}

bool ProcessPod::uses(const std::string& path) const {
  return std::any_of(volumes_.begin(), volumes_.end(),
                     [&](const auto& volume) { return volume.second == path; });
}

std::string ProcessPod::log_file(const std::string& container) const {
  return host_.settings.logs + "/" + name_space() + "/" + name() + "/" + container + ".log";
}

}  // namespace outrigger::apiserver
