// The continue token as kube-apiserver encodes it: base64url of {"v","rv","start"}, start relative to the list's prefix.
#pragma once
#include <string>
#include <string_view>

#include "tests/apiserver/store/object.h"
#include "tl/expected.hpp"

namespace outrigger::apiserver {

struct ContinueToken {
  Rv rv = 0;          // -1: the newest, after a 410
  std::string start;  // relative key, "/name" or "/namespace/name", the first one is included
  friend bool operator==(const ContinueToken&, const ContinueToken&) = default;
};

std::string encode_continue(const ContinueToken& token);
// The error is the text after "invalid continue token: ".
tl::expected<ContinueToken, std::string> decode_continue(std::string_view text);
// The token of a 410: same place, newest revision.
std::string encode_inconsistent_continue(const ContinueToken& token);

}  // namespace outrigger::apiserver
