// ResourceQuotas and PodDisruptionBudgets from the configuration.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/apiserver/api/status.h"
#include "tests/apiserver/store/store.h"

namespace outrigger::apiserver {

struct Quota {
  enum class Status : std::uint8_t {
    enforced,
    absent,
    unknown
  };  // absent: not enforced yet; unknown: refuses everything
  std::string name_space;
  std::string name;
  std::map<std::string, std::string> hard;  // pods, requests.cpu, requests.memory, limits.cpu, limits.memory
  Status status = Status::enforced;
};

struct Budget {  // refuses every eviction of the pods it selects
  std::string name_space;
  std::string name;
  LabelSelector selector;
};

// Nothing when the pod fits; else the 403.
std::optional<HttpResponse> over_quota(const std::vector<Quota>& quotas, const Store& store,
                                       const Draft& pod);

std::optional<HttpResponse> refuse_eviction(const std::vector<Budget>& budgets, const Snapshot& pod);

}  // namespace outrigger::apiserver
