// Requests and answers as values. No sockets, no credentials: io adds the server, the token and the
// User-Agent.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/core/time.h"

namespace outrigger::kube {

enum class Verb : std::uint8_t {
  get,
  list,
  watch,
  create,
  remove,
  remove_collection,
  patch
};  // for metrics and RBAC texts
std::string_view to_string(
    Verb verb);  // "get", "list", "watch", "create", "delete", "deletecollection", "patch"
std::string_view http_method(Verb verb);

struct Request {
  Verb verb = Verb::get;
  std::string target;        // path and query, percent-encoded: /api/v1/namespaces/spark/pods?watch=1&...
  std::string body;          // empty = none
  std::string content_type;  // of the body
  std::string accept;        // of the answer; empty = application/json
  core::Millis deadline{0};  // whole exchange; 0 = none
};

struct ResponseHead {
  std::uint16_t code = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  // Value of the first header of that (lower-case) name, or empty.
  std::string_view header(std::string_view lower_name) const;
};

}  // namespace outrigger::kube
