// The allow list, rule by rule, with the requests as fabric8 sends them.
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/flow/gateway_rules.h"
#include "agent/metrics/labels.h"

namespace outrigger::flow {
namespace {

// A path below the namespace; by append, because gcc 12 sees overflows in operator+.
std::string at(std::string_view rest) {
  std::string path = "/api/v1/namespaces/spark";
  return path.append(rest);
}
constexpr const char* executors = "labelSelector=spark-app-selector%3Dapp-1%2Cspark-role%3Dexecutor";

GatewayVerdict ask(std::string method, const std::string& path, std::string body = "",
                   std::string type = "application/json") {
  const GatewayVerdict verdict =
      judge({"spark", "app-1", "driver"}, {std::move(method), path, std::move(type), std::move(body)});
  EXPECT_NE(std::find(std::begin(gateway_rules), std::end(gateway_rules), verdict.rule),
            std::end(gateway_rules))
      << verdict.rule;
  EXPECT_EQ(verdict.act == GatewayAct::refuse, !verdict.why.empty());
  return verdict;
}

GatewayVerdict patch(const std::string& body, const std::string& type) {
  return ask("PATCH", at("/pods/exec-1"), body, "application/" + type + "+json");
}

TEST(GatewayRules, S31_what_spark_still_calls_is_let_through) {
  using enum GatewayAct;
  const std::string pods = at("/pods");
  const std::string of_ours = std::string("?").append(executors);
  EXPECT_EQ(ask("GET", pods + "/driver").act, read_pod);
  EXPECT_EQ(ask("GET", pods + "?fieldSelector=metadata.name%3Ddriver").act, forward);
  EXPECT_EQ(ask("GET", pods + of_ours + "%2Cspark-exec-inactive%21%3Dtrue").act, list_pods);
  EXPECT_EQ(ask("GET", pods + "?fieldSelector=status.phase%3DRunning&" + executors +
                           "%2Cspark-exec-id%20in%20%281%2C2%29")
                .act,
            list_pods);
  EXPECT_EQ(ask("DELETE", pods + of_ours + "%2Cspark-exec-id%20in%20%281%2C2%29").act, remove_pods);
  EXPECT_EQ(ask("DELETE", pods + "/exec-1").act, remove_pod);
  for (const char* resource : {"/services", "/persistentvolumeclaims"})
    EXPECT_EQ(
        ask("DELETE", at(std::string(resource).append("?labelSelector=spark-app-selector%3Dapp-1"))).act,
        forward);
  EXPECT_EQ(ask("DELETE", at("/configmaps") + of_ours).act, forward);
}

TEST(GatewayRules, the_executor_config_map_is_known_by_its_name_and_label) {
  const auto post = [](const std::string& body) { return ask("POST", at("/configmaps"), body); };
  const std::string good =
      R"({"kind":"ConfigMap","metadata":{"name":"spark-exec-1f-conf-map","labels":{"spark-app-selector":"app-1"}},"data":{}})";
  const auto verdict = post(good);
  EXPECT_EQ(verdict.act, GatewayAct::create_config);
  EXPECT_EQ(verdict.request.body, good);
  EXPECT_EQ(
      post(R"({"kind":"ConfigMap","metadata":{"name":"other","labels":{"spark-app-selector":"app-1"}}})")
          .rule,
      "config-map-shape");
  EXPECT_EQ(
      post(
          R"({"kind":"ConfigMap","metadata":{"name":"spark-exec-1","labels":{"spark-app-selector":"app-2"}}})")
          .rule,
      "config-map-shape");
  EXPECT_EQ(
      post(R"({"kind":"Secret","metadata":{"name":"spark-exec-1","labels":{"spark-app-selector":"app-1"}}})")
          .rule,
      "config-map-shape");
  EXPECT_EQ(post("no json").rule, "config-map-shape");
}

TEST(GatewayRules, labels_and_annotations_may_change_and_nothing_else) {
  using enum GatewayAct;
  // As 3.5 to 4.1 edit, and as 4.2 and later patch.
  EXPECT_EQ(
      patch(
          R"([{"op":"add","path":"/metadata/labels/spark-exec-inactive","value":"true"},{"op":"add","path":"/metadata/resourceVersion","value":"7"}])",
          "json-patch")
          .act,
      patch_pod);
  EXPECT_EQ(patch(R"([{"op":"add","path":"/metadata/annotations","value":{"a/b":"c"}}])", "json-patch").act,
            patch_pod);
  EXPECT_EQ(patch(R"({"metadata":{"labels":{"spark-exec-inactive":"true"}}})", "strategic-merge-patch").act,
            patch_pod);
  EXPECT_EQ(patch(R"({"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"a":null},"name":"exec-1"}})",
                  "merge-patch")
                .act,
            patch_pod);

  for (const char* body :
       {R"([{"op":"replace","path":"/spec/containers/0/image","value":"x"}])",
        R"([{"op":"move","path":"/metadata/labels/a","from":"/spec"}])",
        R"([{"op":"replace","path":"/metadata/labels/spark-app-selector","value":"x"}])",
        R"([{"op":"remove","path":"/metadata/labels"}])",
        R"([{"op":"add","path":"/metadata/labels","value":{"outrigger-nonce":"x"}}])",
        R"([{"op":"add","path":"/metadata/labelsx/y","value":"x"}])",
        R"([{"op":"add","path":"/metadata/ownerReferences","value":[]}])", R"({"op":"add"})", "{"})
    EXPECT_EQ(patch(body, "json-patch").rule, "pod-change") << body;
  for (const char* body :
       {R"({"spec":{"activeDeadlineSeconds":1}})", R"({"metadata":{"finalizers":["x"]}})",
        R"({"metadata":{"name":"exec-2"}})", R"({"metadata":{"labels":{"spark-exec-id":"9"}}})",
        R"({"metadata":{"labels":{"a":{"b":"c"}}}})", "[]"})
    EXPECT_EQ(patch(body, "strategic-merge-patch").rule, "pod-change") << body;
  EXPECT_EQ(patch("{}", "apply-patch").rule, "pod-change");
}

