#include "tests/apiserver/api/api.h"

#include <charconv>

#include "tests/apiserver/api/pod_rules.h"

namespace outrigger::apiserver {

void Api::handle(const ApiRequest& api, std::shared_ptr<const HttpRequest> request,
                 std::shared_ptr<Responder> responder, StreamFault fault) {
  const auto view = negotiate(api.accept, api.verb == "list");
  if (!view) return responder->answer(view.error());
  if (api.plural == "namespaces") return responder->answer(namespaces(api));
  const bool eviction = api.resource == Resource::pods && api.subresource == "eviction";
  const bool status = api.resource == Resource::pods && api.subresource == "status";
  const bool log = api.resource == Resource::pods && api.subresource == "log" && api.verb == "get";
  if (log) return responder->answer(this->log(api));
  if (!api.resource || (!api.subresource.empty() && !eviction && !status))
    return responder->answer(status::no_such_resource());
  if (eviction && api.verb == "create") return responder->answer(evict(api));
  if (api.verb == "list") return list(api, responder, *view);
  if (api.verb == "watch") return watch(api, responder, *view, fault);
  if (api.verb == "get") return responder->answer(get(api, *view));
  if (api.verb == "create" && api.name.empty()) return responder->answer(create(api, *view));
  if (api.verb == "update") return responder->answer(update(api, *view));
  if (api.verb == "patch") return responder->answer(patch(api, *view));
  if (api.verb == "delete" && !status) return responder->answer(remove(api, *view));
  if (api.verb == "deletecollection") return remove_collection(api, responder, *view);
  responder->answer(status::method_not_allowed(request->method));
}

HttpResponse Api::shown(int code, const Snapshot& object, View view) const {
  HttpResponse response;
  response.code = code;
  append_object(response.body, object, view);
  response.body += '\n';
  return response;
}

HttpResponse Api::get(const ApiRequest& api, View view) {
  const auto object = store_.find(*api.resource, api.name_space, api.name);
  return object ? shown(200, *object, view) : status::not_found(api.plural, api.name);
}

Outcome<Selection> Api::selection(const ApiRequest& api) const {
  Selection selection;
  auto labels = LabelSelector::parse(api.option("labelSelector"));
  if (!labels) return tl::unexpected(status::bad_request("unable to parse requirement: " + labels.error()));
  auto fields = FieldSelector::parse(api.option("fieldSelector"), *api.resource);
  if (!fields) return tl::unexpected(status::bad_request(fields.error()));
  selection.labels = std::move(*labels);
  selection.fields = std::move(*fields);
  return selection;
}

void Api::wait_for(Rv rv, std::function<void()> then, std::function<void()> otherwise) {
  if (rv <= store_.rv()) return then();
  clock_.after(settings_.too_large_wait,
               [this, rv, then = std::move(then), otherwise = std::move(otherwise)] {
                 (rv <= store_.rv() ? then : otherwise)();
               });
}

HttpResponse Api::namespaces(const ApiRequest& api) {
  const auto one = [&](const std::string& name) {
    return Json{{"kind", "Namespace"},
                {"apiVersion", "v1"},
                {"metadata", {{"name", name}, {"labels", {{"kubernetes.io/metadata.name", name}}}}},
                {"spec", {{"finalizers", {"kubernetes"}}}},
                {"status", {{"phase", "Active"}}}};
  };
  HttpResponse response;
  if (api.verb == "create") {
    const Json body = parse_json(*api.body);
    const std::string name = body.is_object() ? string_member(child(body, "metadata"), "name") : "";
    if (name.empty()) return status::bad_request("a Namespace needs metadata.name");
    if (!settings_.namespaces.insert(name).second) return status::already_exists("namespaces", name, false);
    response.code = 201;
    response.body = dump(one(name)) + "\n";
  } else if (api.verb == "get") {
    if (!settings_.namespaces.contains(api.name)) return status::not_found("namespaces", api.name);
    response.body = dump(one(api.name)) + "\n";
  } else if (api.verb == "list") {
    Json items = Json::array();
    for (const auto& name : settings_.namespaces) items.push_back(one(name));
    response.body = dump(Json{{"kind", "NamespaceList"},
                              {"apiVersion", "v1"},
                              {"metadata", {{"resourceVersion", std::to_string(store_.rv())}}},
                              {"items", items}}) +
                    "\n";
  } else {
    return status::method_not_allowed(api.verb);
  }
  return response;
}

}  // namespace outrigger::apiserver
