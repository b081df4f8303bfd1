#include "tests/apiserver/api/quota.h"

#include <algorithm>

#include "tests/apiserver/base/text.h"

namespace outrigger::apiserver {
namespace {

// Of one container: "requests.cpu" -> thousandths, if given.
std::optional<std::int64_t> asked(const Json& container, const std::string& resource) {
  const auto dot = resource.find('.');
  const auto resources = container.find("resources");
  if (dot == std::string::npos || resources == container.end() || !resources->is_object()) return {};
  const auto group = resources->find(resource.substr(0, dot));
  if (group == resources->end()) return {};
  return parse_quantity(string_member(*group, resource.substr(dot + 1).c_str()));
}

Json containers_of(std::string_view members) {
  Json json = parse_json("{" + std::string(members) + "}");
  if (json.is_discarded() || !json.contains("spec") || !json["spec"].contains("containers"))
    return Json::array();
  return json["spec"]["containers"];
}

std::int64_t use_of(const Json& containers, const std::string& resource) {
  if (resource == "pods" || resource == "count/pods") return 1000;
  std::int64_t sum = 0;
  for (const auto& container : containers) sum += asked(container, resource).value_or(0);
  return sum;
}

std::string joined(const std::vector<std::pair<std::string, std::int64_t>>& values) {
  std::string text;
  for (const auto& [name, value] : values)
    text.append(text.empty() ? "" : ",").append(name).append("=").append(format_quantity(value));
  return text;
}

std::string missing_requests(const Quota& quota, const Json& containers) {
  std::string text;
  for (const auto& [resource, hard] : quota.hard) {
    if (resource.find('.') == std::string::npos) continue;
    std::string names;
    for (const auto& container : containers) {
      if (!asked(container, resource))
        names.append(names.empty() ? "" : ",").append(string_member(container, "name"));
    }
    if (!names.empty()) text.append(text.empty() ? "" : "; ").append(resource).append(" for: ").append(names);
  }
  return text;
}

std::optional<std::string> why_over(const Quota& quota, const Store& store, const Json& containers) {
  if (quota.status == Quota::Status::unknown) {
    std::string resources;
    for (const auto& [resource, hard] : quota.hard)
      resources.append(resources.empty() ? "" : ",").append(resource);
    return "status unknown for quota: " + quota.name + ", resources: " + resources;
  }
  if (const auto missing = missing_requests(quota, containers); !missing.empty()) {
    return "failed quota: " + quota.name + ": must specify " + missing;
  }
  std::vector<std::pair<std::string, std::int64_t>> requested, used, limited;
  for (const auto& [resource, hard] : quota.hard) {
    const std::int64_t limit = parse_quantity(hard).value_or(0);
    const std::int64_t request = use_of(containers, resource);
    std::int64_t in_use = 0;
    const auto& pods = store.index(Resource::pods);
    for (auto it = pods.lower_bound(quota.name_space + "/");
         it != pods.end() && it->second->meta.name_space == quota.name_space; ++it) {
      const auto& phase = it->second->fields.phase;
      if (phase == "Succeeded" || phase == "Failed") continue;
      in_use += resource == "pods" ? 1000 : use_of(containers_of(it->second->members()), resource);
    }
    if (in_use + request <= limit) continue;
    requested.emplace_back(resource, request);
    used.emplace_back(resource, in_use);
    limited.emplace_back(resource, limit);
  }
  if (requested.empty()) return {};
  return "exceeded quota: " + quota.name + ", requested: " + joined(requested) + ", used: " + joined(used) +
         ", limited: " + joined(limited);
}

}  // namespace

std::optional<HttpResponse> over_quota(const std::vector<Quota>& quotas, const Store& store,
                                       const Draft& pod) {
  for (const Quota& quota : quotas) {
    if (quota.name_space != pod.meta.name_space || quota.status == Quota::Status::absent) continue;
    if (auto why = why_over(quota, store, containers_of(pod.members)))
      return status::forbidden_object("pods", pod.meta.name, *why);
  }
  return {};
}

std::optional<HttpResponse> refuse_eviction(const std::vector<Budget>& budgets, const Snapshot& pod) {
  for (const Budget& budget : budgets) {
    if (budget.name_space != pod.meta.name_space || !budget.selector.matches(pod.meta.labels)) continue;
    return failure(
        {.code = 429,
         .reason = "TooManyRequests",
         .message = "Cannot evict pod as it would violate the pod's disruption budget.",
         .causes = {{"DisruptionBudget",
                     "The disruption budget " + budget.name + " is still being processed by the server.",
                     ""}},
         .retry_after_s = 10});
  }
  return {};
}

}  // namespace outrigger::apiserver
