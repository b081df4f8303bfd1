// A pod's specification turned into values: environment, commands, fields. Values in, values out.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/apiserver/base/json.h"
#include "tests/apiserver/store/object.h"
#include "tl/expected.hpp"

namespace outrigger::apiserver {

using EnvList = std::vector<std::pair<std::string, std::string>>;

// Finds an object of the pod's namespace; nothing when it is not there.
using ObjectLookup = std::function<std::optional<Json>(Resource resource, const std::string& name)>;

struct NodeFacts {
  std::int64_t cpus = 1;
  std::int64_t memory_bytes = 0;
};

// $(NAME) of what is in `env`; $$ is a dollar sign; unknown names stay as they are.
std::string expand(std::string_view text, const EnvList& env);

// The value of a fieldRef; the error is what the real kubelet says.
tl::expected<std::string, std::string> field_of_pod(const Json& pod, const std::string& path);

// requests or limits of a container in units of the divisor, rounded up; without one the node has it all.
tl::expected<std::string, std::string> resource_of(const Json& pod, const Json& container, const Json& ref,
                                                   const NodeFacts& node);

// The content of a key of a ConfigMap or Secret, decoded.
std::optional<std::string> content_of(Resource resource, const Json& object, const std::string& key);
std::map<std::string, std::string> contents_of(Resource resource, const Json& object);

// `base` and then the pod's own, each name once, later ones win. An error means: not yet, an object is missing.
tl::expected<EnvList, std::string> environment_of(const Json& pod, const Json& container, EnvList base,
                                                  const ObjectLookup& find, const NodeFacts& node);

bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace outrigger::apiserver
