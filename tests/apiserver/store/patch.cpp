#include "tests/apiserver/store/patch.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "tests/apiserver/base/text.h"

namespace outrigger::apiserver {
namespace {

constexpr std::string_view delete_directive = "$deleteFromPrimitiveList/";

// Lists that a strategic merge patch merges by key. `ports` depends on what has them.
const char* merge_key(std::string_view list, const Json& items) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 15> keys{{
      {"containers", "name"},
      {"initContainers", "name"},
      {"ephemeralContainers", "name"},
      {"env", "name"},
      {"volumes", "name"},
      {"imagePullSecrets", "name"},
      {"resourceClaims", "name"},
      {"schedulingGates", "name"},
      {"conditions", "type"},
      {"volumeMounts", "mountPath"},
      {"volumeDevices", "devicePath"},
      {"ownerReferences", "uid"},
      {"podIPs", "ip"},
      {"hostIPs", "ip"},
      {"hostAliases", "ip"},
  }};
  if (list == "ports") {
    const bool container =
        !items.empty() && items.front().is_object() && items.front().contains("containerPort");
    return container ? "containerPort" : "port";
  }
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.first == list; });
  return found == keys.end() ? nullptr : found->second;
}

void merge(Json& target, const Json& patch, bool strategic);

void merge_list(Json& target, const Json& patch, const char* key) {
  const auto key_of = [key](const Json& item) { return item.is_object() ? item.value(key, Json()) : Json(); };
  for (const auto& item : patch) {
    const auto same = [&, id = key_of(item)](const Json& other) { return key_of(other) == id; };
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

void unite_set(Json& target, const Json& more) {
  for (const auto& item : more) {
    if (std::find(target.begin(), target.end(), item) == target.end()) target.push_back(item);
  }
}

void delete_from_set(Json& target, const Json& less) {
  if (!target.is_array()) return;
  for (const auto& item : less) {
    const auto found = std::find(target.begin(), target.end(), item);
    if (found != target.end()) target.erase(found);
  }
}

void merge_member(Json& target, const std::string& name, const Json& value, bool strategic) {
  const bool list = strategic && value.is_array() && target.contains(name) && target[name].is_array();
  if (value.is_null()) {
    target.erase(name);
  } else if (list && name == "finalizers") {  // the only set of plain values in what this server stores
    unite_set(target[name], value);
  } else if (const char* key = list ? merge_key(name, value) : nullptr; key != nullptr) {
    if (value.size() == 1 && string_member(value.front(), "$patch") == "replace") {
      target[name] = Json::array();
    } else {
      merge_list(target[name], value, key);
    }
  } else {
    merge(target[name], value, strategic);
  }
}

void merge(Json& target, const Json& patch, bool strategic) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  const std::string directive = strategic ? string_member(patch, "$patch") : "";
  if (!target.is_object() || directive == "replace" || directive == "delete") target = Json::object();
  if (directive == "delete") return;
  for (const auto& [name, value] : patch.items()) {
    if (strategic && name.starts_with(delete_directive)) {
      const std::string list = name.substr(delete_directive.size());
      if (target.contains(list)) delete_from_set(target[list], value);
    } else if (!strategic || !name.starts_with('$')) {  // $setElementOrder, $retainKeys: orders and unions
      merge_member(target, name, value, strategic);
    }
  }
}

// What Go's decoder says of a text that is not what it should be.
std::string go_complaint(const std::string& text, const Json& parsed, std::string_view wanted) {
  const auto first = trim(text);
  if (first.empty()) return "unexpected end of JSON input";
  if (parsed.is_discarded()) {
    if (first.front() == '{' || first.front() == '[' || first.front() == '"')
      return "unexpected end of JSON input";
    return std::string("invalid character '") + first.front() + "' looking for beginning of value";
  }
  const char* have = parsed.is_array()     ? "array"
                     : parsed.is_object()  ? "object"
                     : parsed.is_string()  ? "string"
                     : parsed.is_boolean() ? "bool"
                                           : "number";
  return std::string("json: cannot unmarshal ") + have + " into Go value of type " + std::string(wanted);
}

}  // namespace

void strategic_merge(Json& target, const Json& patch) {
  merge(target, patch, true);
}

tl::expected<Json, PatchError> apply_patch(PatchType type, const Json& object, const std::string& text) {
  const Json patch = parse_json(text);
  if (type == PatchType::json) {
    if (!patch.is_array())
      return tl::unexpected(PatchError{true, go_complaint(text, patch, "jsonpatch.Patch")});
    try {
      return object.patch(patch);
    } catch (const Json::exception& problem) {
      return tl::unexpected(PatchError{problem.id == 105, problem.what()});  // 105: not a JSON patch
    }
  }
  if (!patch.is_object()) {
    const std::string why = go_complaint(text, patch, "map[string]interface {}");
    return tl::unexpected(PatchError{true, type == PatchType::merge ? "error decoding patch: " + why : why});
  }
  Json result = object;
  merge(result, patch, type == PatchType::strategic);
  return result;
}

}  // namespace outrigger::apiserver
