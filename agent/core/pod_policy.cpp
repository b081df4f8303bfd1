#include "agent/core/pod_policy.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "agent/core/limits.h"
#include "agent/core/pod_template.h"

namespace outrigger::core {
namespace {

using Names = std::initializer_list<std::string_view>;

bool one_of(std::string_view text, Names names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

bool any_glob(const std::vector<std::string>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return glob_matches(glob, text); });
}

bool listed(const std::vector<std::string>& names, std::string_view text) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

// Nothing asked for: absent in all but its letters.
bool empty_value(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null:
      return true;
    case Json::Kind::boolean:
      return !value.truth();
    case Json::Kind::number:
      return false;
    case Json::Kind::string:
      return value.text().empty();
    case Json::Kind::array:
      return value.items().empty();
    case Json::Kind::object:
      return value.members().empty();
  }
  return false;
}

// Whole components, so that /data does not allow /database, and no way up.
bool under_prefix(std::string_view path, std::string_view prefix) {
  if (path.empty() || path.front() != '/' || (std::string(path) + "/").find("/../") != std::string::npos)
    return false;
  while (prefix.size() > 1 && prefix.back() == '/') prefix.remove_suffix(1);
  if (prefix.empty()) return false;
  if (prefix == "/") return true;
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

class Check {
 public:
  explicit Check(const PodPolicy& policy) : policy_(policy) {}
  void pod(const Json& pod);
  void extra(const Json& resource);
  std::vector<PolicyBreach> take() { return std::move(breaches_); }

 private:
  void breach(const std::string& path, const Json& value, std::string why);
  void breach(const std::string& path, std::string_view value, std::string why) {
    breach(path, Json::string(std::string(value)), std::move(why));
  }
  void unique_keys(const Json& value, const std::string& path);
  void metadata(const Json& resource);
  void spec(const Json& spec);
  void service_account(const Json& spec);
  void container(const Json& container, const std::string& path);
  void environment(const Json& container, const std::string& path);
  void handlers(const Json& container, const std::string& path);
  void handler(const Json* handler, const std::string& path);
  void security(const Json* context, const std::string& path, bool of_pod);
  void unconfined(const Json& context, const std::string& path);
  void volume(const Json& volume, const std::string& path);
  void projected(const Json& source, const std::string& path);
  void named(const std::vector<std::string>& globs, const Json* holder, std::string_view key,
             const std::string& path, std::string_view setting);
  template <class Each>
  void array(const Json& holder, std::string_view key, const std::string& path, Each each);
  void known_keys(const Json& holder, const std::string& path, Names allowed);

  const PodPolicy& policy_;
  std::vector<PolicyBreach> breaches_;
};

void Check::breach(const std::string& path, const Json& value, std::string why) {
  if (breaches_.size() >= limits::policy_breaches) return;
  constexpr std::size_t most = 80;
  std::string shown = write_json(value).value_or("...");
  std::replace(shown.begin(), shown.end(), id_slot, '#');
  if (shown.size() > most) {
    shown.resize(most);
    shown += "...";
  }
  breaches_.push_back({path, std::move(shown), std::move(why)});
}

// The allow list proper: a field that no rule here looks at may reach the node in a way nobody thought of.
void Check::known_keys(const Json& holder, const std::string& path, Names allowed) {
  if (!holder.is_object()) {
    if (!holder.is_null()) breach(path, holder, "must be an object");
    return;
  }
  for (const JsonMember& member : holder.members()) {
    if (!one_of(member.key, allowed) && !empty_value(member.value))
      breach(path + "." + member.key, member.value, "this field is not allowed by the pod policy");
  }
}

template <class Each>
void Check::array(const Json& holder, std::string_view key, const std::string& path, Each each) {
  const Json* found = holder.find(key);
  if (found == nullptr || found->is_null()) return;
  const std::string here = path + "." + std::string(key);
  if (!found->is_array()) return breach(here, *found, "must be an array");
  for (std::size_t i = 0; i < found->items().size(); ++i)
    each(found->items()[i], here + "[" + std::to_string(i) + "]");
}

void Check::named(const std::vector<std::string>& globs, const Json* holder, std::string_view key,
                  const std::string& path, std::string_view setting) {
  if (holder == nullptr || holder->is_null()) return;
  const std::string_view name = holder->text_at({key});
  if (name.empty() || !any_glob(globs, name))
    breach(path + "." + std::string(key), name,
           "is not allowed; setting policy." + std::string(setting) + " lists what is");
}

// Of two members with one key this check would read the first and the server the last.
void Check::unique_keys(const Json& value, const std::string& path) {
  std::vector<std::string_view> keys;
  for (const JsonMember& member : value.members()) keys.push_back(member.key);
  std::sort(keys.begin(), keys.end());
  if (const auto twice = std::adjacent_find(keys.begin(), keys.end()); twice != keys.end())
    breach(path + "." + std::string(*twice), Json{}, "this field is there twice");
  for (const JsonMember& member : value.members())
    if (!member.value.members().empty() || !member.value.items().empty())
      unique_keys(member.value, path + "." + member.key);
  for (std::size_t i = 0; i < value.items().size(); ++i)
    unique_keys(value.items()[i], path + "[" + std::to_string(i) + "]");
}

void Check::metadata(const Json& resource) {
  const Json* meta = resource.find("metadata");
  if (meta == nullptr) return;
  const Json* space = meta->find("namespace");
  if (space != nullptr && !empty_value(*space) && space->text() != policy_.name_space)
    breach("$.metadata.namespace", *space,
           "only the agent's own namespace '" + policy_.name_space + "' is allowed");
  array(*meta, "finalizers", "$.metadata", [&](const Json& item, const std::string& path) {
    if (!listed(policy_.finalizers, item.text()))
      breach(path, item,
             "would keep the pod from ever going; setting policy.finalizers lists what is allowed");
  });
  const Json* annotations = meta->find("annotations");
  if (annotations == nullptr) return;
  for (const JsonMember& member : annotations->members())
    if (any_glob(policy_.annotations_denied, member.key))
      breach("$.metadata.annotations[\"" + member.key + "\"]", member.value,
             "setting policy.annotationsDenied forbids it");
}

void Check::pod(const Json& pod) {
  if (!depth_within(pod)) return breach("$", Json{}, "is nested too deep");
  unique_keys(pod, "$");
  known_keys(pod, "$", {"apiVersion", "kind", "metadata", "spec", "status"});
  metadata(pod);
  const Json* found = pod.find("spec");
  if (found == nullptr || !found->is_object()) return breach("$.spec", Json{}, "is missing");
  spec(*found);
}

void Check::spec(const Json& spec) {
  const std::string path = "$.spec";
  known_keys(spec, path,
             {"activeDeadlineSeconds",
              "affinity",
              "automountServiceAccountToken",
              "containers",
              "dnsConfig",
              "dnsPolicy",
              "enableServiceLinks",
              "hostAliases",
              "hostUsers",
              "hostname",
              "imagePullSecrets",
              "initContainers",
              "nodeSelector",
              "os",
              "preemptionPolicy",
              "priorityClassName",
              "readinessGates",
              "resources",
              "restartPolicy",
              "runtimeClassName",
              "schedulerName",
              "schedulingGates",
              "securityContext",
              "serviceAccount",
              "serviceAccountName",
              "setHostnameAsFQDN",
              "shareProcessNamespace",
              "subdomain",
              "terminationGracePeriodSeconds",
              "tolerations",
              "topologySpreadConstraints",
              "volumes"});
  service_account(spec);
  const auto from_list = [&](std::string_view key, const std::vector<std::string>& names, bool globs,
                             std::string_view setting) {
    const Json* value = spec.find(key);
    if (value == nullptr || empty_value(*value)) return;
    if (globs ? !any_glob(names, value->text()) : !listed(names, value->text()))
      breach(path + "." + std::string(key), *value,
             "is not allowed; setting policy." + std::string(setting) + " lists what is");
  };
  from_list("runtimeClassName", policy_.runtime_classes, false, "runtimeClasses");
  from_list("priorityClassName", policy_.priority_classes, false, "priorityClasses");
  from_list("schedulerName", policy_.schedulers, true, "schedulers");
  array(spec, "imagePullSecrets", path, [&](const Json& item, const std::string& at) {
    named(policy_.image_pull_secrets, &item, "name", at, "imagePullSecrets");
  });
  security(spec.find("securityContext"), path + ".securityContext", true);
  std::size_t containers = 0, volumes = 0;
  for (const std::string_view key : {"containers", "initContainers"})
    array(spec, key, path, [&](const Json& item, const std::string& at) {
      ++containers;
      container(item, at);
    });
  if (containers > policy_.max_containers)
    breach(path + ".containers", std::to_string(containers),
           "more containers than setting policy.maxContainers allows (" +
               std::to_string(policy_.max_containers) + ")");
  array(spec, "volumes", path, [&](const Json& item, const std::string& at) {
    ++volumes;
    volume(item, at);
  });
  if (volumes > policy_.max_volumes)
    breach(
        path + ".volumes", std::to_string(volumes),
        "more volumes than setting policy.maxVolumes allows (" + std::to_string(policy_.max_volumes) + ")");
}

// Another account is harmless only as long as its token does not get into the pod.
void Check::service_account(const Json& spec) {
  const Json* mount = spec.find("automountServiceAccountToken");
  const bool refuses_token = mount != nullptr && mount->kind() == Json::Kind::boolean && !mount->truth();
  if (mount != nullptr && !mount->is_null() && !refuses_token && !policy_.service_account_token)
    breach("$.spec.automountServiceAccountToken", *mount,
           "executors get no API token; setting policy.serviceAccountToken allows it");
  for (const std::string_view key : {"serviceAccountName", "serviceAccount"}) {
    const Json* account = spec.find(key);
    if (account == nullptr || empty_value(*account)) continue;
    if (account->text() == "default" || listed(policy_.service_accounts, account->text()) || refuses_token)
      continue;
    breach(
        "$.spec." + std::string(key), *account,
        "would bring its token into the pod; set automountServiceAccountToken to false, or list it in policy "
        "setting service_accounts");
  }
}

void Check::container(const Json& container, const std::string& path) {
  known_keys(container, path,
             {"args",
              "command",
              "env",
              "envFrom",
              "image",
              "imagePullPolicy",
              "lifecycle",
              "livenessProbe",
              "name",
              "ports",
              "readinessProbe",
              "resizePolicy",
              "resources",
              "restartPolicy",
              "securityContext",
              "startupProbe",
              "stdin",
              "stdinOnce",
              "terminationMessagePath",
              "terminationMessagePolicy",
              "tty",
              "volumeMounts",
              "workingDir"});
  named(policy_.images, &container, "image", path, "images");
  security(container.find("securityContext"), path + ".securityContext", false);
  environment(container, path);
  handlers(container, path);
  array(container, "ports", path, [&](const Json& port, const std::string& at) {
    const Json* host = port.find("hostPort");
    if (host != nullptr && !host->is_null() && host->text() != "0")
      breach(at + ".hostPort", *host, "takes a port of the node");
    if (const Json* ip = port.find("hostIP"); ip != nullptr && !empty_value(*ip))
      breach(at + ".hostIP", *ip, "takes an address of the node");
  });
  array(container, "volumeMounts", path, [&](const Json& mount, const std::string& at) {
    if (mount.text_at({"mountPropagation"}) == "Bidirectional")
      breach(at + ".mountPropagation", "Bidirectional", "mounts into the node");
  });
}

void Check::environment(const Json& container, const std::string& path) {
  array(container, "env", path, [&](const Json& item, const std::string& at) {
    const Json* from = item.find("valueFrom");
    if (from == nullptr || from->is_null()) return;
    known_keys(*from, at + ".valueFrom", {"configMapKeyRef", "fieldRef", "resourceFieldRef", "secretKeyRef"});
    named(policy_.secrets, from->find("secretKeyRef"), "name", at + ".valueFrom.secretKeyRef", "secrets");
    named(policy_.config_maps, from->find("configMapKeyRef"), "name", at + ".valueFrom.configMapKeyRef",
          "configMaps");
  });
  array(container, "envFrom", path, [&](const Json& item, const std::string& at) {
    known_keys(item, at, {"configMapRef", "prefix", "secretRef"});
    named(policy_.secrets, item.find("secretRef"), "name", at + ".secretRef", "secrets");
    named(policy_.config_maps, item.find("configMapRef"), "name", at + ".configMapRef", "configMaps");
  });
}

// Probes and hooks are run by the kubelet: with a host of their own they ask from the node's network.
void Check::handler(const Json* handler, const std::string& path) {
  if (handler == nullptr || handler->is_null()) return;
  for (const std::string_view kind : {"httpGet", "tcpSocket"}) {
    const Json* action = handler->find(kind);
    const Json* host = action == nullptr ? nullptr : action->find("host");
    if (host != nullptr && !empty_value(*host))
      breach(path + "." + std::string(kind) + ".host", *host, "makes the node ask another host");
  }
}

void Check::handlers(const Json& container, const std::string& path) {
  for (const std::string_view probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    handler(container.find(probe), path + "." + std::string(probe));
  for (const std::string_view hook : {"postStart", "preStop"})
    handler(container.at({"lifecycle", hook}), path + ".lifecycle." + std::string(hook));
}

void Check::unconfined(const Json& context, const std::string& path) {
  for (const std::string_view profile : {"seccompProfile", "appArmorProfile"}) {
    const Json* found = context.find(profile);
    if (found == nullptr || empty_value(*found)) continue;
    if (!one_of(found->text_at({"type"}), {"RuntimeDefault", "Localhost"}))
      breach(path + "." + std::string(profile) + ".type", found->text_at({"type"}),
             "only RuntimeDefault and Localhost are allowed");
  }
  const Json* selinux = context.find("seLinuxOptions");
  if (selinux == nullptr) return;
  for (const JsonMember& member : selinux->members()) {
    const bool harmless =
        member.key == "level" ||
        (member.key == "type" &&
         one_of(member.value.text(), {"", "container_t", "container_init_t", "container_kvm_t"}));
    if (!harmless && !empty_value(member.value))
      breach(path + ".seLinuxOptions." + member.key, member.value, "could lift the container's confinement");
  }
}

void Check::security(const Json* context, const std::string& path, bool of_pod) {
  if (context == nullptr || context->is_null()) return;
  if (of_pod)
    known_keys(
        *context, path,
        {"appArmorProfile", "fsGroup", "fsGroupChangePolicy", "runAsGroup", "runAsNonRoot", "runAsUser",
         "seLinuxOptions", "seccompProfile", "supplementalGroups", "supplementalGroupsPolicy", "sysctls"});
  else
    known_keys(*context, path,
               {"allowPrivilegeEscalation", "appArmorProfile", "capabilities", "privileged", "procMount",
                "readOnlyRootFilesystem", "runAsGroup", "runAsNonRoot", "runAsUser", "seLinuxOptions",
                "seccompProfile"});
  unconfined(*context, path);
  if (const Json* privileged = context->find("privileged");
      privileged != nullptr && !empty_value(*privileged))
    breach(path + ".privileged", *privileged, "a privileged container owns the node; no setting allows it");
  if (const Json* mount = context->find("procMount");
      mount != nullptr && !empty_value(*mount) && mount->text() != "Default")
    breach(path + ".procMount", *mount, "only Default is allowed");
  if (const Json* user = context->find("runAsUser");
      user != nullptr && user->text() == "0" && !policy_.run_as_root)
    breach(path + ".runAsUser", *user, "setting policy.runAsRoot is off");
  if (const Json* up = context->find("allowPrivilegeEscalation");
      up != nullptr && !empty_value(*up) && !policy_.privilege_escalation)
    breach(path + ".allowPrivilegeEscalation", *up, "setting policy.privilegeEscalation is off");
  if (const Json* capabilities = context->find("capabilities");
      capabilities != nullptr && !capabilities->is_null()) {
    known_keys(*capabilities, path + ".capabilities", {"add", "drop"});
    array(*capabilities, "add", path + ".capabilities", [&](const Json& item, const std::string& at) {
      if (!listed(policy_.capabilities, item.text()))
        breach(at, item, "may not be added; setting policy.capabilities lists what may");
    });
  }
  array(*context, "sysctls", path, [&](const Json& item, const std::string& at) {
    if (!one_of(
            item.text_at({"name"}),
            {"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
             "net.ipv4.ping_group_range", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_keepalive_time",
             "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"}))
      breach(at + ".name", item.text_at({"name"}), "is not one of the sysctls that stay inside the pod");
  });
}

void Check::volume(const Json& volume, const std::string& path) {
  if (!volume.is_object()) return breach(path, volume, "must be an object");
  for (const JsonMember& member : volume.members()) {
    const std::string here = path + "." + member.key;
    if (member.key == "name") continue;
    const Json& source = member.value;
    // A secret is a matter of its name, whatever the list of types says.
    if (member.key == "secret") {
      named(policy_.secrets, &source, "secretName", here, "secrets");
      continue;
    }
    if (!listed(policy_.volume_types, member.key)) {
      breach(here, source, "volume type is not allowed; setting policy.volumeTypes lists what is");
      continue;
    }
    if (member.key == "hostPath") {
      const std::string_view where = source.text_at({"path"});
      if (std::none_of(policy_.host_path_prefixes.begin(), policy_.host_path_prefixes.end(),
                       [&](const std::string& prefix) { return under_prefix(where, prefix); }))
        breach(here + ".path", where,
               "is the node's own; setting policy.hostPathPrefixes lists what is allowed");
    } else if (member.key == "persistentVolumeClaim") {
      named(policy_.claims, &source, "claimName", here, "claims");
    } else if (member.key == "configMap") {
      named(policy_.config_maps, &source, "name", here, "configMaps");
    } else if (member.key == "csi") {
      named(policy_.csi_drivers, &source, "driver", here, "csiDrivers");
      if (const Json* secret = source.find("nodePublishSecretRef"))
        named(policy_.secrets, secret, "name", here + ".nodePublishSecretRef", "secrets");
    } else if (member.key == "image") {
      named(policy_.images, &source, "reference", here, "images");
    } else if (member.key == "projected") {
      projected(source, here);
    }
  }
}

void Check::projected(const Json& source, const std::string& path) {
  known_keys(source, path, {"defaultMode", "sources"});
  array(source, "sources", path, [&](const Json& item, const std::string& at) {
    known_keys(item, at, {"clusterTrustBundle", "configMap", "downwardAPI", "secret", "serviceAccountToken"});
    if (const Json* token = item.find("serviceAccountToken");
        token != nullptr && !policy_.service_account_token)
      breach(at + ".serviceAccountToken", *token,
             "executors get no API token; setting policy.serviceAccountToken allows it");
    named(policy_.secrets, item.find("secret"), "name", at + ".secret", "secrets");
    named(policy_.config_maps, item.find("configMap"), "name", at + ".configMap", "configMaps");
  });
}

void Check::extra(const Json& resource) {
  if (!depth_within(resource)) return breach("$", Json{}, "is nested too deep");
  unique_keys(resource, "$");
  known_keys(resource, "$", {"apiVersion", "kind", "metadata", "spec", "status"});
  const std::string_view kind = resource.text_at({"kind"});
  if (!listed(policy_.extra_kinds, kind))
    breach("$.kind", kind, "is not allowed beside a pod; setting policy.extraKinds lists what is");
  if (const std::string_view version = resource.text_at({"apiVersion"}); version != "v1")
    breach("$.apiVersion", version, "only v1 is posted");
  metadata(resource);
}

}  // namespace

bool glob_matches(std::string_view glob, std::string_view text) {
  std::size_t g = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    // An id slot is several digits: only * covers it.
    if (g < glob.size() && glob[g] != '*' && (glob[g] == text[t] || (glob[g] == '?' && text[t] != id_slot))) {
      ++g;
      ++t;
    } else if (g < glob.size() && glob[g] == '*') {
      star = g++;
      mark = t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

std::vector<PolicyBreach> check_pod(const PodPolicy& policy, const Json& pod) {
  if (!policy.enabled) return {};
  Check check(policy);
  check.pod(pod);
  return check.take();
}

std::vector<PolicyBreach> check_extra(const PodPolicy& policy, const Json& resource) {
  if (!policy.enabled) return {};
  Check check(policy);
  check.extra(resource);
  return check.take();
}

}  // namespace outrigger::core
