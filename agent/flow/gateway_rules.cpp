#include "agent/flow/gateway_rules.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/kube/json_parse.h"
#include "agent/kube/target.h"

namespace outrigger::flow {
namespace {

using core::Json;

constexpr std::string_view application_label = "spark-app-selector";
constexpr std::string_view config_map_prefix = "spark-exec-";

GatewayVerdict refuse(std::string_view rule, std::string why) {
  GatewayVerdict verdict;
  verdict.rule = rule;
  verdict.why = std::move(why);
  return verdict;
}

GatewayVerdict allow(GatewayAct act, std::string_view rule, const GatewayRequest& asked, kube::Verb verb) {
  GatewayVerdict verdict;
  verdict.act = act;
  verdict.rule = rule;
  verdict.request.verb = verb;
  verdict.request.target = asked.target;
  verdict.request.body = asked.body;
  verdict.request.content_type = asked.content_type;
  return verdict;
}

// One JSON Pointer segment: ~1 is '/', ~0 is '~'.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && i + 1 < text.size()) {
      out += text[++i] == '1' ? '/' : '~';
    } else {
      out += text[i];
    }
  }
  return out;
}

std::optional<std::string> fault_of_map(std::string_view what, const Json& map) {
  if (!map.is_object()) return std::string(what) + " is no object";
  for (const auto& [key, value] : map.members()) {
    if (what == "labels" && is_identity_label(key)) return "label " + key + " is the agent's";
    if (!value.is_string() && !value.is_null()) return std::string(what) + " " + key + " is no text";
  }
  return std::nullopt;
}

// Strategic or plain merge patch: labels and annotations, nothing else.
std::optional<std::string> fault_of_merge(const Json& patch, std::string_view name) {
  if (!patch.is_object()) return "the patch is no object";
  for (const auto& [key, value] : patch.members()) {
    if (key == "apiVersion" || key == "kind") continue;
    if (key != "metadata") {
      if ((key == "spec" || key == "status") && value.is_object() && value.members().empty()) continue;
      return "$." + key + " may not be changed";
    }
    for (const auto& [field, inner] : value.members()) {
      if (field == "name" && inner.text() == name) continue;
      if (field != "labels" && field != "annotations") return "$.metadata." + field + " may not be changed";
      if (auto fault = fault_of_map(field, inner)) return fault;
    }
  }
  return std::nullopt;
}

// JSON patch, as fabric8's edit() makes it: labels and annotations, and the resource version it goes with.
std::optional<std::string> fault_of_operation(const Json& operation) {
  const std::string_view op = operation.text_at({"op"});
  std::string_view path = operation.text_at({"path"});
  if (op != "add" && op != "replace" && op != "remove" && op != "test")
    return "op '" + std::string(op) + "' is not allowed";
  if (path == "/metadata/resourceVersion") return std::nullopt;
  for (const std::string_view what : {"labels", "annotations"}) {
    const std::string root = "/metadata/" + std::string(what);
    if (!path.starts_with(root)) continue;
    if (path == root) {
      const Json* value = operation.find("value");
      if (op == "test") return std::nullopt;
      if (op != "add" || value == nullptr) return root + " as a whole may only be added";
      return fault_of_map(what, *value);
    }
    if (path[root.size()] != '/') continue;
    const std::string key = unescape(path.substr(root.size() + 1));
    if (what == "labels" && is_identity_label(key)) return "label " + key + " is the agent's";
    return std::nullopt;
  }
  return "'" + std::string(path) + "' may not be changed";
}

std::optional<std::string> fault_of_patch(const GatewayRequest& asked, std::string_view name) {
  const auto patch = kube::parse_json(asked.body);
  if (!patch) return "the patch is no JSON: " + patch.error().text;
  if (asked.content_type.starts_with("application/strategic-merge-patch+json") ||
      asked.content_type.starts_with("application/merge-patch+json"))
    return fault_of_merge(*patch, name);
  if (!asked.content_type.starts_with("application/json-patch+json"))
    return "content type '" + asked.content_type + "' is no patch";
  if (!patch->is_array()) return "a JSON patch is a list";
  for (const Json& operation : patch->items())
    if (auto fault = fault_of_operation(operation)) return fault;
  return std::nullopt;
}

class Judge {
 public:
  Judge(const GatewayIdentity& identity, const GatewayRequest& asked, const kube::Target& target)
      : identity_(identity), asked_(asked), target_(target) {}

  GatewayVerdict verdict() const {
    if (target_.name_space != identity_.name_space)
      return refuse("other-namespace", "namespace '" + target_.name_space + "' is not the application's, '" +
                                           identity_.name_space + "'");
    if (const auto watch = target_.parameter("watch"); watch == "1" || watch == "true")
      return refuse("no-watch",
                    "the agent watches the pods; set spark.kubernetes.executor.enableApiWatcher=false");
    if (target_.group_version != "v1" || !target_.subresource.empty()) return not_listed();
    if (target_.resource == "pods") return pods();
    if (target_.resource == "configmaps" && asked_.method == "POST" && target_.name.empty())
      return config_map();
    const bool cleaned = target_.resource == "configmaps" || target_.resource == "services" ||
                         target_.resource == "persistentvolumeclaims";
    if (cleaned && asked_.method == "DELETE" && target_.name.empty()) return clean_up();
    return not_listed();
  }

