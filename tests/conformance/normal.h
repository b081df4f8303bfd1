// Makes two answers comparable: what is different in every run is replaced, everything else stays.
#pragma once
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace outrigger::conformance {

// Replaced: times, UIDs, resource versions, generated names, nodes and addresses, container ids, continue tokens (by
// what they say). Removed: managedFields, annotations that drive a simulated kubelet.
nlohmann::json normal(nlohmann::json value);
// A body of one JSON value, or of one per line.
nlohmann::json normal_body(std::string_view body);

}  // namespace outrigger::conformance
