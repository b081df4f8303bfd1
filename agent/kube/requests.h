// Requests to the API server as values, percent-encoded, with every name checked before it reaches a path.
#pragma once
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/core/limits.h"
#include "agent/core/result.h"
#include "agent/kube/http_message.h"

namespace outrigger::kube {

// What the agent may write: pods, and what an executor's pod may bring along.
enum class Resource : std::uint8_t { pods, configmaps, services, persistent_volume_claims };
std::string_view to_string(Resource resource);  // the plural in the path
// "v1", "PersistentVolumeClaim" -> persistent_volume_claims; nullopt for what the agent does not write.
std::optional<Resource> resource_of(std::string_view api_version, std::string_view kind);

// Whole object, or metadata only: `as=PartialObjectMetadata` with JSON as the fallback for old servers.
enum class AnswerAs : std::uint8_t { object, metadata };

struct ListQuery {
  std::string label_selector;
  std::string field_selector;
  std::uint32_t limit = core::limits::list_page_pods;  // 0 = unpaged
  std::string continue_token;                          // then neither version nor match is sent (400)
  std::string resource_version;                        // empty = consistent
  bool not_older_than = false;                         // resourceVersionMatch, only with a version
};

struct WatchQuery {
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;  // empty = from now, with synthetic ADDED
  std::chrono::seconds timeout{300};
  bool bookmarks = true;
  bool send_initial_events = false;  // WatchList; sends resourceVersionMatch=NotOlderThan as it must
};

enum class Propagation : std::uint8_t { server_default, background, foreground, orphan };

struct DeleteOptions {
  std::string uid;               // precondition; empty = none
  std::string resource_version;  // precondition; empty = none
  std::optional<std::uint32_t> grace_s;
  Propagation propagation = Propagation::server_default;
  AnswerAs answer = AnswerAs::object;
};

struct LabelChange {
  std::string key;
  std::optional<std::string> value;  // nullopt removes the label
};

// Uniform in [300, 600] s, as client-go does, so that a thousand watches do not end together; `bound` > 0
// caps both ends (a proxy that acknowledges TCP is between: the watch is renewed before it can go deaf).
std::chrono::seconds jittered_watch_timeout(std::uint64_t entropy, std::chrono::seconds bound);

// "a=b,c=d". Refused if a key or a value is not a label's.
Result<std::string> equality_selector(
    std::initializer_list<std::pair<std::string_view, std::string_view>> labels);

bool is_dns_subdomain(std::string_view name);  // pods: RFC 1123, <= 253
bool is_dns_label(std::string_view name);      // namespaces: <= 63
bool is_label_key(std::string_view key);
bool is_label_value(std::string_view value);
std::string percent_encode(std::string_view text);  // everything but the unreserved characters of RFC 3986

// All requests of one namespace. Copyable value. A Result fails only for a bad name, key or value.
class Requests {
 public:
  static Result<Requests> in_namespace(std::string_view name_space);
  const std::string& name_space() const { return namespace_; }

  Request list(const ListQuery& query, Resource resource = Resource::pods) const;
  Request watch(const WatchQuery& query) const;
  Result<Request> get(std::string_view name, Resource resource = Resource::pods,
                      AnswerAs answer = AnswerAs::object) const;
  Request create(std::string object_json, Resource resource = Resource::pods,
                 AnswerAs answer = AnswerAs::object) const;
  Result<Request> remove(std::string_view name, const DeleteOptions& options,
                         Resource resource = Resource::pods) const;
  // Refused without a selector: that would be every object of the namespace.
  Result<Request> remove_collection(std::string_view label_selector, const DeleteOptions& options,
                                    Resource resource = Resource::pods) const;
  Result<Request> merge_patch(std::string_view name, std::string patch_json,
                              Resource resource = Resource::pods, AnswerAs answer = AnswerAs::object) const;
  Result<Request> patch_labels(std::string_view name, const std::vector<LabelChange>& changes,
                               AnswerAs answer = AnswerAs::metadata) const;

 private:
  explicit Requests(std::string name_space) : namespace_(std::move(name_space)) {}
  std::string collection(Resource resource) const;
  std::string namespace_;
};

}  // namespace outrigger::kube