 private:
  GatewayVerdict not_listed() const {
    return refuse("not-listed", asked_.method + " of " + target_.group_version + "/" + target_.resource +
                                    (target_.subresource.empty() ? "" : "/" + target_.subresource) +
                                    " is not on the gateway's allow list");
  }

  GatewayVerdict pods() const {
    if (target_.name.empty()) {
      if (asked_.method == "GET") return selected(GatewayAct::list_pods, "list-pods", kube::Verb::list);
      if (asked_.method == "DELETE")
        return selected(GatewayAct::remove_pods, "delete-pods", kube::Verb::remove_collection);
      return not_listed();
    }
    GatewayVerdict verdict;
    if (asked_.method == "GET") {
      verdict = allow(GatewayAct::read_pod, "read-pod", asked_, kube::Verb::get);
    } else if (asked_.method == "DELETE") {
      verdict = allow(GatewayAct::remove_pod, "delete-pod", asked_, kube::Verb::remove);
    } else if (asked_.method == "PATCH") {
      if (auto fault = fault_of_patch(asked_, target_.name)) return refuse("pod-change", std::move(*fault));
      verdict = allow(GatewayAct::patch_pod, "change-pod-labels", asked_, kube::Verb::patch);
    } else {
      return not_listed();
    }
    verdict.name = target_.name;
    return verdict;
  }

  // Of our application, by labels and fields that the pod table has. The driver's own pod may be listed by its name: it is
  // what fabric8's waitUntilReady does.
  GatewayVerdict selected(GatewayAct act, std::string_view rule, kube::Verb verb) const {
    auto labels = kube::Selector::parse_labels(target_.parameter("labelSelector"));
    auto fields = kube::Selector::parse_fields(target_.parameter("fieldSelector"));
    if (!labels) return refuse("malformed", labels.error().text);
    if (!fields) return refuse("malformed", fields.error().text);
    if (act == GatewayAct::list_pods && !identity_.driver_pod_name.empty() &&
        fields->demands("metadata.name", identity_.driver_pod_name))
      return allow(GatewayAct::forward, rule, asked_, verb);
    if (!labels->demands(application_label, identity_.application_id)) return other_application();
    if (const auto key = labels->unknown_key({application_label, "spark-role", "spark-exec-id",
                                              "spark-exec-inactive", "spark-exec-resourceprofile-id"}))
      return refuse("malformed",
                    "label " + *key + " is not kept by the agent, so nothing can be selected by it");
    if (const auto key = fields->unknown_key({"metadata.name", "status.phase"}))
      return refuse("malformed",
                    "field " + *key + " is not kept by the agent, so nothing can be selected by it");
    GatewayVerdict verdict = allow(act, rule, asked_, verb);
    verdict.labels = std::move(*labels);
    verdict.fields = std::move(*fields);
    return verdict;
  }

  GatewayVerdict other_application() const {
    return refuse("other-application", "the label selector does not ask for " +
                                           std::string(application_label) + "=" + identity_.application_id);
  }

  GatewayVerdict clean_up() const {
    const auto labels = kube::Selector::parse_labels(target_.parameter("labelSelector"));
    if (!labels) return refuse("malformed", labels.error().text);
    if (!labels->demands(application_label, identity_.application_id)) return other_application();
    return allow(GatewayAct::forward, "clean-up", asked_, kube::Verb::remove_collection);
  }

  GatewayVerdict config_map() const {
    constexpr std::string_view rule = "config-map-shape";
    const auto object = kube::parse_json(asked_.body);
    if (!object) return refuse(rule, "the body is no JSON: " + object.error().text);
    const std::string_view name = object->text_at({"metadata", "name"});
    if (object->text_at({"kind"}) != "ConfigMap") return refuse(rule, "the body is no ConfigMap");
    if (!name.starts_with(config_map_prefix))
      return refuse(rule,
                    "'" + std::string(name) + "' does not begin with " + std::string(config_map_prefix));
    if (object->text_at({"metadata", "labels", application_label}) != identity_.application_id)
      return refuse(rule, "'" + std::string(name) + "' does not carry the label " +
                              std::string(application_label) + "=" + identity_.application_id);
    return allow(GatewayAct::create_config, "executor-config-map", asked_, kube::Verb::create);
  }

  const GatewayIdentity& identity_;
  const GatewayRequest& asked_;
  const kube::Target& target_;
};

}  // namespace

bool is_identity_label(std::string_view key) {
  constexpr std::string_view ours[] = {"spark-app-selector", "spark-exec-id", "spark-role",
                                       "spark-exec-resourceprofile-id", "outrigger-nonce"};
  return std::find(std::begin(ours), std::end(ours), key) != std::end(ours);
}

GatewayVerdict judge(const GatewayIdentity& identity, const GatewayRequest& request) {
  const auto target = kube::parse_target(request.target);
  if (!target) return refuse("malformed", target.error().text);
  return Judge(identity, request, *target).verdict();
}

}  // namespace outrigger::flow
