// Merge patch (RFC 7386), JSON patch (RFC 6902) and the part of the strategic merge patch that pods need.
#pragma once
#include <string>

#include "tests/apiserver/base/json.h"
#include "tl/expected.hpp"

namespace outrigger::apiserver {

enum class PatchType { merge, json, strategic };

// The error is true when the patch itself is malformed, false when it does not apply (a failed `test`, a missing path).
struct PatchError {
  bool malformed = false;
  std::string message;
};

tl::expected<Json, PatchError> apply_patch(PatchType type, const Json& object, const std::string& patch);

}  // namespace outrigger::apiserver
