#include "tests/apiserver/store/object.h"

#include <array>

namespace outrigger::apiserver {
namespace {

constexpr std::array<ResourceInfo, resource_count> resources{
    {{"pods", "Pod", "PodList"},
     {"configmaps", "ConfigMap", "ConfigMapList"},
     {"services", "Service", "ServiceList"},
     {"persistentvolumeclaims", "PersistentVolumeClaim", "PersistentVolumeClaimList"},
     {"secrets", "Secret", "SecretList"},
     {"networkpolicies", "NetworkPolicy", "NetworkPolicyList", "networking.k8s.io", "networking.k8s.io/v1"}}};

void append_map(std::string& out, std::string_view name, const Labels& map) {
  if (map.empty()) return;
  out.append(",\"").append(name).append("\":{");
  bool first = true;
  for (const auto& [key, value] : map) {
    if (!first) out += ',';
    first = false;
    out.append(json_string(key)).append(":").append(json_string(value));
  }
  out += '}';
}

void append_managed(std::string& out, const std::vector<ManagedEntry>& managed,
                    std::string_view api_version) {
  if (managed.empty()) return;
  out += ",\"managedFields\":[";
  for (std::size_t i = 0; i < managed.size(); ++i) {
    const auto& entry = managed[i];
    if (i > 0) out += ',';
    out.append("{\"manager\":").append(json_string(entry.manager));
    out.append(",\"operation\":\"").append(entry.applied ? "Apply" : "Update");
    out.append("\",\"apiVersion\":\"").append(api_version).append("\",\"time\":\"").append(entry.time);
    out.append("\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":").append(entry.fields ? *entry.fields : "{}");
    if (!entry.subresource.empty()) out.append(",\"subresource\":").append(json_string(entry.subresource));
    out += '}';
  }
  out += ']';
}

void append_text(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) out.append(",\"").append(name).append("\":").append(json_string(value));
}

// Members in the order in which the real server writes them.
void append_metadata(std::string& out, const Meta& meta, Rv rv, std::string_view api_version) {
  out.append("\"metadata\":{\"name\":").append(json_string(meta.name));
  append_text(out, "generateName", meta.generate_name);
  append_text(out, "namespace", meta.name_space);
  append_text(out, "uid", meta.uid);
  if (rv > 0) out.append(",\"resourceVersion\":\"").append(std::to_string(rv)).append("\"");
  if (meta.generation > 0) out.append(",\"generation\":").append(std::to_string(meta.generation));
  append_text(out, "creationTimestamp", meta.creation_timestamp);
  append_text(out, "deletionTimestamp", meta.deletion_timestamp);
  if (meta.deletion_grace_s)
    out.append(",\"deletionGracePeriodSeconds\":").append(std::to_string(*meta.deletion_grace_s));
  append_map(out, "labels", meta.labels);
  append_map(out, "annotations", meta.annotations);
  if (!meta.owner_references.empty()) out.append(",\"ownerReferences\":").append(meta.owner_references);
  if (!meta.finalizers.empty()) out.append(",\"finalizers\":").append(dump(Json(meta.finalizers)));
  append_managed(out, meta.managed, api_version);
  out += '}';
}

Labels string_map(const Json& object, const char* name) {
  Labels map;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_object()) return map;
  for (const auto& [key, value] : found->items()) {
    if (value.is_string()) map[key] = value.get<std::string>();
  }
  return map;
}

Meta meta_of(const Json& json) {
  Meta meta;
  if (!json.is_object()) return meta;
  meta.name = string_member(json, "name");
  meta.generate_name = string_member(json, "generateName");
  meta.name_space = string_member(json, "namespace");
  meta.uid = string_member(json, "uid");
  if (const auto it = json.find("generation"); it != json.end() && it->is_number())
    meta.generation = it->get<std::int64_t>();
  meta.creation_timestamp = string_member(json, "creationTimestamp");
  meta.deletion_timestamp = string_member(json, "deletionTimestamp");
  if (const auto it = json.find("deletionGracePeriodSeconds"); it != json.end() && it->is_number()) {
    meta.deletion_grace_s = it->get<std::int64_t>();
  }
  meta.labels = string_map(json, "labels");
  meta.annotations = string_map(json, "annotations");
  if (const auto it = json.find("ownerReferences"); it != json.end() && it->is_array() && !it->empty()) {
    meta.owner_references = dump(*it);
  }
  if (const auto it = json.find("finalizers"); it != json.end() && it->is_array()) {
    for (const auto& finalizer : *it) {
      if (finalizer.is_string()) meta.finalizers.push_back(finalizer.get<std::string>());
    }
  }
  return meta;
}

std::size_t node_name_offset(const Json& spec) {
  // `"spec":{` + every member up to and including dnsPolicy, each with its comma.
  std::size_t at = std::string_view("\"spec\":{").size();
  for (const auto& [key, value] : spec.items()) {
    if (key == "nodeName" || key == "securityContext" || key == "schedulerName") return at;
    at += json_string(key).size() + 1 + dump(value).size() + 1;
  }
  return std::string_view("\"spec\":{").size();
}

void read_spec(Draft& draft, const Json& spec) {
  draft.fields.node_name = string_member(spec, "nodeName");
  draft.fields.restart_policy = string_member(spec, "restartPolicy");
  draft.fields.scheduler_name = string_member(spec, "schedulerName");
  draft.fields.service_account = string_member(spec, "serviceAccountName");
  const auto host = spec.find("hostNetwork");
  draft.fields.host_network =
      host != spec.end() && host->is_boolean() && host->get<bool>() ? "true" : "false";
  draft.node_name_at = node_name_offset(spec);
}

}  // namespace

