#include <algorithm>
#include <charconv>

#include "tests/apiserver/api/api.h"
#include "tests/apiserver/api/object_rules.h"
#include "tests/apiserver/api/pod_rules.h"
#include "tests/apiserver/controllers/garbage_collector.h"
#include "tests/apiserver/store/deletion.h"
#include "tests/apiserver/store/managed_fields.h"
#include "tests/apiserver/store/patch.h"

namespace outrigger::apiserver {
namespace {

constexpr std::size_t generated_prefix = 58;  // generateName is cut here, five characters follow

struct DeleteOptions {
  std::optional<std::int64_t> grace_s;
  std::string propagation = "Background";
  std::string uid;
  std::string resource_version;
  bool dry_run = false;
};

Outcome<DeleteOptions> delete_options(const ApiRequest& api) {
  DeleteOptions options;
  Json body = Json::object();
  if (!api.body->empty()) {
    if (!api.content_type.empty() && api.content_type != "application/json")
      return tl::unexpected(status::unsupported_media_type());
    body = parse_json(*api.body);
    if (!body.is_object())
      return tl::unexpected(
          status::bad_request("couldn't get version/kind; json parse error: unexpected end of JSON input"));
  }
  if (const auto grace = body.find("gracePeriodSeconds"); grace != body.end() && grace->is_number_integer())
    options.grace_s = grace->get<std::int64_t>();
  std::int64_t grace_s = 0;
  const auto text = api.option("gracePeriodSeconds");
  if (std::from_chars(text.data(), text.data() + text.size(), grace_s).ec == std::errc())
    options.grace_s = grace_s;
  const Json preconditions = body.contains("preconditions") ? body["preconditions"] : Json::object();
  options.uid = string_member(preconditions, "uid");
  options.resource_version = string_member(preconditions, "resourceVersion");
  if (body.value("orphanDependents", false)) options.propagation = "Orphan";
  for (const auto& policy :
       {std::string(api.option("propagationPolicy")), string_member(body, "propagationPolicy")}) {
    if (!policy.empty()) options.propagation = policy;
  }
  if (options.propagation != "Background" && options.propagation != "Foreground" &&
      options.propagation != "Orphan") {
    return tl::unexpected(
        status::invalid("meta.k8s.io", "DeleteOptions", "",
                        {{"FieldValueNotSupported",
                          "Unsupported value: " + json_string(options.propagation) +
                              ": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"",
                          "propagationPolicy"}}));
  }
  options.dry_run =
      api.dry_run() || (body.contains("dryRun") && body["dryRun"].is_array() && !body["dryRun"].empty());
  return options;
}

DeletionResult delete_as_asked(Store& store, const Snapshot& object, const DeleteOptions& options,
                               std::int64_t unix_ms) {
  if (options.propagation == "Orphan") orphan_dependents(store, object.meta.uid);
  const std::string_view finalizer = options.propagation == "Foreground" ? foreground_finalizer : "";
  return delete_object(store, object, options.grace_s, unix_ms, finalizer);
}

// Of these the answer to a DELETE is the object itself.
bool answers_with_object(Resource resource) {
  return resource == Resource::pods || resource == Resource::services ||
         resource == Resource::persistentvolumeclaims;
}

// An update that leaves the server's part out does not take it away.
void keep_addresses(const Json& before, Json& after) {
  for (const char* name : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}) {
    if (before.contains(name) && !after.contains(name)) after[name] = before[name];
  }
}

Json status_of(const Json& object) {
  return object.contains("status") ? object["status"] : Json::object();
}

}  // namespace

HttpResponse Api::create(const ApiRequest& api, View view) {
  auto decoded = decode_object(*api.resource, *api.body, api.content_type);
  if (!decoded) return decoded.error();
  return create_object(api, std::move(*decoded), view, false);
}

