// Merge patch (RFC 7386), JSON patch (RFC 6902), strategic merge patch, and the merge of a server-side apply.
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

// Lists with a key and sets are united, everything else is replaced: what a strategic merge patch does.
void strategic_merge(Json& target, const Json& patch);

}  // namespace outrigger::apiserver