const ResourceInfo& info(Resource resource) {
  return resources[static_cast<std::size_t>(resource)];
}

std::optional<Resource> resource_by_plural(std::string_view group, std::string_view plural) {
  for (std::size_t i = 0; i < resources.size(); ++i) {
    if (resources[i].plural == plural && resources[i].group == group) return static_cast<Resource>(i);
  }
  return {};
}

std::optional<Resource> resource_by_kind(std::string_view kind) {
  for (std::size_t i = 0; i < resources.size(); ++i) {
    if (resources[i].kind == kind) return static_cast<Resource>(i);
  }
  return {};
}

std::string_view Snapshot::members() const {
  return members_bytes == 0 ? std::string_view()
                            : std::string_view(text).substr(metadata_bytes + 1, members_bytes);
}

std::string_view Snapshot::status() const {
  const std::size_t before = metadata_bytes + (members_bytes == 0 ? 0 : 1 + members_bytes);
  constexpr std::string_view name = ",\"status\":";
  if (text.size() < before + name.size() + 1) return {};
  return std::string_view(text).substr(before + name.size(), text.size() - 1 - before - name.size());
}

SnapshotPtr encode(Draft draft, Rv rv) {
  auto made = std::make_shared<Snapshot>();
  std::string& text = made->text;
  text.reserve(1024 + draft.members.size() + draft.status.size());
  append_metadata(text, draft.meta, rv, info(draft.resource).api_version);
  made->metadata_bytes = text.size();
  made->members_bytes = draft.members.size();
  if (!draft.members.empty()) text.append(",").append(draft.members);
  if (!draft.status.empty()) text.append(",\"status\":").append(draft.status);
  text += '}';
  text.shrink_to_fit();
  made->resource = draft.resource;
  made->rv = rv;
  made->meta = std::move(draft.meta);
  made->fields = std::move(draft.fields);
  made->node_name_at = draft.node_name_at;
  return made;
}

Draft edit(const Snapshot& snapshot) {
  Draft draft;
  draft.resource = snapshot.resource;
  draft.meta = snapshot.meta;
  draft.members = snapshot.members();
  draft.node_name_at = snapshot.node_name_at;
  draft.status = snapshot.status();
  draft.fields = snapshot.fields;
  return draft;
}

Draft draft_of(Resource resource, const Json& object) {
  Draft draft;
  draft.resource = resource;
  for (const auto& [name, value] : object.items()) {
    if (name == "kind" || name == "apiVersion") continue;
    if (name == "metadata") {
      draft.meta = meta_of(value);
    } else if (name == "status") {
      set_status(draft, value);
    } else {
      if (!draft.members.empty()) draft.members += ',';
      draft.members.append(json_string(name)).append(":").append(dump(value));
      if (name == "spec" && value.is_object()) read_spec(draft, value);
    }
  }
  return draft;
}

Json to_json(const Snapshot& snapshot) {
  std::string text;
  append_object(text, snapshot, View::full);
  return parse_json(text);
}

void append_object(std::string& out, const Snapshot& snapshot, View view) {
  if (view == View::metadata) {
    out.append("{\"kind\":\"PartialObjectMetadata\",\"apiVersion\":\"meta.k8s.io/v1\",")
        .append(snapshot.metadata())
        .append("}");
    return;
  }
  out.append("{\"kind\":\"")
      .append(info(snapshot.resource).kind)
      .append("\",\"apiVersion\":\"")
      .append(info(snapshot.resource).api_version)
      .append("\",")
      .append(snapshot.text);
}

void append_list_item(std::string& out, const Snapshot& snapshot, View view) {
  if (view == View::metadata) return append_object(out, snapshot, view);
  out.append("{").append(snapshot.text);
}

void set_node_name(Draft& draft, std::string_view node) {
  draft.members.insert(draft.node_name_at, "\"nodeName\":" + json_string(node) + ",");
  draft.fields.node_name = node;
}

void set_status(Draft& draft, const Json& status) {
  draft.status = status.is_object() ? dump(status) : std::string();
  if (draft.status == "{}" && draft.resource != Resource::pods) draft.status.clear();
  draft.fields.phase = string_member(status, "phase");
  draft.fields.pod_ip = string_member(status, "podIP");
  draft.fields.nominated_node = string_member(status, "nominatedNodeName");
}

}  // namespace outrigger::apiserver