TEST(GatewayRules, a_refusal_names_its_rule_and_the_way_out) {
  const std::string pods = at("/pods");
  EXPECT_EQ(ask("GET", "/api/v1/namespaces/kube-system/pods/x").rule, "other-namespace");
  EXPECT_EQ(ask("GET", "/api/v1/nodes").rule, "other-namespace");
  EXPECT_EQ(ask("GET", at("/secrets/token")).rule, "not-listed");
  EXPECT_EQ(ask("GET", at("/configmaps")).rule, "not-listed");
  EXPECT_EQ(ask("POST", pods, "{}").rule, "not-listed");
  EXPECT_EQ(ask("POST", pods + "/exec-1/exec").rule, "not-listed");
  EXPECT_EQ(ask("PATCH", pods + "/exec-1/resize", "{}").rule, "not-listed");
  EXPECT_EQ(ask("PUT", pods + "/exec-1", "{}").rule, "not-listed");
  EXPECT_EQ(ask("DELETE", at("/services/other")).rule, "not-listed");
  EXPECT_EQ(ask("DELETE", at("/services")).rule, "other-application");
  EXPECT_EQ(ask("DELETE", pods).rule, "other-application");
  EXPECT_EQ(ask("GET", pods).rule, "other-application");
  EXPECT_EQ(ask("GET", pods + "?labelSelector=spark-app-selector%3Dapp-2").rule, "other-application");
  EXPECT_EQ(ask("GET", pods + "?" + executors + "%2Cteam%3Dblue").rule, "malformed");
  EXPECT_EQ(ask("GET", pods + "?fieldSelector=spec.nodeName%3Da&" + executors).rule, "malformed");
  EXPECT_EQ(ask("GET", "/api/v1/namespaces/spark/../x/pods").rule, "malformed");
  const auto watch = ask("GET", pods + "?" + executors + "&watch=true");
  EXPECT_EQ(watch.rule, "no-watch");
  EXPECT_NE(watch.why.find("enableApiWatcher=false"), std::string::npos);
}

TEST(GatewayRules, the_metric_knows_every_rule) {
  const auto& labels = metrics::labels::gateway_rules;
  ASSERT_EQ(labels.size(), std::size(gateway_rules) + 1) << "and `other`";
  EXPECT_TRUE(std::equal(std::begin(gateway_rules), std::end(gateway_rules), labels.begin()));
}

TEST(GatewayRules, in_client_mode_no_pod_is_the_drivers) {
  const auto verdict =
      judge({"spark", "app-1", ""}, {"GET", at("/pods?fieldSelector=metadata.name%3D"), "", ""});
  EXPECT_EQ(verdict.act, GatewayAct::refuse);
}

}  // namespace
}  // namespace outrigger::flow
