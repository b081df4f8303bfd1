// From a container's specification to the one of its launch: command, environment, user, mounts.
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "tests/apiserver/kubelet/process_pod.h"

namespace outrigger::apiserver {
namespace {

namespace fs = std::filesystem;

const ImageRule* rule_for(const ProcessSettings& settings, const std::string& image) {
  const auto found = std::find_if(settings.images.begin(), settings.images.end(),
                                  [&](const ImageRule& rule) { return glob_matches(rule.image, image); });
  return found == settings.images.end() ? nullptr : &*found;
}

std::vector<std::string> words(const Json& container, const char* name, const EnvList& env) {
  std::vector<std::string> list;
  for (const auto& word : child(container, name)) {
    if (word.is_string()) list.push_back(expand(word.get<std::string>(), env));
  }
  return list;
}

bool is_projected(const Json& pod, const std::string& volume_name) {
  if (volume_name == access_volume) return true;
  for (const auto& volume : child(child(pod, "spec"), "volumes")) {
    if (string_member(volume, "name") != volume_name) continue;
    return volume.contains("configMap") || volume.contains("secret") || volume.contains("projected") ||
           volume.contains("downwardAPI");
  }
  return false;
}

bool claim_is_read_only(const Json& pod, const std::string& volume_name) {
  for (const auto& volume : child(child(pod, "spec"), "volumes")) {
    if (string_member(volume, "name") == volume_name && volume.contains("persistentVolumeClaim"))
      return volume["persistentVolumeClaim"].value("readOnly", false);
  }
  return false;
}

std::uint32_t id_of(const Json& container, const Json& pod, const char* name) {
  for (const Json* context : {&container, &pod}) {
    const auto found = context->find(name);
    if (found != context->end() && found->is_number_unsigned()) return found->get<std::uint32_t>();
  }
  return 0;
}

}  // namespace

tl::expected<LaunchSpec, std::string> ProcessPod::launch_spec_of(const Container& container) {
  LaunchSpec spec;
  spec.hostname = string_member(pod_["spec"], "hostname");
  if (spec.hostname.empty()) spec.hostname = name().substr(0, 63);
  EnvList base = host_.environment;
  base.emplace_back("HOSTNAME", spec.hostname);
  const ImageRule* rule = rule_for(host_.settings, container.view->image);
  set_user(container, spec);
  if (rule != nullptr) set_image_user(container, *rule, spec);
  if (auto problem = refuse_root(container, spec)) return tl::unexpected(*problem);
  base.emplace_back("HOME", spec.uid == 0 ? "/root" : "/");
  if (rule != nullptr) {
    base.insert(base.end(), rule->environment.begin(), rule->environment.end());
    spec.overlays = rule->content;
    if (!rule->working_dir.empty()) spec.cwd = rule->working_dir;
  }
  auto env = environment_of(pod_, container.spec, std::move(base), lookup(), host_.node);
  if (!env) return tl::unexpected(env.error());
  spec.env = std::move(*env);
  if (const auto dir = string_member(container.spec, "workingDir"); !dir.empty()) spec.cwd = dir;
  if (auto problem = set_command(container, spec)) return tl::unexpected(*problem);
  spec.scratch = directory_ + "/scratch/" + container.view->name;
  fs::create_directories(spec.scratch);
  // Other pods' volumes, tokens and environments are none of this one's business.
  spec.hidden = {fs::path(directory_).parent_path().parent_path().string()};
  if (auto problem = add_mounts(container, spec)) return tl::unexpected(*problem);
  return spec;
}

std::optional<std::string> ProcessPod::set_command(const Container& container, LaunchSpec& spec) const {
  spec.argv = words(container.spec, "command", spec.env);
  if (spec.argv.empty()) {
    const ImageRule* rule = rule_for(host_.settings, container.view->image);
    if (rule == nullptr || rule->entrypoint.empty()) {
      return "image " + container.view->image +
             " has no entrypoint here: give the container a command, or the server "
             "an --entrypoint for the image";
    }
    spec.argv = {rule->entrypoint};
  }
  const auto args = words(container.spec, "args", spec.env);
  spec.argv.insert(spec.argv.end(), args.begin(), args.end());
  return {};
}

void ProcessPod::set_user(const Container& container, LaunchSpec& spec) const {
  const Json& own = child(container.spec, "securityContext");
  const Json& pod = child(child(pod_, "spec"), "securityContext");
  spec.no_new_privileges =
      own.contains("allowPrivilegeEscalation") && own["allowPrivilegeEscalation"] == false;
  spec.read_only_root = own.contains("readOnlyRootFilesystem") && own["readOnlyRootFilesystem"] == true;
  if (!host_.may_change_user) return;
  spec.uid = id_of(own, pod, "runAsUser");
  spec.gid = id_of(own, pod, "runAsGroup");
  if (const std::uint32_t group = id_of(Json::object(), pod, "fsGroup"); group != 0)
    spec.groups.push_back(group);
  for (const auto& group : child(pod, "supplementalGroups")) {
    if (group.is_number_unsigned()) spec.groups.push_back(group.get<std::uint32_t>());
  }
}

// Whoever says runAsUser leaves the image's group, too.
void ProcessPod::set_image_user(const Container& container, const ImageRule& rule, LaunchSpec& spec) const {
  const Json& own = child(container.spec, "securityContext");
  const Json& pod = child(child(pod_, "spec"), "securityContext");
  const auto said = [&](const char* name) { return own.contains(name) || pod.contains(name); };
  if (!host_.may_change_user || said("runAsUser")) return;
  spec.uid = rule.uid;
  if (!said("runAsGroup")) spec.gid = rule.gid;
}

std::optional<std::string> ProcessPod::refuse_root(const Container& container, const LaunchSpec& spec) const {
  if (!host_.may_change_user || spec.uid != 0) return {};
  for (const Json* context :
       {&child(container.spec, "securityContext"), &child(child(pod_, "spec"), "securityContext")}) {
    const auto found = context->find("runAsNonRoot");
    if (found == context->end() || !found->is_boolean()) continue;
    if (!found->get<bool>()) return {};
    return "container has runAsNonRoot and image will run as root (pod: \"" + name() + "_" + name_space() +
           "(" + string_member(pod_["metadata"], "uid") + ")\", container: " + container.view->name + ")";
  }
  return {};
}

// As CRI-O does: who is not in the image's user database gets a line in it. Java asks for its user's name.
std::optional<std::string> ProcessPod::user_database(const LaunchSpec& spec) const {
  if (spec.uid == 0 || ::getpwuid(spec.uid) != nullptr) return {};
  const std::string path = directory_ + "/passwd-" + std::to_string(spec.uid);
  std::ofstream out(path, std::ios::trunc);
  if (std::ifstream image("/etc/passwd"); image.peek() != std::ifstream::traits_type::eof())
    out << image.rdbuf();
  const std::string id = std::to_string(spec.uid);
  out << id << ":x:" << id << ":" << spec.gid << ":" << id << " user:" << (spec.cwd.empty() ? "/" : spec.cwd)
      << ":/sbin/nologin\n";
  return path;
}

std::optional<std::string> ProcessPod::add_mounts(const Container& container, LaunchSpec& spec) const {
  const std::string hostname = directory_ + "/hostname";
  std::ofstream(hostname, std::ios::trunc) << spec.hostname << "\n";
  spec.mounts.push_back({directory_ + "/hosts", "/etc/hosts", true});
  spec.mounts.push_back({hostname, "/etc/hostname", true});
  if (const auto users = user_database(spec)) spec.mounts.push_back({*users, "/etc/passwd", true});
  const std::string message = directory_ + "/specs/" + container.view->name + ".message";
  std::ofstream(message, std::ios::trunc).flush();
  ::chmod(message.c_str(), 0666);
  const std::string message_path = string_member(container.spec, "terminationMessagePath");
  spec.mounts.push_back({message, message_path.empty() ? "/dev/termination-log" : message_path, false});
  bool has_access = false;
  std::multimap<std::size_t, Json> wanted;  // outer mounts first: one may hold the mount point of another
  const auto want = [&](const Json& mount) {
    wanted.emplace(string_member(mount, "mountPath").size(), mount);
  };
  for (const auto& mount : child(container.spec, "volumeMounts")) {
    want(mount);
    has_access = has_access || string_member(mount, "mountPath") == access_path;
  }
  if (volumes_.contains(access_volume) && !has_access)
    want(Json{{"name", access_volume}, {"mountPath", access_path}});
  for (const auto& [length, mount] : wanted) {
    const std::string volume = string_member(mount, "name");
    const auto found = volumes_.find(volume);
    if (found == volumes_.end()) return "volume \"" + volume + "\" of a volumeMount is not in spec.volumes";
    std::string source = found->second;
    std::string sub = string_member(mount, "subPath");
    if (const auto text = string_member(mount, "subPathExpr"); !text.empty()) sub = expand(text, spec.env);
    const bool projected = is_projected(pod_, volume);
    if (!sub.empty()) {
      const fs::path path(sub);
      if (path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end())
        return "subPath '" + sub + "' leaves the volume";
      source += "/" + sub;
      std::error_code ignored;
      if (!projected && fs::create_directories(source, ignored)) ::chmod(source.c_str(), 0777);
    }
    const bool read_only = projected || mount.value("readOnly", false) || claim_is_read_only(pod_, volume);
    spec.mounts.push_back({source, string_member(mount, "mountPath"), read_only});
  }
  return {};
}

// The command line of a program that asks the container what a probe or hook wants to know; empty: unknown.
std::vector<std::string> ProcessPod::question(Container& container, const Json& handler, Millis timeout) {
  const std::string& launcher = host_.settings.launcher;
  if (handler.contains("exec")) {
    LaunchSpec spec = container.launch;
    spec.argv = words(handler["exec"], "command", {});
    spec.join_pid = container.child ? container.child->first_pid() : 0;
    if (spec.argv.empty() || *spec.join_pid == 0) return {};
    const std::string file =
        directory_ + "/specs/" + container.view->name + "-ask-" + std::to_string(next_ask_ % 4) + ".json";
    const auto mask = ::umask(0077);
    std::ofstream(file, std::ios::trunc) << to_text(spec);
    ::umask(mask);
    return {launcher, "join", file};
  }
  const bool http = handler.contains("httpGet");
  if (!http && !handler.contains("tcpSocket")) return {};
  const Json& action = handler[http ? "httpGet" : "tcpSocket"];
  std::string port;
  if (const auto found = action.find("port"); found != action.end())
    port = found->is_string() ? found->get<std::string>() : dump(*found);
  for (const auto& named : child(container.spec, "ports")) {
    if (string_member(named, "name") == port && named.contains("containerPort"))
      port = dump(named["containerPort"]);
  }
  std::string host = string_member(action, "host");
  if (host.empty()) host = view_.pod_ip;
  const std::string time = std::to_string(timeout.count());
  if (!http) return {launcher, "probe-tcp", host, port, time};
  if (string_member(action, "scheme") == "HTTPS") return {launcher, "probe-tcp", host, port, time};
  const std::string path = string_member(action, "path");
  return {launcher, "probe-http", host, port, path.empty() ? "/" : path, time};
}

}  // namespace outrigger::apiserver
