// One version of one stored object: immutable, encoded once, shared by the list index, the history and all watchers.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/base/json.h"

namespace outrigger::apiserver {

using Rv = std::int64_t;  // resource version; one counter for all resources, as in etcd

enum class Resource : std::uint8_t {
  pods,
  configmaps,
  services,
  persistentvolumeclaims,
  secrets,
  networkpolicies
};
inline constexpr std::size_t resource_count = 6;

struct ResourceInfo {
  std::string_view plural;
  std::string_view kind;
  std::string_view list_kind;
  std::string_view group = {};  // of the API; empty = core
  std::string_view api_version = "v1";
};
const ResourceInfo& info(Resource resource);
std::optional<Resource> resource_by_plural(std::string_view group, std::string_view plural);
// Of the objects of a kind, as owner references name them.
std::optional<Resource> resource_by_kind(std::string_view kind);

using Labels = std::map<std::string, std::string, std::less<>>;

struct ManagedEntry {
  std::string manager;
  std::string time;
  std::string subresource;
  std::shared_ptr<const std::string> fields;  // JSON text of fieldsV1
  bool applied = false;                       // by server-side apply
};

struct Meta {
  std::string name;
  std::string generate_name;
  std::string name_space;
  std::string uid;
  std::int64_t generation = 0;  // 0 = not shown
  std::string creation_timestamp;
  std::string deletion_timestamp;
  std::optional<std::int64_t> deletion_grace_s;
  Labels labels;
  Labels annotations;
  std::string owner_references;  // JSON text of the array, or empty
  std::vector<std::string> finalizers;
  std::vector<ManagedEntry> managed;

  bool terminating() const { return !deletion_timestamp.empty(); }
};

// What field selectors of pods can ask for, apart from name and namespace.
struct PodFields {
  std::string node_name;
  std::string restart_policy;
  std::string scheduler_name;
  std::string service_account;
  std::string host_network = "false";
  std::string phase;
  std::string pod_ip;
  std::string nominated_node;
};

// A version in the making.
struct Draft {
  Resource resource = Resource::pods;
  Meta meta;
  std::string members;  // `"spec":{...}` or `"data":{...}`: all between metadata and status, may be empty
  std::size_t node_name_at = 0;  // offset in `members` where `"nodeName":"x",` goes
  std::string status;            // JSON text, or empty
  PodFields fields;
};

struct Snapshot {
  Resource resource = Resource::pods;
  Rv rv = 0;
  Meta meta;
  PodFields fields;
  std::size_t node_name_at = 0;
  // `"metadata":{...},MEMBERS,"status":{...}}`: everything after kind and apiVersion.
  std::string text;
  std::size_t metadata_bytes = 0;  // of `"metadata":{...}`
  std::size_t members_bytes = 0;   // after the comma
  std::string_view metadata() const { return std::string_view(text).substr(0, metadata_bytes); }
  std::string_view members() const;
  std::string_view status() const;
  std::string key() const { return meta.name_space + "/" + meta.name; }
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

// rv 0 leaves the resourceVersion out (dry run).
SnapshotPtr encode(Draft draft, Rv rv);
Draft edit(const Snapshot& snapshot);  // a draft equal to the snapshot

Draft draft_of(Resource resource, const Json& object);
Json to_json(const Snapshot& snapshot);  // with kind and apiVersion

// `{"kind":"Pod","apiVersion":"v1",` or the head of a PartialObjectMetadata.
enum class View : std::uint8_t { full, metadata };
void append_object(std::string& out, const Snapshot& snapshot, View view);
void append_list_item(std::string& out, const Snapshot& snapshot, View view);

// Binds a pod: writes spec.nodeName where the real server has it.
void set_node_name(Draft& draft, std::string_view node);
// Replaces the status and what selectors read from it.
void set_status(Draft& draft, const Json& status);

}  // namespace outrigger::apiserver
