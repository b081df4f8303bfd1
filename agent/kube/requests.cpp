#include "agent/kube/requests.h"

#include <array>

#include "agent/core/json.h"
#include "agent/kube/names.h"

namespace outrigger::kube {
namespace {

constexpr std::string_view field_manager = "outrigger";
constexpr std::string_view name_rule = "lower-case letters, digits, '-' and '.', at most 253";
constexpr std::string_view metadata_only =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

// Builds path?a=b&c=d; values are encoded, names are ours.
class Target {
 public:
  explicit Target(std::string path) : text_(std::move(path)) {}
  Target& add(std::string_view name, std::string_view value) {
    text_ += first_ ? '?' : '&';
    first_ = false;
    text_.append(name).append("=").append(percent_encode(value));
    return *this;
  }
  Target& add_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : add(name, value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  bool first_ = true;
};

std::string accept_of(AnswerAs answer) {
  return answer == AnswerAs::metadata ? std::string(metadata_only) : std::string();
}

std::string delete_body(const DeleteOptions& options) {
  core::Json body = core::Json::object();
  body.set("kind", core::Json::string("DeleteOptions"));
  body.set("apiVersion", core::Json::string("v1"));
  if (options.grace_s) body.set("gracePeriodSeconds", core::Json::number(std::int64_t{*options.grace_s}));
  if (!options.uid.empty() || !options.resource_version.empty()) {
    core::Json conditions = core::Json::object();
    if (!options.uid.empty()) conditions.set("uid", core::Json::string(options.uid));
    if (!options.resource_version.empty())
      conditions.set("resourceVersion", core::Json::string(options.resource_version));
    body.set("preconditions", std::move(conditions));
  }
  switch (options.propagation) {
    case Propagation::server_default:
      break;
    case Propagation::background:
      body.set("propagationPolicy", core::Json::string("Background"));
      break;
    case Propagation::foreground:
      body.set("propagationPolicy", core::Json::string("Foreground"));
      break;
    case Propagation::orphan:
      body.set("propagationPolicy", core::Json::string("Orphan"));
      break;
  }
  return core::write_json(body).value();  // depth 2: cannot fail
}

Request write_request(Verb verb, std::string target, std::string body, AnswerAs answer) {
  Request request;
  request.verb = verb;
  request.target = std::move(target);
  request.body = std::move(body);
  if (!request.body.empty()) request.content_type = "application/json";
  request.accept = accept_of(answer);
  return request;
}

}  // namespace

std::string_view to_string(Resource resource) {
  switch (resource) {
    case Resource::pods:
      return "pods";
    case Resource::configmaps:
      return "configmaps";
    case Resource::services:
      return "services";
    case Resource::persistent_volume_claims:
      return "persistentvolumeclaims";
  }
  return "pods";
}

std::optional<Resource> resource_of(std::string_view api_version, std::string_view kind) {
  if (api_version != "v1") return std::nullopt;
  if (kind == "Pod") return Resource::pods;
  if (kind == "ConfigMap") return Resource::configmaps;
  if (kind == "Service") return Resource::services;
  if (kind == "PersistentVolumeClaim") return Resource::persistent_volume_claims;
  return std::nullopt;
}

std::chrono::seconds jittered_watch_timeout(std::uint64_t entropy, std::chrono::seconds bound) {
  std::uint64_t least = 300, most = 600;
  if (bound.count() > 0) {
    most = std::min<std::uint64_t>(most, static_cast<std::uint64_t>(bound.count()));
    least = std::min(least, (most + 1) / 2);
  }
  return std::chrono::seconds(least + entropy % (most - least + 1));
}

Result<std::string> equality_selector(
    std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  std::string selector;
  for (const auto& [key, value] : labels) {
    if (!is_label_key(key))
      return tl::unexpected(bad_name("label key", key, "[prefix/]name, name at most 63"));
    if (!is_label_value(value))
      return tl::unexpected(bad_name("label value", value, "letters, digits, '-', '_', '.', at most 63"));
    if (!selector.empty()) selector += ',';
    selector.append(key).append("=").append(value);
  }
  return selector;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() + 16);
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

Result<Requests> Requests::in_namespace(std::string_view name_space) {
  if (!is_dns_label(name_space))
    return tl::unexpected(
        bad_name("namespace", name_space, "lower-case letters, digits and '-', at most 63"));
  return Requests(std::string(name_space));
}

std::string Requests::collection(Resource resource) const {
  return "/api/v1/namespaces/" + namespace_ + "/" + std::string(to_string(resource));
}

Request Requests::list(const ListQuery& query, Resource resource) const {
  Target target(collection(resource));
  target.add_if("labelSelector", query.label_selector).add_if("fieldSelector", query.field_selector);
  if (query.limit != 0) target.add("limit", std::to_string(query.limit));
  if (!query.continue_token.empty()) {
    target.add("continue", query.continue_token);
  } else if (!query.resource_version.empty()) {
    target.add("resourceVersion", query.resource_version);
    if (query.not_older_than) target.add("resourceVersionMatch", "NotOlderThan");
  }
  Request request;
  request.verb = Verb::list;
  request.target = target.take();
  return request;
}

Request Requests::watch(const WatchQuery& query) const {
  Target target(collection(Resource::pods));
  target.add("watch", "1")
      .add_if("labelSelector", query.label_selector)
      .add_if("fieldSelector", query.field_selector)
      .add_if("resourceVersion", query.resource_version)
      .add("timeoutSeconds", std::to_string(query.timeout.count()));
  if (query.bookmarks || query.send_initial_events) target.add("allowWatchBookmarks", "true");
  if (query.send_initial_events)
    target.add("sendInitialEvents", "true").add("resourceVersionMatch", "NotOlderThan");
  Request request;
  request.verb = Verb::watch;
  request.target = target.take();
  return request;
}

Result<Request> Requests::get(std::string_view name, Resource resource, AnswerAs answer) const {
  if (!is_dns_subdomain(name)) return tl::unexpected(bad_name("name", name, name_rule));
  Request request;
  request.verb = Verb::get;
  request.target = collection(resource) + "/" + std::string(name);
  request.accept = accept_of(answer);
  return request;
}

Request Requests::create(std::string object_json, Resource resource, AnswerAs answer) const {
  Target target(collection(resource));
  target.add("fieldManager", field_manager);
  return write_request(Verb::create, target.take(), std::move(object_json), answer);
}

Result<Request> Requests::remove(std::string_view name, const DeleteOptions& options,
                                 Resource resource) const {
  if (!is_dns_subdomain(name)) return tl::unexpected(bad_name("name", name, name_rule));
  return write_request(Verb::remove, collection(resource) + "/" + std::string(name), delete_body(options),
                       options.answer);
}

Result<Request> Requests::remove_collection(std::string_view label_selector, const DeleteOptions& options,
                                            Resource resource) const {
  if (label_selector.empty())
    return fail("deletecollection of " + std::string(to_string(resource)) + " in namespace \"" + namespace_ +
                "\" without a label selector is refused: it would delete every one");
  Target target(collection(resource));
  target.add("labelSelector", label_selector);
  return write_request(Verb::remove_collection, target.take(), delete_body(options), AnswerAs::object);
}

Result<Request> Requests::merge_patch(std::string_view name, std::string patch_json, Resource resource,
                                      AnswerAs answer) const {
  if (!is_dns_subdomain(name)) return tl::unexpected(bad_name("name", name, name_rule));
  Target target(collection(resource) + "/" + std::string(name));
  target.add("fieldManager", field_manager);
  Request request = write_request(Verb::patch, target.take(), std::move(patch_json), answer);
  request.content_type = "application/merge-patch+json";
  return request;
}

Result<Request> Requests::patch_labels(std::string_view name, const std::vector<LabelChange>& changes,
                                       AnswerAs answer) const {
  core::Json labels = core::Json::object();
  for (const LabelChange& change : changes) {
    if (!is_label_key(change.key))
      return tl::unexpected(bad_name("label key", change.key, "[prefix/]name, name at most 63"));
    if (change.value && !is_label_value(*change.value))
      return tl::unexpected(
          bad_name("label value", *change.value, "letters, digits, '-', '_', '.', at most 63"));
    labels.set(change.key, change.value ? core::Json::string(*change.value) : core::Json());
  }
  core::Json metadata = core::Json::object();
  metadata.set("labels", std::move(labels));
  core::Json patch = core::Json::object();
  patch.set("metadata", std::move(metadata));
  return merge_patch(name, core::write_json(patch).value(), Resource::pods, answer);
}

}  // namespace outrigger::kube
