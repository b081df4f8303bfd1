#include <gtest/gtest.h>

#include "tests/apiserver/kubelet/process_env.h"

namespace outrigger::apiserver {
namespace {

const ObjectLookup nothing = [](Resource, const std::string&) { return std::nullopt; };

Json pod_json() {
  return parse_json(
      R"({"metadata":{"name":"p","namespace":"spark","uid":"u","labels":{"b":"2","a":"1"},"annotations":{"x/y":"z"}},
          "spec":{"nodeName":"n","containers":[{"name":"c","resources":{"limits":{"memory":"1408Mi","cpu":"1500m"}}}]},
          "status":{"podIP":"127.0.0.1","hostIP":"127.0.0.2"}})");
}

TEST(Expansion, follows_the_rules_of_the_real_kubelet) {
  const EnvList env{{"A", "x"}, {"EMPTY", ""}};
  EXPECT_EQ(expand("$(A)-$(A)", env), "x-x");
  EXPECT_EQ(expand("$(B) $(EMPTY)|", env), "$(B) |") << "unknown names stay, empty values are values";
  EXPECT_EQ(expand("$$(A) $$$(A)", env), "$(A) $x");
  EXPECT_EQ(expand("$A ${A} $( $", env), "$A ${A} $( $");
}

TEST(PodFields, every_path_that_the_downward_api_has) {
  const Json pod = pod_json();
  EXPECT_EQ(field_of_pod(pod, "metadata.name").value(), "p");
  EXPECT_EQ(field_of_pod(pod, "metadata.uid").value(), "u");
  EXPECT_EQ(field_of_pod(pod, "metadata.labels['a']").value(), "1");
  EXPECT_EQ(field_of_pod(pod, "metadata.labels['nobody']").value(), "");
  EXPECT_EQ(field_of_pod(pod, "metadata.annotations['x/y']").value(), "z");
  EXPECT_EQ(field_of_pod(pod, "metadata.labels").value(), "a=\"1\"\nb=\"2\"");
  EXPECT_EQ(field_of_pod(pod, "spec.nodeName").value(), "n");
  EXPECT_EQ(field_of_pod(pod, "spec.serviceAccountName").value(), "default");
  EXPECT_EQ(field_of_pod(pod, "status.podIP").value(), "127.0.0.1");
  EXPECT_EQ(field_of_pod(pod, "status.hostIP").value(), "127.0.0.2");
  EXPECT_EQ(field_of_pod(pod, "status.phase").error(), "unsupported fieldPath: status.phase");
}

TEST(ResourceFields, are_rounded_up_to_the_divisor_and_fall_back_to_the_node) {
  const Json pod = pod_json();
  const Json& container = pod["spec"]["containers"][0];
  const NodeFacts node{.cpus = 4, .memory_bytes = 1000};
  const auto value = [&](const char* ref) {
    return resource_of(pod, container, parse_json(ref), node).value();
  };
  EXPECT_EQ(value(R"({"resource":"limits.cpu"})"), "2");
  EXPECT_EQ(value(R"({"resource":"limits.cpu","divisor":"1m"})"), "1500");
  EXPECT_EQ(value(R"({"resource":"limits.memory","divisor":"1Mi"})"), "1408");
  EXPECT_EQ(value(R"({"resource":"requests.cpu"})"), "0");
  const Json bare = Json::object();
  EXPECT_EQ(resource_of(pod, bare, parse_json(R"({"resource":"limits.cpu"})"), node).value(), "4");
  EXPECT_EQ(
      resource_of(pod, bare,
                  parse_json(R"({"resource":"limits.memory","containerName":"c","divisor":"1Gi"})"), node)
          .value(),
      "2");
}

TEST(Environment, later_entries_win_and_see_earlier_ones) {
  const Json container = parse_json(
      R"x({"env":[{"name":"A","value":"1"},{"name":"B","value":"$(A)$(C)"},{"name":"A","value":"2"}]})x");
  const auto env = environment_of(pod_json(), container, {{"C", "base"}}, nothing, {});
  EXPECT_EQ(env.value(), (EnvList{{"C", "base"}, {"A", "2"}, {"B", "1base"}}));
}

TEST(Environment, a_missing_object_is_an_error_unless_it_is_optional) {
  const char* secret = R"({"env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]})";
  EXPECT_EQ(environment_of(pod_json(), parse_json(secret), {}, nothing, {}).error(),
            "secret \"s\" not found");
  const char* may_miss =
      R"({"env":[{"name":"A","valueFrom":{"configMapKeyRef":{"name":"s","key":"k","optional":true}}}]})";
  EXPECT_TRUE(environment_of(pod_json(), parse_json(may_miss), {}, nothing, {}).value().empty());
  const ObjectLookup find = [](Resource, const std::string&) {
    return std::optional(parse_json(R"({"data":{"k":"dmFsdWU="}})"));
  };
  EXPECT_EQ(environment_of(pod_json(), parse_json(secret), {}, find, {}).value(), (EnvList{{"A", "value"}}));
}

TEST(Environment, whole_objects_come_with_a_prefix) {
  const Json container = parse_json(R"({"envFrom":[{"prefix":"P_","configMapRef":{"name":"c"}}]})");
  const ObjectLookup find = [](Resource, const std::string&) {
    return std::optional(parse_json(R"({"data":{"k":"v"}})"));
  };
  EXPECT_EQ(environment_of(pod_json(), container, {}, find, {}).value(), (EnvList{{"P_k", "v"}}));
}

TEST(Images, match_patterns) {
  EXPECT_TRUE(glob_matches("*spark*", "apache/spark:4.0"));
  EXPECT_TRUE(glob_matches("spark:?", "spark:4"));
  EXPECT_FALSE(glob_matches("spark:?", "spark:40"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_FALSE(glob_matches("", "x"));
}

}  // namespace
}  // namespace outrigger::apiserver
