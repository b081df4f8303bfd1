// A request understood: verb, resource, names and options.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/api/status.h"
#include "tests/apiserver/http/message.h"
#include "tests/apiserver/store/object.h"

namespace outrigger::apiserver {

using Query = std::map<std::string, std::string, std::less<>>;

struct Target {
  std::vector<std::string> path;  // decoded segments
  Query query;                    // decoded; the first of repeated parameters
};
Target parse_target(std::string_view target);

// A request on a resource of the API.
struct ApiRequest {
  std::string verb;  // get list watch create update patch delete deletecollection, as RBAC has them
  std::string group;
  std::string plural;
  std::optional<Resource> resource;  // null = not one that this server stores
  std::string name_space;
  std::string name;
  std::string subresource;
  Query query;
  std::string user_agent;
  std::string accept;
  std::string content_type;
  const std::string* body = nullptr;

  std::string_view option(std::string_view key) const;
  bool flag(std::string_view key) const;  // present and neither "0" nor "false"
  bool dry_run() const { return option("dryRun") == "All"; }
  // What managedFields call the client.
  std::string manager() const;
};

// Null when the path is not of the form /api/v1/... with a resource.
std::optional<ApiRequest> understand(const HttpRequest& request, const Target& target);

// What the client accepts: View of the answer, or 406.
Outcome<View> negotiate(std::string_view accept, bool list);

}  // namespace outrigger::apiserver
