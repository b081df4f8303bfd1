#include "tests/apiserver/api/request.h"

#include "tests/apiserver/base/text.h"

namespace outrigger::apiserver {
namespace {

std::string verb_of(const HttpRequest& request, const ApiRequest& api) {
  const bool named = !api.name.empty();
  if (request.method == "GET" || request.method == "HEAD") {
    if (api.flag("watch")) return "watch";
    return named ? "get" : "list";
  }
  if (request.method == "POST") return "create";
  if (request.method == "PUT") return "update";
  if (request.method == "PATCH") return "patch";
  if (request.method == "DELETE") return named ? "delete" : "deletecollection";
  return lower(request.method);
}

}  // namespace

Target parse_target(std::string_view target) {
  Target parsed;
  const auto mark = target.find('?');
  for (const auto& segment : split(target.substr(0, mark), '/')) {
    if (!segment.empty()) parsed.path.push_back(url_decode(segment, false));
  }
  if (mark == std::string_view::npos) return parsed;
  for (const auto& pair : split(target.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const std::string name = url_decode(std::string_view(pair).substr(0, equals), true);
    const std::string value =
        equals == std::string::npos ? "" : url_decode(std::string_view(pair).substr(equals + 1), true);
    parsed.query.emplace(name, value);
  }
  return parsed;
}

std::string_view ApiRequest::option(std::string_view key) const {
  const auto found = query.find(key);
  return found == query.end() ? std::string_view() : found->second;
}

bool ApiRequest::flag(std::string_view key) const {
  const auto found = query.find(key);
  return found != query.end() && found->second != "0" && found->second != "false";
}

std::string ApiRequest::manager() const {
  if (const auto given = option("fieldManager"); !given.empty()) return std::string(given);
  return user_agent.substr(0, user_agent.find('/'));
}

std::optional<ApiRequest> understand(const HttpRequest& request, const Target& target) {
  const auto& path = target.path;
  ApiRequest api;
  std::size_t at = 2;
  if (path.size() >= 4 && path[0] == "apis" && path[2] == "v1") {
    api.group = path[1];
    at = 3;
  } else if (path.size() < 3 || path[0] != "api" || path[1] != "v1") {
    return {};
  }
  api.query = target.query;
  if (path[at] == "namespaces" && path.size() > at + 2) {
    api.name_space = path[at + 1];
    at += 2;
  }
  api.plural = path[at];
  if (path.size() > at + 1) api.name = path[at + 1];
  if (path.size() > at + 2) api.subresource = path[at + 2];
  if (path.size() > at + 3) return {};
  if (api.plural == "namespaces") api.name_space = api.name;
  api.resource = resource_by_plural(api.group, api.plural);
  api.user_agent = request.header("user-agent");
  api.accept = request.header("accept");
  api.content_type = lower(trim(
      std::string_view(request.header("content-type")).substr(0, request.header("content-type").find(';'))));
  api.body = &request.body;
  api.verb = verb_of(request, api);
  return api;
}

Outcome<View> negotiate(std::string_view accept, bool list) {
  if (trim(accept).empty()) return View::full;
  for (const auto& range : split(accept, ',')) {
    const auto parts = split(range, ';');
    const auto type = trim(parts.front());
    if (type != "application/json" && type != "*/*" && type != "application/*") continue;
    std::string as;
    for (const auto& part : parts) {
      if (trim(part).starts_with("as=")) as = trim(part).substr(3);
    }
    if (as.empty()) return View::full;
    if (as == (list ? "PartialObjectMetadataList" : "PartialObjectMetadata")) return View::metadata;
  }
  return tl::unexpected(status::not_acceptable());
}

}  // namespace outrigger::apiserver
