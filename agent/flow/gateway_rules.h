// Which of the driver's remaining calls to the API server are let through: an allow list by verb, resource, name and
// selector (C22, S31). Pure: a request and who we are give a verdict. Every verdict names its rule.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/flow/gateway_call.h"
#include "agent/kube/http_message.h"
#include "agent/kube/selector.h"

namespace outrigger::flow {

struct GatewayIdentity {
  std::string name_space;
  std::string application_id;
  std::string driver_pod_name;  // empty in client mode
};

enum class GatewayAct : std::uint8_t {
  refuse,         // 403; `rule` and `why` go into the Status
  forward,        // `request`, as it is
  read_pod,       // likewise, if `name` is the driver's pod or one of ours; else 404
  patch_pod,      // likewise
  list_pods,      // from the pod table: `labels` and `fields`
  remove_pod,     // `name`, by our own delete
  remove_pods,    // what list_pods would give, likewise
  create_config,  // forward; what the first executors wait for (S12)
};

struct GatewayVerdict {
  GatewayAct act = GatewayAct::refuse;
  std::string_view rule;  // of the catalogue below; a label value of the metrics
  std::string why;
  std::string name;
  kube::Selector labels, fields;
  kube::Request request;
};

// What lets through, then what refuses; every `rule` is one of these.
inline constexpr std::string_view gateway_rules[] = {
    "read-pod",         "list-pods",           "change-pod-labels", "delete-pod",
    "delete-pods",      "executor-config-map", "clean-up",          "not-listed",
    "no-watch",         "other-namespace",     "other-application", "malformed",
    "config-map-shape", "pod-change"};

GatewayVerdict judge(const GatewayIdentity& identity, const GatewayRequest& request);

// Labels that say whose a pod is: nobody but the agent sets them.
bool is_identity_label(std::string_view key);

}  // namespace outrigger::flow
