#include "tests/apiserver/store/patch.h"

#include <algorithm>

namespace outrigger::apiserver {
namespace {

// Lists that a strategic merge patch merges by key.
const char* merge_key(std::string_view list) {
  if (list == "containers" || list == "initContainers" || list == "env" || list == "volumes" ||
      list == "imagePullSecrets")
    return "name";
  if (list == "conditions") return "type";
  if (list == "volumeMounts") return "mountPath";
  if (list == "ownerReferences") return "uid";
  if (list == "podIPs" || list == "hostIPs") return "ip";
  return nullptr;
}

void merge(Json& target, const Json& patch, bool strategic);

void merge_list(Json& target, const Json& patch, const char* key) {
  for (const auto& item : patch) {
    const std::string id = string_member(item, key);
    const auto same = [&](const Json& other) { return string_member(other, key) == id; };
    const auto found = std::find_if(target.begin(), target.end(), same);
    if (string_member(item, "$patch") == "delete") {
      if (found != target.end()) target.erase(found);
    } else if (found != target.end()) {
      merge(*found, item, true);
    } else {
      target.push_back(item);
    }
  }
}

void merge(Json& target, const Json& patch, bool strategic) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target = Json::object();
  for (const auto& [name, value] : patch.items()) {
    if (strategic && name.starts_with("$")) continue;  // directives such as $setElementOrder
    const char* key = strategic && value.is_array() ? merge_key(name) : nullptr;
    if (value.is_null()) {
      target.erase(name);
    } else if (key != nullptr && target.contains(name) && target[name].is_array()) {
      merge_list(target[name], value, key);
    } else {
      merge(target[name], value, strategic);
    }
  }
}

}  // namespace

tl::expected<Json, PatchError> apply_patch(PatchType type, const Json& object, const std::string& text) {
  const Json patch = parse_json(text);
  if (patch.is_discarded() || (type == PatchType::json ? !patch.is_array() : !patch.is_object())) {
    return tl::unexpected(PatchError{true, "error decoding patch: invalid character in patch"});
  }
  if (type == PatchType::json) {
    try {
      return object.patch(patch);
    } catch (const Json::exception& problem) {
      return tl::unexpected(PatchError{problem.id == 105, problem.what()});  // 105: not a JSON patch
    }
  }
  Json result = object;
  merge(result, patch, type == PatchType::strategic);
  return result;
}

}  // namespace outrigger::apiserver