HttpResponse Api::create_object(const ApiRequest& api, Json object, View view, bool applied) {
  Json& metadata = object["metadata"];
  if (metadata.is_null()) metadata = Json::object();
  const std::string kind(info(*api.resource).kind);
  const auto unknown = unknown_fields(*api.resource, object);
  if (!unknown.empty() && api.option("fieldValidation") == "Strict") {
    std::string list;
    for (const auto& field : unknown)
      list.append(list.empty() ? "" : ", ").append("unknown field \"").append(field).append("\"");
    return status::bad_request(kind + " in version \"v1\" cannot be handled as a " + kind +
                               ": strict decoding error: " + list);
  }
  const std::string named = string_member(metadata, "namespace");
  if (!named.empty() && named != api.name_space) {
    return status::bad_request(
        "the namespace of the provided object does not match the namespace sent on the request");
  }
  if (!settings_.namespaces.contains(api.name_space)) return status::not_found("namespaces", api.name_space);

  const std::string prefix = string_member(metadata, "generateName");
  if (string_member(metadata, "name").empty() && !prefix.empty()) {
    for (int attempt = 0; attempt < 8; ++attempt) {
      metadata["name"] = prefix.substr(0, generated_prefix) + random_suffix(random_);
      if (!store_.find(*api.resource, api.name_space, string_member(metadata, "name"))) break;
    }
  }
  for (const auto& field : unknown) {
    if (field.find('[') != std::string::npos) continue;  // inside lists they stay, harmlessly
    const auto dot = field.find('.');
    if (dot == std::string::npos)
      object.erase(field);
    else
      object[field.substr(0, dot)].erase(field.substr(dot + 1));
  }
  const std::string now = rfc3339(clock_.unix_ms());
  const bool pod = *api.resource == Resource::pods;
  default_object(*api.resource, object);
  const Json owned = owned_fields(object);
  allot(*api.resource, object, random_());
  if (auto causes = validate_create(*api.resource, object); !causes.empty()) {
    return status::invalid("", kind, string_member(object["metadata"], "name"), std::move(causes));
  }
  Draft draft = draft_of(*api.resource, object);
  Meta& meta = draft.meta;
  meta.name_space = api.name_space;
  meta.uid = random_uuid(random_);
  meta.generation = pod || *api.resource == Resource::networkpolicies ? 1 : 0;
  meta.creation_timestamp = now;
  meta.deletion_timestamp.clear();
  meta.deletion_grace_s.reset();
  note_manager(meta, api.manager(), "", now, owned, applied);
  if (pod) {
    if (auto refused = over_quota(settings_.quotas, store_, draft)) return *refused;
  }
  if (const auto existing = store_.find(*api.resource, api.name_space, meta.name)) {
    return status::already_exists(api.plural, meta.name, existing->meta.terminating());
  }
  const SnapshotPtr made = api.dry_run() ? encode(std::move(draft), 0) : store_.put(std::move(draft));
  HttpResponse response = shown(201, *made, view);
  if (api.option("fieldValidation") != "Ignore") {
    for (const auto& field : unknown)
      response.headers.emplace_back("Warning", "299 - \"unknown field \\\"" + field + "\\\"\"");
  }
  return response;
}

HttpResponse Api::evict(const ApiRequest& api) {
  const auto pod = store_.find(Resource::pods, api.name_space, api.name);
  if (!pod) return status::not_found("pods", api.name);
  if (auto refused = refuse_eviction(settings_.budgets, *pod)) return *refused;
  if (api.dry_run()) return status::success(201);
  SnapshotPtr marked = pod;
  if (!pod->meta.terminating() && pod->fields.phase == "Running") {
    const std::string now = rfc3339(clock_.unix_ms());
    Draft draft = edit(*pod);
    Json state = parse_json(draft.status);
    state["conditions"].push_back(Json{{"type", "DisruptionTarget"},
                                       {"status", "True"},
                                       {"lastProbeTime", nullptr},
                                       {"lastTransitionTime", now},
                                       {"reason", "EvictionByEvictionAPI"},
                                       {"message", "Eviction API: evicting"}});
    set_status(draft, state);
    marked = store_.put(std::move(draft));
  }
  delete_object(store_, *marked, {}, clock_.unix_ms());
  return status::success(201);
}

