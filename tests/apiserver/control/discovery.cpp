#include "tests/apiserver/control/front.h"

namespace outrigger::apiserver {
namespace {

HttpResponse json_answer(const Json& json) {
  HttpResponse response;
  response.body = dump(json) + "\n";
  return response;
}

HttpResponse plain(std::string text) {
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.body = std::move(text);
  return response;
}

Json resource(const char* name, const char* kind, bool namespaced, Json verbs) {
  return {{"name", name},
          {"singularName", ""},
          {"namespaced", namespaced},
          {"kind", kind},
          {"verbs", std::move(verbs)}};
}

Json api_resources() {
  const Json all{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
  return {{"kind", "APIResourceList"},
          {"groupVersion", "v1"},
          {"resources",
           {resource("configmaps", "ConfigMap", true, all),
            resource("namespaces", "Namespace", false, {"create", "get", "list"}),
            resource("pods", "Pod", true, all), resource("pods/eviction", "Eviction", true, {"create"}),
            resource("pods/status", "Pod", true, {"get", "patch", "update"})}}};
}

}  // namespace

std::optional<HttpResponse> fixed_answer(const Target& target) {
  const auto& path = target.path;
  if (path.empty()) return {};
  if (path.size() == 1 && (path[0] == "livez" || path[0] == "readyz" || path[0] == "healthz"))
    return plain("ok");
  if (path.size() == 1 && path[0] == "version") {
    return json_answer({{"major", "1"},
                        {"minor", "34"},
                        {"gitVersion", "v1.34.4"},
                        {"gitCommit", "outrigger-apiserver"},
                        {"gitTreeState", "clean"},
                        {"buildDate", "2026-01-01T00:00:00Z"},
                        {"goVersion", "none"},
                        {"compiler", "g++"},
                        {"platform", "linux/amd64"}});
  }
  if (path.size() == 1 && path[0] == "api") {
    return json_answer(
        {{"kind", "APIVersions"}, {"versions", {"v1"}}, {"serverAddressByClientCIDRs", Json::array()}});
  }
  if (path.size() == 1 && path[0] == "apis")
    return json_answer({{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", Json::array()}});
  if (path.size() == 2 && path[0] == "api" && path[1] == "v1") return json_answer(api_resources());
  return {};
}

}  // namespace outrigger::apiserver
