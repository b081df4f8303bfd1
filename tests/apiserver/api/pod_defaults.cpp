#include <algorithm>
#include <array>

#include "tests/apiserver/api/pod_rules.h"

namespace outrigger::apiserver {
namespace {

constexpr std::array pod_order{"volumes",
                               "initContainers",
                               "containers",
                               "ephemeralContainers",
                               "restartPolicy",
                               "terminationGracePeriodSeconds",
                               "activeDeadlineSeconds",
                               "dnsPolicy",
                               "nodeSelector",
                               "serviceAccountName",
                               "serviceAccount",
                               "automountServiceAccountToken",
                               "nodeName",
                               "hostNetwork",
                               "hostPID",
                               "hostIPC",
                               "shareProcessNamespace",
                               "securityContext",
                               "imagePullSecrets",
                               "hostname",
                               "subdomain",
                               "affinity",
                               "schedulerName",
                               "tolerations",
                               "hostAliases",
                               "priorityClassName",
                               "priority",
                               "dnsConfig",
                               "readinessGates",
                               "runtimeClassName",
                               "enableServiceLinks",
                               "preemptionPolicy"};
constexpr std::array container_order{"name",
                                     "image",
                                     "command",
                                     "args",
                                     "workingDir",
                                     "ports",
                                     "envFrom",
                                     "env",
                                     "resources",
                                     "volumeMounts",
                                     "volumeDevices",
                                     "livenessProbe",
                                     "readinessProbe",
                                     "startupProbe",
                                     "lifecycle",
                                     "terminationMessagePath",
                                     "terminationMessagePolicy",
                                     "imagePullPolicy",
                                     "securityContext"};

// Known members first, in the order of the type; the rest as given.
template <std::size_t N>
void reorder(Json& object, const std::array<const char*, N>& order) {
  Json sorted = Json::object();
  for (const char* name : order) {
    if (auto it = object.find(name); it != object.end()) sorted[name] = std::move(*it);
  }
  for (auto& [name, value] : object.items()) {
    if (!sorted.contains(name)) sorted[name] = std::move(value);
  }
  object = std::move(sorted);
}

template <class T>
void fall_back(Json& object, const char* name, T value) {
  if (!object.contains(name) || object[name].is_null()) object[name] = value;
}

void sort_keys(Json& object) {
  std::map<std::string, Json> sorted;
  for (auto& [name, value] : object.items()) sorted[name] = std::move(value);
  object = Json::object();
  for (auto& [name, value] : sorted) object[name] = std::move(value);
}

void default_resources(Json& container) {
  fall_back(container, "resources", Json::object());
  Json& resources = container["resources"];
  if (!resources.is_object() || resources.empty()) return;
  Json ordered = Json::object();
  if (resources.contains("limits")) {
    ordered["limits"] = resources["limits"];
    sort_keys(ordered["limits"]);
    for (const auto& [name, value] : ordered["limits"].items()) {
      if (!resources["requests"].contains(name)) resources["requests"][name] = value;
    }
  }
  if (resources.contains("requests")) {
    ordered["requests"] = resources["requests"];
    sort_keys(ordered["requests"]);
  }
  resources = std::move(ordered);
}

void default_probe(Json& container, const char* name) {
  if (!container.contains(name) || !container[name].is_object()) return;
  Json& probe = container[name];
  fall_back(probe, "timeoutSeconds", 1);
  fall_back(probe, "periodSeconds", 10);
  fall_back(probe, "successThreshold", 1);
  fall_back(probe, "failureThreshold", 3);
  if (!probe.contains("httpGet") || !probe["httpGet"].is_object()) return;
  fall_back(probe["httpGet"], "path", "/");
  fall_back(probe["httpGet"], "scheme", "HTTP");
}

void default_container(Json& container) {
  if (!container.is_object()) return;
  default_resources(container);
  fall_back(container, "terminationMessagePath", "/dev/termination-log");
  fall_back(container, "terminationMessagePolicy", "File");
  const std::string image = string_member(container, "image");
  const auto tag = image.rfind(':');
  const bool latest = image.find('@') == std::string::npos &&
                      (tag == std::string::npos || image.find('/', tag) != std::string::npos ||
                       image.substr(tag) == ":latest");
  fall_back(container, "imagePullPolicy", latest ? "Always" : "IfNotPresent");
  if (container.contains("ports") && container["ports"].is_array()) {
    for (auto& port : container["ports"]) {
      if (port.is_object()) fall_back(port, "protocol", "TCP");
    }
  }
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    default_probe(container, probe);
  reorder(container, container_order);
}

void default_token_sources(Json& volume) {
  if (!volume.is_object() || !volume.contains("projected")) return;
  Json& projected = volume["projected"];
  if (!projected.is_object() || !projected.contains("sources") || !projected["sources"].is_array()) return;
  for (auto& source : projected["sources"]) {
    if (source.is_object() && source.contains("serviceAccountToken") &&
        source["serviceAccountToken"].is_object())
      fall_back(source["serviceAccountToken"], "expirationSeconds", 3600);
  }
}

void default_volumes(Json& spec) {
  if (!spec.contains("volumes") || !spec["volumes"].is_array()) return;
  for (auto& volume : spec["volumes"]) {
    for (const char* source : {"configMap", "secret", "projected", "downwardAPI"}) {
      if (volume.is_object() && volume.contains(source) && volume[source].is_object())
        fall_back(volume[source], "defaultMode", 420);
    }
    default_token_sources(volume);
  }
}

Json toleration(const char* key) {
  return {{"key", key}, {"operator", "Exists"}, {"effect", "NoExecute"}, {"tolerationSeconds", 300}};
}

}  // namespace

void default_pod(Json& pod) {
  Json& spec = pod["spec"];
  if (!spec.is_object()) return;
  for (const char* list : {"initContainers", "containers"}) {
    if (!spec.contains(list) || !spec[list].is_array()) continue;
    for (auto& container : spec[list]) default_container(container);
  }
  default_volumes(spec);
  fall_back(spec, "restartPolicy", "Always");
  fall_back(spec, "terminationGracePeriodSeconds", 30);
  fall_back(spec, "dnsPolicy", "ClusterFirst");
  fall_back(spec, "securityContext", Json::object());
  fall_back(spec, "schedulerName", "default-scheduler");
  fall_back(spec, "enableServiceLinks", true);
  if (spec.contains("serviceAccountName")) fall_back(spec, "serviceAccount", spec["serviceAccountName"]);
  reorder(spec, pod_order);
}

void admit_pod(Json& pod) {
  Json& spec = pod["spec"];
  if (!spec.is_object()) return;
  Json& tolerations = spec["tolerations"];
  if (!tolerations.is_array()) tolerations = Json::array();
  for (const char* key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    const bool has = std::any_of(tolerations.begin(), tolerations.end(),
                                 [&](const Json& t) { return string_member(t, "key") == key; });
    if (!has) tolerations.push_back(toleration(key));
  }
  fall_back(spec, "priority", 0);
  fall_back(spec, "preemptionPolicy", "PreemptLowerPriority");
  reorder(spec, pod_order);
}

std::string qos_class(const Json& spec) {
  bool any = false;
  bool guaranteed = true;
  for (const char* list : {"initContainers", "containers"}) {
    if (!spec.contains(list)) continue;
    for (const auto& container : spec[list]) {
      const Json& resources = child(container, "resources");
      const Json& limits = child(resources, "limits");
      const Json& requests = child(resources, "requests");
      any = any || !limits.empty() || !requests.empty();
      for (const char* name : {"cpu", "memory"}) {
        guaranteed =
            guaranteed && limits.contains(name) && requests.contains(name) && limits[name] == requests[name];
      }
    }
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

}  // namespace outrigger::apiserver