HttpResponse Api::update(const ApiRequest& api, View view) {
  const auto before = store_.find(*api.resource, api.name_space, api.name);
  if (!before) return status::not_found(api.plural, api.name);
  auto decoded = decode_object(*api.resource, *api.body, api.content_type);
  if (!decoded) return decoded.error();
  const Json old_json = to_json(*before);
  const Json touched = *decoded;
  if (!decoded->contains("metadata") || !(*decoded)["metadata"].is_object())
    (*decoded)["metadata"] = Json::object();
  Json& metadata = (*decoded)["metadata"];
  if (string_member(metadata, "name").empty()) metadata["name"] = before->meta.name;
  return write_changed(api, before, old_json, std::move(*decoded), view, touched);
}

HttpResponse Api::patch(const ApiRequest& api, View view) {
  PatchType type = PatchType::merge;
  if (api.content_type == "application/apply-patch+yaml") return apply(api, view);
  if (api.content_type == "application/json-patch+json") {
    type = PatchType::json;
  } else if (api.content_type == "application/strategic-merge-patch+json") {
    type = PatchType::strategic;
  } else if (api.content_type != "application/merge-patch+json") {
    return status::unsupported_patch_type();
  }
  const auto before = store_.find(*api.resource, api.name_space, api.name);
  if (!before) return status::not_found(api.plural, api.name);
  const Json old_json = to_json(*before);
  auto changed = apply_patch(type, old_json, *api.body);
  if (!changed) {
    if (changed.error().malformed) return status::bad_request(changed.error().message);
    return failure({.code = 422,
                    .reason = "Invalid",
                    .message = "the server rejected our request due to an error in our request",
                    .empty_details = true});
  }
  Json touched = type == PatchType::json ? Json::object() : parse_json(*api.body);
  if (type == PatchType::json && changed->contains("metadata")) touched["metadata"] = (*changed)["metadata"];
  return write_changed(api, before, old_json, std::move(*changed), view, touched);
}

// Server-side apply, simplified: conflicts are forced, and a field that is no longer applied stays.
HttpResponse Api::apply(const ApiRequest& api, View view) {
  if (api.option("fieldManager").empty()) {
    return status::invalid(
        "meta.k8s.io", "PatchOptions", "",
        {{"FieldValueRequired", "Required value: is required for apply patch", "fieldManager"}});
  }
  auto decoded = decode_json(*api.resource, *api.body);
  if (!decoded) return decoded.error();
  Json wish = std::move(*decoded);
  if (!wish.contains("metadata") || !wish["metadata"].is_object()) wish["metadata"] = Json::object();
  if (wish["metadata"].contains("managedFields") && !wish["metadata"]["managedFields"].empty())
    return status::bad_request("metadata.managedFields must be nil");
  const std::string name = string_member(wish["metadata"], "name");
  if (!name.empty() && name != api.name) {
    return status::bad_request("the name of the object (" + name + ") does not match the name on the URL (" +
                               api.name + ")");
  }
  wish["metadata"]["name"] = api.name;
  const auto before = store_.find(*api.resource, api.name_space, api.name);
  if (!before) return create_object(api, std::move(wish), view, true);
  const Json old_json = to_json(*before);
  Json changed = old_json;
  for (const char* name_of_system : {"creationTimestamp", "managedFields"})
    wish["metadata"].erase(name_of_system);
  if (api.subresource != "status") wish.erase("status");
  strategic_merge(changed, wish);
  return write_changed(api, before, old_json, std::move(changed), view, wish);
}

