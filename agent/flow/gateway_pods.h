// Pods of the table as the JSON that a Kubernetes client reads: what Spark looks at, and nothing that the agent does not
// keep.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/json.h"
#include "agent/core/pod_table.h"
#include "agent/kube/selector.h"

namespace outrigger::flow {

// Rows that both selectors match, by name.
std::vector<const core::PodRow*> select(const core::PodTable& pods, const kube::Selector& labels,
                                        const kube::Selector& fields);
core::Json pod_json(const core::Pod& pod, const std::string& name_space, const std::string& container_name);
std::string status_json(unsigned code, std::string_view reason, std::string_view message);

}  // namespace outrigger::flow
