#include "agent/flow/gateway_pods.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/kube/timestamp.h"

namespace outrigger::flow {
namespace {

using core::Json;

constexpr std::array label_keys = {"spark-app-selector", "spark-exec-id",   "spark-exec-inactive",
                                   "spark-role",         "outrigger-nonce", "spark-exec-resourceprofile-id"};

std::optional<std::string> label(const core::Pod& pod, std::string_view key) {
  if (key == "spark-app-selector") return pod.application;
  if (key == "spark-role") return "executor";
  if (key == "spark-exec-id") return std::to_string(pod.executor_id.value);
  if (key == "spark-exec-resourceprofile-id") return std::to_string(pod.profile.value);
  if (key == "outrigger-nonce") return pod.nonce;
  if (key == "spark-exec-inactive" && pod.inactive) return "true";
  return std::nullopt;
}

std::optional<std::string> field(const core::Pod& pod, std::string_view key) {
  if (key == "metadata.name") return pod.name;
  if (key == "status.phase") return std::string(core::to_string(pod.phase));
  return std::nullopt;
}

void set_text(Json& object, std::string_view key, const std::string& text) {
  if (!text.empty()) object.set(key, Json::string(text));
}

Json container_status(const core::ExecutorContainer& container, const std::string& name) {
  Json detail = Json::object();
  set_text(detail, "reason", container.reason);
  set_text(detail, "message", container.message);
  if (container.state == core::ContainerState::terminated) {
    detail.set("exitCode", Json::number(std::int64_t{container.exit_code}));
    if (container.signal != 0) detail.set("signal", Json::number(std::int64_t{container.signal}));
  }
  Json state = Json::object();
  if (container.state != core::ContainerState::unknown)
    state.set(core::to_string(container.state), std::move(detail));
  Json status = Json::object();
  status.set("name", Json::string(name));
  status.set("ready", Json::boolean(container.ready));
  status.set("restartCount", Json::number(std::int64_t{0}));
  status.set("state", std::move(state));
  return status;
}

}  // namespace

std::vector<const core::PodRow*> select(const core::PodTable& pods, const kube::Selector& labels,
                                        const kube::Selector& fields) {
  std::vector<const core::PodRow*> rows;
  pods.each([&](const core::PodRow& row) {
    if (labels.matches([&](std::string_view key) { return label(row.pod, key); }) &&
        fields.matches([&](std::string_view key) { return field(row.pod, key); }))
      rows.push_back(&row);
  });
  std::sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) { return a->pod.name < b->pod.name; });
  return rows;
}

core::Json pod_json(const core::Pod& pod, const std::string& name_space, const std::string& container_name) {
  Json labels = Json::object();
  for (const char* key : label_keys)
    if (auto value = label(pod, key)) labels.set(key, Json::string(std::move(*value)));
  Json metadata = Json::object();
  metadata.set("name", Json::string(pod.name));
  metadata.set("namespace", Json::string(name_space));
  metadata.set("uid", Json::string(core::to_string(pod.uid)));
  if (pod.resource_version != 0)
    metadata.set("resourceVersion", Json::string(std::to_string(pod.resource_version)));
  metadata.set("labels", std::move(labels));
  if (pod.created_at_ms != 0)
    metadata.set("creationTimestamp", Json::string(kube::format_timestamp(pod.created_at_ms)));
  if (pod.deleting())
    metadata.set("deletionTimestamp", Json::string(kube::format_timestamp(pod.deletion_at_ms)));

  Json spec = Json::object();
  spec.set("restartPolicy", Json::string("Never"));
  set_text(spec, "nodeName", pod.node);
  Json container = Json::object();
  container.set("name", Json::string(container_name));
  spec.set("containers", Json::array({std::move(container)}));

  Json status = Json::object();
  status.set("phase", Json::string(std::string(core::to_string(pod.phase))));
  set_text(status, "reason", pod.reason);
  set_text(status, "message", pod.message);
  if (pod.executor.state != core::ContainerState::unknown)
    status.set("containerStatuses", Json::array({container_status(pod.executor, container_name)}));

  Json object = Json::object();
  object.set("apiVersion", Json::string("v1"));
  object.set("kind", Json::string("Pod"));
  object.set("metadata", std::move(metadata));
  object.set("spec", std::move(spec));
  object.set("status", std::move(status));
  return object;
}

std::string status_json(unsigned code, std::string_view reason, std::string_view message) {
  Json status = Json::object();
  status.set("kind", Json::string("Status"));
  status.set("apiVersion", Json::string("v1"));
  status.set("metadata", Json::object());
  status.set("status", Json::string(code < 300 ? "Success" : "Failure"));
  status.set("message", Json::string(std::string(message)));
  status.set("reason", Json::string(std::string(reason)));
  status.set("code", Json::number(std::int64_t{code}));
  return core::write_json(status).value();  // depth 2: cannot fail
}

}  // namespace outrigger::flow