HttpResponse Api::write_changed(const ApiRequest& api, const SnapshotPtr& before, const Json& old_json,
                                Json changed, View view, const Json& touched) {
  const std::string wanted = string_member(changed["metadata"], "resourceVersion");
  if (!wanted.empty() && wanted != std::to_string(before->rv)) return status::modified(api.plural, api.name);
  if (const auto uid = string_member(changed["metadata"], "uid"); !uid.empty() && uid != before->meta.uid) {
    return status::precondition(info(*api.resource).kind, api.name, "UID", uid, before->meta.uid);
  }
  const bool status_only = api.subresource == "status";
  const std::string now = rfc3339(clock_.unix_ms());
  Draft draft = edit(*before);
  if (status_only) {
    set_status(draft, status_of(changed));
    if (draft.status == before->status()) return shown(200, *before, view);
    note_manager(draft.meta, api.manager(), "status", now, owned_status_fields(status_of(changed)));
  } else {
    changed["status"] = status_of(old_json);
    if (old_json.contains("spec") && !changed.contains("spec")) changed["spec"] = old_json["spec"];
    if (*api.resource != Resource::pods) default_object(*api.resource, changed);
    if (*api.resource == Resource::services) keep_addresses(old_json["spec"], changed["spec"]);
    if (auto causes = validate_update(*api.resource, old_json, changed); !causes.empty()) {
      return status::invalid("", info(*api.resource).kind, api.name, std::move(causes));
    }
    Draft next = draft_of(*api.resource, changed);
    draft.members = std::move(next.members);
    draft.node_name_at = next.node_name_at;
    draft.meta.labels = std::move(next.meta.labels);
    draft.meta.annotations = std::move(next.meta.annotations);
    draft.meta.owner_references = std::move(next.meta.owner_references);
    draft.meta.finalizers = std::move(next.meta.finalizers);
    if (encode(draft, before->rv)->text == before->text)
      return shown(200, *before, view);  // nothing to write
    const bool applied = api.content_type == "application/apply-patch+yaml";
    note_manager(draft.meta, api.manager(), "", now, owned_fields(touched), applied);
  }
  if (api.dry_run()) return shown(200, *encode(std::move(draft), before->rv), view);
  const SnapshotPtr after = store_.put(std::move(draft));
  if (!before->meta.finalizers.empty()) remove_if_released(store_, *after);
  return shown(200, *after, view);
}

HttpResponse Api::remove(const ApiRequest& api, View view) {
  const auto options = delete_options(api);
  if (!options) return options.error();
  const auto object = store_.find(*api.resource, api.name_space, api.name);
  if (!object) return status::not_found(api.plural, api.name);
  const auto kind = info(*api.resource).kind;
  if (!options->uid.empty() && options->uid != object->meta.uid)
    return status::precondition(kind, api.name, "UID", options->uid, object->meta.uid);
  if (!options->resource_version.empty() && options->resource_version != std::to_string(object->rv)) {
    return status::precondition(kind, api.name, "ResourceVersion", options->resource_version,
                                std::to_string(object->rv));
  }
  if (options->dry_run) return shown(200, *object, view);
  const auto result = delete_as_asked(store_, *object, *options, clock_.unix_ms());
  if (answers_with_object(*api.resource) || !result.gone) return shown(200, *result.object, view);
  HttpResponse response;
  response.body =
      dump(Json{{"kind", "Status"},
                {"apiVersion", "v1"},
                {"metadata", Json::object()},
                {"status", "Success"},
                {"details", {{"name", api.name}, {"kind", api.plural}, {"uid", object->meta.uid}}}}) +
      "\n";
  return response;
}

void Api::remove_collection(const ApiRequest& api, const std::shared_ptr<Responder>& responder, View view) {
  const auto options = delete_options(api);
  if (!options) return responder->answer(options.error());
  const auto chosen = selection(api);
  if (!chosen) return responder->answer(chosen.error());
  ListQuery query{.resource = *api.resource,
                  .name_space = api.name_space,
                  .at = store_.rv(),
                  .start = {},
                  .selection = &*chosen};
  auto items = store_.list(query).items;
  std::string head = "{\"kind\":\"" + std::string(info(*api.resource).list_kind) + "\",\"apiVersion\":\"" +
                     std::string(info(*api.resource).api_version) +
                     "\",\"metadata\":{\"resourceVersion\":\"" + std::to_string(store_.rv()) +
                     "\"},\"items\":[";
  if (!options->dry_run) {
    for (const auto& item : items) delete_as_asked(store_, *item, *options, clock_.unix_ms());
  }
  if (!items.empty()) return responder->stream({}, list_body(std::move(head), std::move(items), view));
  HttpResponse response;
  response.body = head + "]}\n";
  responder->answer(std::move(response));
}

}  // namespace outrigger::apiserver
