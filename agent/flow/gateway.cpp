#include "agent/flow/gateway.h"

#include <utility>

#include "agent/flow/gateway_pods.h"

namespace outrigger::flow {
namespace {

GatewayAnswer refusal(unsigned code, std::string_view reason, std::string_view message) {
  return {static_cast<std::uint16_t>(code), status_json(code, reason, message), "application/json", {}};
}

// A server that does not answer: fabric8 retries a 503, and its own time-out is 10 s.
GatewayAnswer from(const Reply& reply) {
  if (!reply.complete())
    return refusal(503, "ServiceUnavailable",
                   "outrigger: the API server did not answer: " + reply.end.detail);
  GatewayAnswer answer;
  answer.code = reply.head.code;
  answer.body = reply.body;
  answer.retry_after = reply.head.header("retry-after");
  if (const auto type = reply.head.header("content-type"); !type.empty()) answer.content_type = type;
  return answer;
}

}  // namespace

void Gateway::handle(GatewayRequest request, GatewayRespond respond) {
  const Options& options = seams_.state.options;
  const GatewayIdentity identity{options.name_space, seams_.state.session.application_id(),
                                 options.driver_pod_name};
  if (identity.application_id.empty())  // client mode, before the driver's hello
    return respond(refusal(503, "ServiceUnavailable", "outrigger: no driver has said hello yet"));
  GatewayVerdict verdict = judge(identity, request);
  const auto told = [this, rule = verdict.rule, respond = std::move(respond)](GatewayAnswer answer) {
    if (seams_.judged) seams_.judged(rule, answer.code);
    respond(std::move(answer));
  };
  using enum GatewayAct;
  switch (verdict.act) {
    case refuse:
      seams_.log.warning("the gateway refused a call of the driver",
                         {{"method", request.method},
                          {"target", request.target.substr(0, 300)},
                          {"rule", std::string(verdict.rule)},
                          {"why", verdict.why}});
      return told(refusal(403, "Forbidden",
                          "outrigger gateway, rule " + std::string(verdict.rule) + ": " + verdict.why));
    case read_pod:
    case patch_pod:
      if (!ours(verdict.name))
        return told(refusal(404, "NotFound",
                            "pods \"" + verdict.name + "\" not found among those of the application"));
      return pass_on(std::move(verdict), told);
    case forward:
    case create_config:
      return pass_on(std::move(verdict), told);
    case list_pods:
    case remove_pods:
    case remove_pod:
      if (!seams_.state.books.pods.synced())
        return told(refusal(503, "ServiceUnavailable", "outrigger: the pod table is not complete yet"));
      return told(verdict.act == list_pods ? list(verdict) : remove(verdict));
  }
}

void Gateway::pass_on(GatewayVerdict verdict, GatewayRespond respond) {
  verdict.request.deadline = seams_.state.options.write_deadline;
  const bool config = verdict.act == GatewayAct::create_config;
  seams_.calls.start(std::move(verdict.request),
                     [this, config, respond = std::move(respond)](const Reply& reply) {
                       // "Already there" serves the executors as well: it is mounted by its name.
                       if (config && (reply.success() || reply.head.code == 409)) seams_.config_map_made();
                       respond(from(reply));
                     });
}

bool Gateway::ours(std::string_view name) const {
  return name == seams_.state.options.driver_pod_name || seams_.state.books.pods.find_name(name) != nullptr;
}

GatewayAnswer Gateway::list(const GatewayVerdict& verdict) const {
  const State& state = seams_.state;
  core::Json items = core::Json::array();
  for (const core::PodRow* row : select(state.books.pods, verdict.labels, verdict.fields))
    items.items().push_back(pod_json(row->pod, state.options.name_space, state.options.container_name));
  core::Json metadata = core::Json::object();
  metadata.set("resourceVersion", core::Json::string(std::to_string(state.books.pods.resource_version())));
  core::Json page = core::Json::object();
  page.set("kind", core::Json::string("PodList"));
  page.set("apiVersion", core::Json::string("v1"));
  page.set("metadata", std::move(metadata));
  page.set("items", std::move(items));
  return {200, core::write_json(page).value(), "application/json", {}};  // depth 7: cannot fail
}

// The driver asks for the end of its own executors: the same as its `delete` command, so that the pod goes with its uid,
// under the shared limit, and its end is classed as requested.
GatewayAnswer Gateway::remove(const GatewayVerdict& verdict) {
  State& state = seams_.state;
  std::vector<const core::PodRow*> rows;
  if (verdict.act == GatewayAct::remove_pods) {
    rows = select(state.books.pods, verdict.labels, verdict.fields);
  } else if (const core::PodRow* row = state.books.pods.find_name(verdict.name)) {
    rows.push_back(row);
  } else {
    return refusal(404, "NotFound", "pods \"" + verdict.name + "\" not found among those of the application");
  }
  GatewayAnswer answer = verdict.act == GatewayAct::remove_pods ? list(verdict) : GatewayAnswer{};
  core::DeleteExecutors wanted;
  for (const core::PodRow* row : rows) {
    // Being deleted, or final: those are deleted anyway (S20), and asked for again on each round of Spark 3.5.
    if (!row->pod.deleting()) wanted.ids.push_back(row->pod.executor_id);
  }
  if (verdict.act == GatewayAct::remove_pod)
    answer.body =
        core::write_json(pod_json(rows.front()->pod, state.options.name_space, state.options.container_name))
            .value();
  if (!wanted.ids.empty()) {
    const core::Admission admitted = state.books.desired.apply(wanted);
    if (!admitted.ok()) return refusal(503, "ServiceUnavailable", "outrigger: " + admitted.detail);
    seams_.changed();
  }
  return answer;
}

}  // namespace outrigger::flow
