#include <algorithm>
#include <array>
#include <cctype>

#include "tests/apiserver/api/object_rules.h"
#include "tests/apiserver/api/pod_rules.h"
#include "tests/apiserver/base/text.h"

namespace outrigger::apiserver {
namespace {

constexpr std::string_view subdomain_rule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start and end "
    "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr std::string_view label_rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end with an "
    "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr std::string_view label_value_rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start and end "
    "with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation "
    "is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool is_label(std::string_view text) {
  const auto ok = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), ok) && text.front() != '-' &&
         text.back() != '-';
}

bool is_subdomain(std::string_view text) {
  if (text.size() > 253) return false;
  const auto parts = split(text, '.');
  return std::all_of(parts.begin(), parts.end(), [](const auto& part) { return is_label(part); });
}

bool is_label_value(std::string_view text) {
  const auto alnum = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto ok = [&](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; };
  return text.empty() || (text.size() <= 63 && std::all_of(text.begin(), text.end(), ok) &&
                          alnum(text.front()) && alnum(text.back()));
}

StatusCause required(std::string field, std::string_view detail = {}) {
  return {"FieldValueRequired", "Required value" + (detail.empty() ? "" : ": " + std::string(detail)),
          std::move(field)};
}

StatusCause bad(std::string field, std::string_view value, std::string_view why) {
  return {"FieldValueInvalid", "Invalid value: " + json_string(value) + ": " + std::string(why),
          std::move(field)};
}

void check_metadata(const Json& meta, std::vector<StatusCause>& causes) {
  const std::string name = string_member(meta, "name");
  if (name.empty()) {
    causes.push_back(required("metadata.name", "name or generateName is required"));
  } else if (!is_subdomain(name)) {
    causes.push_back(bad("metadata.name", name, subdomain_rule));
  }
  if (!meta.contains("labels") || !meta["labels"].is_object()) return;
  for (const auto& [key, value] : meta["labels"].items()) {
    if (value.is_string() && !is_label_value(value.get<std::string>())) {
      causes.push_back(
          bad("metadata.labels", value.get<std::string>(),
              value.get<std::string>().size() > 63 ? "must be no more than 63 bytes" : label_value_rule));
    }
  }
}

void check_resources(const Json& container, const std::string& at, std::vector<StatusCause>& causes) {
  const Json& resources = child(container, "resources");
  if (!resources.is_object()) return;
  const Json& limits = child(resources, "limits");
  const Json& requests = child(resources, "requests");
  for (const auto& [name, value] : requests.items()) {
    const std::string request = value.is_string() ? value.get<std::string>() : dump(value);
    if (!limits.contains(name)) continue;
    const std::string limit = limits[name].is_string() ? limits[name].get<std::string>() : dump(limits[name]);
    const auto asked = parse_quantity(request);
    const auto most = parse_quantity(limit);
    if (asked && most && *asked > *most) {
      causes.push_back(bad(at + ".resources.requests", request,
                           "must be less than or equal to " + name + " limit of " + limit));
    }
  }
}

void check_containers(const Json& spec, const char* list, std::vector<StatusCause>& causes) {
  if (!spec.contains(list) || !spec[list].is_array()) return;
  std::size_t index = 0;
  std::vector<std::string> names;
  for (const auto& container : spec[list]) {
    const std::string at = std::string("spec.") + list + "[" + std::to_string(index++) + "]";
    const std::string name = string_member(container, "name");
    if (name.empty()) {
      causes.push_back(required(at + ".name"));
    } else if (!is_label(name)) {
      causes.push_back(bad(at + ".name", name, label_rule));
    } else if (std::find(names.begin(), names.end(), name) != names.end()) {
      causes.push_back({"FieldValueDuplicate", "Duplicate value: " + json_string(name), at + ".name"});
    }
    names.push_back(name);
    if (string_member(container, "image").empty()) causes.push_back(required(at + ".image"));
    check_resources(container, at, causes);
  }
}

// What an update of a pod may change.
Json without_mutable(Json spec) {
  for (const char* list : {"containers", "initContainers"}) {
    if (!spec.contains(list) || !spec[list].is_array()) continue;
    for (auto& container : spec[list]) container.erase("image");
  }
  spec.erase("activeDeadlineSeconds");
  spec.erase("tolerations");
  return spec;
}

}  // namespace

std::vector<StatusCause> validate_create(Resource resource, const Json& object) {
  std::vector<StatusCause> causes;
  check_metadata(child(object, "metadata"), causes);
  if (resource != Resource::pods) {
    validate_other(resource, object, causes);
    return causes;
  }
  const Json& spec = child(object, "spec");
  if (!spec.contains("containers") || !spec["containers"].is_array() || spec["containers"].empty()) {
    causes.push_back(required("spec.containers"));
  }
  check_containers(spec, "initContainers", causes);
  check_containers(spec, "containers", causes);
  const std::string policy = string_member(spec, "restartPolicy");
  if (policy != "Always" && policy != "OnFailure" && policy != "Never") {
    causes.push_back({"FieldValueNotSupported",
                      "Unsupported value: " + json_string(policy) +
                          ": supported values: \"Always\", \"OnFailure\", \"Never\"",
                      "spec.restartPolicy"});
  }
  return causes;
}

std::vector<StatusCause> validate_update(Resource resource, const Json& before, const Json& after) {
  std::vector<StatusCause> causes;
  if (string_member(before["metadata"], "name") != string_member(child(after, "metadata"), "name")) {
    causes.push_back(
        bad("metadata.name", string_member(child(after, "metadata"), "name"), "field is immutable"));
  }
  check_metadata(child(after, "metadata"), causes);
  if (resource != Resource::pods) {
    validate_other_update(resource, before, after, causes);
    return causes;
  }
  if (without_mutable(child(before, "spec")) != without_mutable(child(after, "spec"))) {
    causes.push_back(
        {"FieldValueForbidden",
         "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
         "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
         "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
         "previously negative)\n",
         "spec"});
  }
  return causes;
}

}  // namespace outrigger::apiserver
