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

const Json& all_verbs() {
  static const Json verbs{"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
  return verbs;
}

Json networking_group() {
  const Json version{{"groupVersion", "networking.k8s.io/v1"}, {"version", "v1"}};
  return {{"kind", "APIGroup"},
          {"apiVersion", "v1"},
          {"name", "networking.k8s.io"},
          {"versions", Json::array({version})},
          {"preferredVersion", version}};
}

Json networking_resources() {
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", "networking.k8s.io/v1"},
          {"resources", Json::array({resource("networkpolicies", "NetworkPolicy", true, all_verbs())})}};
}

Json api_resources() {
  const Json& all = all_verbs();
  return {{"kind", "APIResourceList"},
          {"groupVersion", "v1"},
          {"resources",
           {resource("configmaps", "ConfigMap", true, all),
            resource("namespaces", "Namespace", false, {"create", "get", "list"}),
            resource("persistentvolumeclaims", "PersistentVolumeClaim", true, all),
            resource("pods", "Pod", true, all), resource("pods/eviction", "Eviction", true, {"create"}),
            resource("pods/log", "Pod", true, {"get"}),
            resource("pods/status", "Pod", true, {"get", "patch", "update"}),
            resource("secrets", "Secret", true, all), resource("services", "Service", true, all)}}};
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
    return json_answer(
        {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", Json::array({networking_group()})}});
  if (path.size() == 2 && path[0] == "apis" && path[1] == "networking.k8s.io")
    return json_answer(networking_group());
  if (path.size() == 3 && path[0] == "apis" && path[1] == "networking.k8s.io" && path[2] == "v1")
    return json_answer(networking_resources());
  if (path.size() == 2 && path[0] == "api" && path[1] == "v1") return json_answer(api_resources());
  return {};
}

}  // namespace outrigger::apiserver
