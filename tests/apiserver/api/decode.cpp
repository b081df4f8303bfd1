#include <algorithm>
#include <array>

#include "tests/apiserver/api/pod_rules.h"

namespace outrigger::apiserver {
namespace {

constexpr std::array object_members{"apiVersion", "kind", "metadata", "spec", "status"};
constexpr std::array configmap_members{"apiVersion", "kind", "metadata", "data", "binaryData", "immutable"};
constexpr std::array secret_members{"apiVersion", "kind", "metadata", "data",
                                    "stringData", "type", "immutable"};
constexpr std::array metadata_members{"name",
                                      "generateName",
                                      "namespace",
                                      "selfLink",
                                      "uid",
                                      "resourceVersion",
                                      "generation",
                                      "creationTimestamp",
                                      "deletionTimestamp",
                                      "deletionGracePeriodSeconds",
                                      "labels",
                                      "annotations",
                                      "ownerReferences",
                                      "finalizers",
                                      "managedFields"};
constexpr std::array spec_members{"volumes",
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
                                  "preemptionPolicy",
                                  "overhead",
                                  "topologySpreadConstraints",
                                  "setHostnameAsFQDN",
                                  "os",
                                  "hostUsers",
                                  "schedulingGates",
                                  "resourceClaims",
                                  "resources",
                                  "hostnameOverride"};
constexpr std::array container_members{"name",
                                       "image",
                                       "command",
                                       "args",
                                       "workingDir",
                                       "ports",
                                       "envFrom",
                                       "env",
                                       "resources",
                                       "resizePolicy",
                                       "restartPolicy",
                                       "restartPolicyRules",
                                       "volumeMounts",
                                       "volumeDevices",
                                       "livenessProbe",
                                       "readinessProbe",
                                       "startupProbe",
                                       "lifecycle",
                                       "terminationMessagePath",
                                       "terminationMessagePolicy",
                                       "imagePullPolicy",
                                       "securityContext",
                                       "stdin",
                                       "stdinOnce",
                                       "tty"};

template <std::size_t N>
void collect_unknown(const Json& object, const std::array<const char*, N>& known, const std::string& at,
                     std::vector<std::string>& found) {
  if (!object.is_object()) return;
  for (const auto& [name, value] : object.items()) {
    const auto same = [&, &key = name](const char* k) { return key == k; };
    if (std::none_of(known.begin(), known.end(), same)) found.push_back(at + name);
  }
}

std::string_view go_kind(const Json& value) {
  if (value.is_string()) return "string";
  if (value.is_number()) return "number";
  if (value.is_boolean()) return "bool";
  if (value.is_array()) return "array";
  return "object";
}

struct Shape {
  const char* parent;  // "" = top
  const char* member;
  bool array;
  const char* owner;  // Go type and path
  const char* type;
};
constexpr std::array shapes{
    Shape{"", "metadata", false, ".metadata", "v1.ObjectMeta"},
    Shape{"", "spec", false, "Pod.spec", "v1.PodSpec"},
    Shape{"metadata", "labels", false, "ObjectMeta.metadata.labels", "map[string]string"},
    Shape{"metadata", "annotations", false, "ObjectMeta.metadata.annotations", "map[string]string"},
    Shape{"metadata", "ownerReferences", true, "ObjectMeta.metadata.ownerReferences", "[]v1.OwnerReference"},
    Shape{"spec", "containers", true, "PodSpec.spec.containers", "[]v1.Container"},
    Shape{"spec", "initContainers", true, "PodSpec.spec.initContainers", "[]v1.Container"},
    Shape{"spec", "volumes", true, "PodSpec.spec.volumes", "[]v1.Volume"},
    Shape{"spec", "tolerations", true, "PodSpec.spec.tolerations", "[]v1.Toleration"},
    Shape{"spec", "nodeSelector", false, "PodSpec.spec.nodeSelector", "map[string]string"},
};

std::optional<std::string> wrong_type(Resource resource, const Json& object) {
  for (const Shape& shape : shapes) {
    const bool of_pods = shape.member == std::string_view("spec") || shape.parent == std::string_view("spec");
    if (of_pods && resource != Resource::pods) continue;
    const Json* parent = &object;
    if (*shape.parent != '\0') {
      const auto it = object.find(shape.parent);
      if (it == object.end() || !it->is_object()) continue;
      parent = &*it;
    }
    const auto member = parent->find(shape.member);
    if (member == parent->end() || member->is_null() ||
        (shape.array ? member->is_array() : member->is_object()))
      continue;
    return "json: cannot unmarshal " + std::string(go_kind(*member)) + " into Go struct field " +
           shape.owner + " of type " + shape.type;
  }
  const Json& labels = child(object, "metadata");
  for (const char* map : {"labels", "annotations"}) {
    if (!labels.contains(map) || !labels[map].is_object()) continue;
    for (const auto& [key, value] : labels[map].items()) {
      if (!value.is_string() && !value.is_null()) {
        return "json: cannot unmarshal " + std::string(go_kind(value)) +
               " into Go struct field ObjectMeta.metadata." + map + " of type string";
      }
    }
  }
  return {};
}

}  // namespace

Outcome<Json> decode_object(Resource resource, const std::string& body, std::string_view content_type) {
  if (!content_type.empty() && content_type != "application/json")
    return tl::unexpected(status::unsupported_media_type());
  return decode_json(resource, body);
}

Outcome<Json> decode_json(Resource resource, const std::string& body) {
  const std::string kind(info(resource).kind);
  Json object = parse_json(body);
  if (object.is_discarded()) {
    return tl::unexpected(
        status::bad_request("the object provided is unrecognized (must be of type " + kind +
                            "): couldn't get version/kind; json parse error: unexpected end of JSON input (" +
                            body.substr(0, 30) + (body.size() > 30 ? " ..." : "") + ")"));
  }
  if (!object.is_object()) {
    return tl::unexpected(
        status::bad_request("the object provided is unrecognized (must be of type " + kind + ")"));
  }
  const std::string given = object.contains("kind") ? string_member(object, "kind") : kind;
  if (given != kind) {
    return tl::unexpected(status::bad_request(given + " in version \"v1\" cannot be handled as a " + kind +
                                              ": converting (v1." + given + ") to (core." + kind +
                                              "): unknown conversion"));
  }
  if (auto why = wrong_type(resource, object)) {
    return tl::unexpected(
        status::bad_request(kind + " in version \"v1\" cannot be handled as a " + kind + ": " + *why));
  }
  return object;
}

std::vector<std::string> unknown_fields(Resource resource, const Json& object) {
  std::vector<std::string> found;
  if (resource == Resource::configmaps) {
    collect_unknown(object, configmap_members, "", found);
  } else if (resource == Resource::secrets) {
    collect_unknown(object, secret_members, "", found);
  } else {
    collect_unknown(object, object_members, "", found);
  }
  if (object.contains("metadata")) collect_unknown(object["metadata"], metadata_members, "metadata.", found);
  if (resource != Resource::pods || !object.contains("spec") || !object["spec"].is_object()) return found;
  const Json& spec = object["spec"];
  for (const char* list : {"containers", "initContainers"}) {
    if (!spec.contains(list) || !spec[list].is_array()) continue;
    for (std::size_t i = 0; i < spec[list].size(); ++i) {
      collect_unknown(spec[list][i], container_members,
                      std::string("spec.") + list + "[" + std::to_string(i) + "].", found);
    }
  }
  collect_unknown(spec, spec_members, "spec.", found);
  return found;
}

}  // namespace outrigger::apiserver
