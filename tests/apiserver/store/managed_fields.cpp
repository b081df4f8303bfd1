#include "tests/apiserver/store/managed_fields.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace outrigger::apiserver {
namespace {

struct KeyedList {
  std::string_view name;
  std::array<const char*, 2> keys;  // second may be null
};
constexpr std::array keyed_lists{
    KeyedList{"containers", {"name", nullptr}},
    KeyedList{"initContainers", {"name", nullptr}},
    KeyedList{"env", {"name", nullptr}},
    KeyedList{"volumes", {"name", nullptr}},
    KeyedList{"volumeMounts", {"mountPath", nullptr}},
    KeyedList{"ports", {"containerPort", "protocol"}},
    KeyedList{"imagePullSecrets", {"name", nullptr}},
    KeyedList{"ownerReferences", {"uid", nullptr}},
    KeyedList{"conditions", {"type", nullptr}},
    KeyedList{"podIPs", {"ip", nullptr}},
    KeyedList{"hostAliases", {"ip", nullptr}},
};
constexpr std::array<std::string_view, 4> atomic_maps{"fieldRef", "nodeSelector", "secretKeyRef",
                                                      "configMapKeyRef"};

const KeyedList* keyed(std::string_view name) {
  const auto found = std::find_if(keyed_lists.begin(), keyed_lists.end(),
                                  [&](const auto& list) { return list.name == name; });
  return found == keyed_lists.end() ? nullptr : &*found;
}

Json fields_of(std::string_view name, const Json& value, bool with_self);

Json sorted_object(std::map<std::string, Json> members, bool with_self) {
  Json object = Json::object();
  if (with_self) object["."] = Json::object();
  for (auto& [name, value] : members) object[name] = std::move(value);
  return object;
}

Json list_fields(const KeyedList& list, const Json& items) {
  std::map<std::string, Json> members;
  for (const auto& item : items) {
    Json key = Json::object();
    for (const char* name : list.keys) {
      if (name != nullptr && item.is_object() && item.contains(name)) key[name] = item[name];
    }
    members["k:" + dump(key)] = fields_of("", item, true);
  }
  return sorted_object(std::move(members), list.name != "containers" && list.name != "initContainers" &&
                                               list.name != "conditions");
}

Json fields_of(std::string_view name, const Json& value, bool with_self) {
  if (value.is_array()) {
    const KeyedList* list = keyed(name);
    return list != nullptr ? list_fields(*list, value) : Json::object();
  }
  const bool atomic = std::find(atomic_maps.begin(), atomic_maps.end(), name) != atomic_maps.end();
  if (!value.is_object() || value.empty() || atomic) return Json::object();
  std::map<std::string, Json> members;
  for (const auto& [key, member] : value.items()) members["f:" + key] = fields_of(key, member, true);
  return sorted_object(std::move(members), with_self);
}

void unite(Json& into, const Json& from) {
  for (const auto& [name, value] : from.items()) {
    if (into.contains(name)) {
      unite(into[name], value);
    } else {
      into[name] = value;
    }
  }
}

}  // namespace

Json owned_fields(const Json& object) {
  Json fields = Json::object();
  Json metadata = Json::object();
  const Json& given = child(object, "metadata");
  for (const auto& [name, value] : given.items()) {
    if (name == "labels" || name == "annotations" || name == "ownerReferences" || name == "generateName" ||
        name == "finalizers") {
      metadata["f:" + name] = fields_of(name, value, true);
    }
  }
  for (const auto& [name, value] : object.items()) {
    if (name == "data" || name == "binaryData" || name == "immutable")
      fields["f:" + name] = fields_of(name, value, true);
  }
  if (!metadata.empty()) {
    std::map<std::string, Json> sorted;
    for (auto& [name, value] : metadata.items()) sorted[name] = std::move(value);
    fields["f:metadata"] = sorted_object(std::move(sorted), false);
  }
  if (object.contains("spec")) fields["f:spec"] = fields_of("spec", object["spec"], false);
  return fields;
}

Json owned_status_fields(const Json& status) {
  Json fields = Json::object();
  Json copy = status;
  copy.erase("qosClass");
  fields["f:status"] = fields_of("status", copy, false);
  return fields;
}

void note_manager(Meta& meta, const std::string& manager, const std::string& subresource,
                  const std::string& time, const Json& fields, bool applied) {
  const auto found = std::find_if(meta.managed.begin(), meta.managed.end(), [&](const ManagedEntry& e) {
    return e.manager == manager && e.subresource == subresource && e.applied == applied;
  });
  if (found == meta.managed.end()) {
    meta.managed.push_back(
        {manager, time, subresource, std::make_shared<const std::string>(dump(fields)), applied});
    return;
  }
  found->time = time;
  if (!subresource.empty() || applied) {  // such a writer owns what it last wrote
    found->fields = std::make_shared<const std::string>(dump(fields));
    return;
  }
  Json all = parse_json(*found->fields);
  unite(all, fields);
  found->fields = std::make_shared<const std::string>(dump(all));
}

}  // namespace outrigger::apiserver
