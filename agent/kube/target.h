// The target of someone else's request, taken apart: what the gateway judges. Requests of our own are made by
// requests.h.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "agent/core/result.h"

namespace outrigger::kube {

struct Target {
  std::string group_version;                              // "v1", "metrics.k8s.io/v1beta1"
  std::string name_space;                                 // empty: not namespaced
  std::string resource;                                   // the plural
  std::string name;                                       // empty: the collection
  std::string subresource;                                // empty: the object itself
  std::map<std::string, std::string, std::less<>> query;  // decoded; a key that comes twice is refused
  std::string_view parameter(std::string_view key) const;
};

// /api/v1/... and /apis/GROUP/VERSION/...; every segment is percent-decoded once. Refused: another path, an
// empty segment, "." and "..", a broken escape, a byte below 0x20, more segments than an object has.
Result<Target> parse_target(std::string_view text);

}  // namespace outrigger::kube
