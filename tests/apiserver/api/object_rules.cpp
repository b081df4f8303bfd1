#include "tests/apiserver/api/object_rules.h"

#include <algorithm>

#include "tests/apiserver/api/pod_rules.h"
#include "tests/apiserver/base/text.h"

namespace outrigger::apiserver {
namespace {

constexpr std::string_view service_name_rule =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
    "validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

template <class T>
void fall_back(Json& object, const char* name, T value) {
  if (!object.contains(name) || object[name].is_null()) object[name] = value;
}

Json& spec_of(Json& object) {
  Json& spec = object["spec"];
  if (!spec.is_object()) spec = Json::object();
  return spec;
}

void default_service(Json& spec) {
  fall_back(spec, "sessionAffinity", "None");
  fall_back(spec, "type", "ClusterIP");
  if (spec["type"] == "ExternalName") return;
  fall_back(spec, "internalTrafficPolicy", "Cluster");
  if (!spec.contains("ports") || !spec["ports"].is_array()) return;
  for (auto& port : spec["ports"]) {
    if (!port.is_object()) continue;
    fall_back(port, "protocol", "TCP");
    if (port.contains("port")) fall_back(port, "targetPort", port["port"]);
  }
}

void allot_service(Json& object, std::uint64_t serial) {
  Json& spec = spec_of(object);
  if (spec["type"] != "ExternalName") {
    // 10.96.0.0/12 as kubeadm has it; .0.1 belongs to the server itself.
    const std::uint64_t host = 10 + serial % 60'000;
    fall_back(spec, "clusterIP", "10.96." + std::to_string(host / 256) + "." + std::to_string(host % 256));
    spec["clusterIPs"] = Json::array({spec["clusterIP"]});
    fall_back(spec, "ipFamilies", Json::array({"IPv4"}));
    fall_back(spec, "ipFamilyPolicy", "SingleStack");
  }
  object["status"] = Json{{"loadBalancer", Json::object()}};
}

void default_secret(Json& secret) {
  fall_back(secret, "type", "Opaque");
  if (!secret.contains("stringData") || !secret["stringData"].is_object()) return;
  for (const auto& [name, value] : secret["stringData"].items()) {
    if (value.is_string()) secret["data"][name] = base64_encode(value.get<std::string>());
  }
  secret.erase("stringData");
}

bool is_service_name(std::string_view name) {
  const auto ok = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && std::all_of(name.begin(), name.end(), ok) && name.front() >= 'a' &&
         name.front() <= 'z' && name.back() != '-';
}

void validate_service(const Json& object, std::vector<StatusCause>& causes) {
  const std::string name = string_member(child(object, "metadata"), "name");
  const auto bad_name = [&](std::string_view why) {
    causes.push_back({"FieldValueInvalid", "Invalid value: " + json_string(name) + ": " + std::string(why),
                      "metadata.name"});
  };
  if (name.size() > 63) bad_name("must be no more than 63 bytes");
  if (!name.empty() && !is_service_name(name)) bad_name(service_name_rule);
  const Json& spec = child(object, "spec");
  const bool needs_ports =
      string_member(spec, "clusterIP") != "None" && string_member(spec, "type") != "ExternalName";
  const Json& ports = child(spec, "ports");
  if (needs_ports && (!ports.is_array() || ports.empty()))
    causes.push_back({"FieldValueRequired", "Required value", "spec.ports"});
}

void validate_claim(const Json& object, std::vector<StatusCause>& causes) {
  const Json& spec = child(object, "spec");
  const Json& modes = child(spec, "accessModes");
  if (!modes.is_array() || modes.empty()) {
    causes.push_back(
        {"FieldValueRequired", "Required value: at least 1 access mode is required", "spec.accessModes"});
  }
  if (!child(child(spec, "resources"), "requests").contains("storage"))
    causes.push_back({"FieldValueRequired", "Required value", "spec.resources[storage]"});
}

}  // namespace

void default_object(Resource resource, Json& object) {
  switch (resource) {
    case Resource::pods:
      spec_of(object);
      return default_pod(object);
    case Resource::services:
      return default_service(spec_of(object));
    case Resource::persistentvolumeclaims:
      return fall_back(spec_of(object), "volumeMode", "Filesystem");
    case Resource::secrets:
      return default_secret(object);
    case Resource::networkpolicies: {
      Json& spec = spec_of(object);
      fall_back(spec, "podSelector", Json::object());
      fall_back(spec, "policyTypes",
                spec.contains("egress") ? Json::array({"Ingress", "Egress"}) : Json::array({"Ingress"}));
      return;
    }
    case Resource::configmaps:
      return;
  }
}

void allot(Resource resource, Json& object, std::uint64_t serial) {
  object.erase("status");
  if (resource == Resource::pods) {
    admit_pod(object);
    object["status"] = Json{{"phase", "Pending"}, {"qosClass", qos_class(object["spec"])}};
  } else if (resource == Resource::services) {
    allot_service(object, serial);
  } else if (resource == Resource::persistentvolumeclaims) {
    object["status"] = Json{{"phase", "Pending"}};
  }
}

void validate_other(Resource resource, const Json& object, std::vector<StatusCause>& causes) {
  if (resource == Resource::services) validate_service(object, causes);
  if (resource == Resource::persistentvolumeclaims) validate_claim(object, causes);
}

void validate_other_update(Resource resource, const Json& before, const Json& after,
                           std::vector<StatusCause>& causes) {
  const bool frozen = before.value("immutable", false);
  if (frozen && before.value("data", Json()) != after.value("data", Json())) {
    causes.push_back(
        {"FieldValueForbidden", "Forbidden: field is immutable when `immutable` is set", "data"});
  }
  if (resource == Resource::persistentvolumeclaims) {
    Json old_spec = child(before, "spec");
    Json new_spec = child(after, "spec");
    old_spec.erase("resources");
    new_spec.erase("resources");
    if (old_spec != new_spec) {
      causes.push_back({"FieldValueForbidden",
                        "Forbidden: spec is immutable after creation except resources.requests and "
                        "volumeAttributesClassName for bound claims",
                        "spec"});
    }
  }
  if (resource == Resource::services) {
    validate_service(after, causes);
    const std::string address = string_member(child(before, "spec"), "clusterIP");
    const std::string changed = string_member(child(after, "spec"), "clusterIP");
    if (!address.empty() && !changed.empty() && address != changed) {
      causes.push_back({"FieldValueInvalid",
                        "Invalid value: " + Json::array({changed}).dump() + ": may not change once set",
                        "spec.clusterIPs[0]"});
    }
  }
}

}  // namespace outrigger::apiserver
