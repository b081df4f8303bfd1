// JSON text -> core::Json, for cold paths: templates, patches, config maps. Whole-document checks: UTF-8, balance,
// depth, one root, no duplicate keys.
#pragma once
#include <cstddef>
#include <string_view>

#include "agent/core/json.h"
#include "agent/core/limits.h"
#include "agent/core/result.h"

namespace outrigger::kube {

// The root is an object or an array, and depth 1. Numbers keep their text. Errors name the path of the value:
// "$.spec.containers[0].image".
Result<core::Json> parse_json(std::string_view text, std::size_t max_depth = core::limits::json_depth);

}  // namespace outrigger::kube
