#include "agent/core/pod_policy.h"

#include <gtest/gtest.h>

#include "agent/core/limits.h"
#include "agent/core/pod_template.h"
#include "tests/unit/core/json_text.h"

namespace outrigger::core {
namespace {

using test::json;

PodPolicy strict() {
  PodPolicy out;
  out.name_space = "spark";
  return out;
}
// First path that is refused, or nothing.
std::string refused(std::string_view pod, const PodPolicy& policy = strict()) {
  const auto breaches = check_pod(policy, json(pod));
  return breaches.empty() ? std::string{} : breaches.front().path;
}
std::string joined(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view part : parts) out.append(part);
  return out;
}
std::string with_spec(std::string_view more) {
  return joined({R"({"metadata":{"name":"e"},"spec":{"containers":[{"name":"c","image":"spark:4"}])",
                 more.empty() ? "" : ",", more, "}}"});
}
std::string with_container(std::string_view more) {
  return joined(
      {R"({"metadata":{"name":"e"},"spec":{"containers":[{"name":"c","image":"spark:4",)", more, "}]}}"});
}
std::string with_volume(std::string_view source) {
  return with_spec(joined({R"("volumes":[{"name":"v",)", source, "}]"}));
}

TEST(PodPolicy, an_executor_as_Spark_renders_it_is_allowed) {
  EXPECT_EQ(
      refused(
          R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"e","namespace":"spark","labels":{"a":"b"}},
    "spec":{"containers":[{"name":"spark-kubernetes-executor","image":"apache/spark:4.0","imagePullPolicy":"IfNotPresent",
      "args":["executor"],"ports":[{"containerPort":7079,"name":"blockmanager","protocol":"TCP"}],
      "env":[{"name":"A","value":"1"},{"name":"IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}}],
      "resources":{"limits":{"memory":"1Gi"}},"securityContext":{"runAsUser":185},
      "volumeMounts":[{"name":"local","mountPath":"/var/data"}]}],
      "hostname":"e","restartPolicy":"Never","schedulerName":"default-scheduler","nodeSelector":{"a":"b"},
      "tolerations":[{"operator":"Exists"}],"priority":null,"hostNetwork":false,"ephemeralContainers":[],
      "volumes":[{"name":"local","emptyDir":{}},{"name":"conf","configMap":{"name":"spark-exec-conf-map"}}]}})"),
      "");
}

TEST(PodPolicy, C22_what_takes_over_a_node_is_never_allowed) {
  EXPECT_EQ(refused(with_spec(R"("hostNetwork":true)")), "$.spec.hostNetwork");
  EXPECT_EQ(refused(with_spec(R"("hostPID":true)")), "$.spec.hostPID");
  EXPECT_EQ(refused(with_spec(R"("hostIPC":true)")), "$.spec.hostIPC");
  EXPECT_EQ(refused(with_spec(R"("nodeName":"master-0")")), "$.spec.nodeName");
  EXPECT_EQ(refused(with_spec(R"("ephemeralContainers":[{"image":"x"}])")), "$.spec.ephemeralContainers");
  EXPECT_EQ(refused(with_container(R"("securityContext":{"privileged":true})")),
            "$.spec.containers[0].securityContext.privileged");
  EXPECT_EQ(refused(with_container(R"("securityContext":{"procMount":"Unmasked"})")),
            "$.spec.containers[0].securityContext.procMount");
  EXPECT_EQ(refused(with_container(R"("securityContext":{"capabilities":{"add":["SYS_ADMIN"]}})")),
            "$.spec.containers[0].securityContext.capabilities.add[0]");
  EXPECT_EQ(refused(with_container(R"("securityContext":{"capabilities":{"drop":["ALL"]}})")), "");
  EXPECT_EQ(refused(with_container(R"("securityContext":{"seccompProfile":{"type":"Unconfined"}})")),
            "$.spec.containers[0].securityContext.seccompProfile.type");
  EXPECT_EQ(refused(with_container(R"("securityContext":{"seLinuxOptions":{"type":"spc_t"}})")),
            "$.spec.containers[0].securityContext.seLinuxOptions.type");
  EXPECT_EQ(refused(with_container(R"("securityContext":{"windowsOptions":{"hostProcess":true}})")),
            "$.spec.containers[0].securityContext.windowsOptions");
  EXPECT_EQ(refused(with_container(R"("ports":[{"containerPort":1,"hostPort":80}])")),
            "$.spec.containers[0].ports[0].hostPort");
  EXPECT_EQ(refused(with_container(R"("volumeMounts":[{"name":"v","mountPropagation":"Bidirectional"}])")),
            "$.spec.containers[0].volumeMounts[0].mountPropagation");
  EXPECT_EQ(refused(with_container(R"("volumeDevices":[{"name":"v","devicePath":"/dev/sda"}])")),
            "$.spec.containers[0].volumeDevices");
  EXPECT_EQ(
      refused(with_spec(R"("securityContext":{"sysctls":[{"name":"kernel.core_pattern","value":"x"}]})")),
      "$.spec.securityContext.sysctls[0].name");
  EXPECT_EQ(refused(with_spec(R"("runtimeClassName":"unsafe")")), "$.spec.runtimeClassName");
  EXPECT_EQ(refused(with_spec(R"("priorityClassName":"system-node-critical")")), "$.spec.priorityClassName");
}

TEST(PodPolicy, init_containers_are_checked_like_containers) {
  EXPECT_EQ(refused(with_spec(R"("initContainers":[{"image":"x","securityContext":{"privileged":true}}])")),
            "$.spec.initContainers[0].securityContext.privileged");
}

TEST(PodPolicy, the_kubelet_asks_nobody_else_on_the_pod_s_behalf) {
  EXPECT_EQ(refused(with_container(R"("livenessProbe":{"httpGet":{"host":"169.254.169.254","port":80}})")),
            "$.spec.containers[0].livenessProbe.httpGet.host");
  EXPECT_EQ(
      refused(with_container(R"("lifecycle":{"postStart":{"tcpSocket":{"host":"10.0.0.1","port":80}}})")),
      "$.spec.containers[0].lifecycle.postStart.tcpSocket.host");
  EXPECT_EQ(refused(with_container(R"("livenessProbe":{"httpGet":{"path":"/","port":80}})")), "");
}

TEST(PodPolicy, C22_other_accounts_and_tokens_stay_out) {
  EXPECT_EQ(refused(with_spec(R"("serviceAccountName":"driver")")), "$.spec.serviceAccountName");
  EXPECT_EQ(refused(with_spec(R"("serviceAccountName":"driver","automountServiceAccountToken":true)")),
            "$.spec.automountServiceAccountToken");
  EXPECT_EQ(refused(with_spec(R"("serviceAccountName":"driver","automountServiceAccountToken":false)")), "");
  EXPECT_EQ(refused(with_spec(R"("serviceAccount":"driver")")), "$.spec.serviceAccount");
  EXPECT_EQ(refused(with_spec(R"("serviceAccountName":"default")")), "");
  EXPECT_EQ(refused(with_volume(R"("projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]})")),
            "$.spec.volumes[0].projected.sources[0].serviceAccountToken");
  PodPolicy policy = strict();
  policy.service_accounts = {"executor"};
  policy.service_account_token = true;
  EXPECT_EQ(
      refused(with_spec(R"("serviceAccountName":"executor","automountServiceAccountToken":true)"), policy),
      "");
}

TEST(PodPolicy, C22_secrets_are_allowed_only_by_name_however_they_are_asked_for) {
  const std::vector<std::pair<std::string, std::string>> ways = {
      {with_volume(R"("secret":{"secretName":"db"})"), "$.spec.volumes[0].secret.secretName"},
      {with_volume(R"("projected":{"sources":[{"secret":{"name":"db"}}]})"),
       "$.spec.volumes[0].projected.sources[0].secret.name"},
      {with_container(R"("env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"db","key":"k"}}}])"),
       "$.spec.containers[0].env[0].valueFrom.secretKeyRef.name"},
      {with_container(R"("envFrom":[{"secretRef":{"name":"db"}}])"),
       "$.spec.containers[0].envFrom[0].secretRef.name"}};
  PodPolicy policy = strict();
  policy.secrets = {"d?"};
  for (const auto& [pod, path] : ways) {
    EXPECT_EQ(refused(pod), path);
    EXPECT_EQ(refused(pod, policy), "");
  }
}

TEST(PodPolicy, volumes_are_allowed_by_type_and_host_paths_by_whole_components) {
  EXPECT_EQ(refused(with_volume(R"("hostPath":{"path":"/"})")), "$.spec.volumes[0].hostPath");
  EXPECT_EQ(refused(with_volume(R"("nfs":{"server":"x"})")), "$.spec.volumes[0].nfs");
  EXPECT_EQ(refused(with_volume(R"("csi":{"driver":"x"})")), "$.spec.volumes[0].csi");
  PodPolicy policy = strict();
  policy.volume_types.emplace_back("hostPath");
  policy.host_path_prefixes = {"/data"};
  const auto host = [&](std::string_view path) {
    return refused(with_volume(joined({R"("hostPath":{"path":")", path, R"("})"})), policy);
  };
  EXPECT_EQ(host("/data"), "");
  EXPECT_EQ(host("/data/spark"), "");
  for (const char* path : {"/database", "/data/../etc", "/data/..", "data", "", "/etc"})
    EXPECT_EQ(host(path), "$.spec.volumes[0].hostPath.path") << path;
}

TEST(PodPolicy, images_are_globs_and_an_id_inside_is_only_covered_by_a_star) {
  PodPolicy policy = strict();
  policy.images = {"registry/spark:*"};
  const auto image = [&](std::string_view name) {
    Json pod = json(with_spec(""));
    pod.find("spec")->find("containers")->items()[0].set("image", Json::string(std::string(name)));
    return check_pod(policy, pod).empty();
  };
  EXPECT_TRUE(image("registry/spark:4.0"));
  EXPECT_FALSE(image("evil/spark:4.0"));
  EXPECT_FALSE(image(""));
  EXPECT_TRUE(image(std::string("registry/spark:") + id_slot));
  policy.images = {"registry/spark:?"};
  EXPECT_TRUE(image("registry/spark:4"));
  EXPECT_FALSE(image(std::string("registry/spark:") + id_slot));
}

TEST(PodPolicy, only_the_agent_s_own_namespace_and_no_finalizers) {
  EXPECT_EQ(refused(R"({"metadata":{"namespace":"kube-system"},"spec":{"containers":[{"image":"i"}]}})"),
            "$.metadata.namespace");
  EXPECT_EQ(refused(R"({"metadata":{"finalizers":["x/y"]},"spec":{"containers":[{"image":"i"}]}})"),
            "$.metadata.finalizers[0]");
  EXPECT_EQ(
      refused(
          R"({"metadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/c":"unconfined"}},"spec":{"containers":[{"image":"i"}]}})"),
      "$.metadata.annotations[\"container.apparmor.security.beta.kubernetes.io/c\"]");
}

TEST(PodPolicy, numbers_of_containers_and_volumes_are_bounded) {
  const auto pod = [](std::size_t containers, std::size_t volumes) {
    Json out = json(with_spec(""));
    Json& spec = *out.find("spec");
    const Json one = spec.find("containers")->items()[0];
    spec.set("containers", Json::array(std::vector<Json>(containers, one)));
    spec.set("volumes", Json::array(std::vector<Json>(volumes, json(R"({"name":"v","emptyDir":{}})"))));
    return check_pod(strict(), out).empty();
  };
  EXPECT_TRUE(pod(strict().max_containers, strict().max_volumes));
  EXPECT_FALSE(pod(strict().max_containers + 1, 1));
  EXPECT_FALSE(pod(1, strict().max_volumes + 1));
}

TEST(PodPolicy, a_field_that_no_rule_knows_is_refused) {
  EXPECT_EQ(refused(with_spec(R"("somethingNew":{"a":1})")), "$.spec.somethingNew");
  EXPECT_EQ(refused(with_container(R"("somethingNew":1)")), "$.spec.containers[0].somethingNew");
}

TEST(PodPolicy, a_field_that_is_there_twice_is_refused) {
  EXPECT_EQ(refused(with_spec(R"("hostname":"a","hostname":"b")")), "$.spec.hostname");
  EXPECT_EQ(refused(with_container(R"("resources":{"a":1,"a":2})")), "$.spec.containers[0].resources.a");
}

TEST(PodPolicy, odd_shapes_are_refused_not_skipped) {
  EXPECT_NE(refused(with_spec(R"("volumes":{"a":"b"})")), "");
  EXPECT_NE(refused(with_spec(R"("initContainers":"x")")), "");
  EXPECT_NE(refused(with_container(R"("securityContext":"x")")), "");
  EXPECT_NE(refused(with_volume(R"("configMap":"x")")), "");
  EXPECT_NE(refused(R"({"spec":5})"), "");
  EXPECT_NE(refused(R"({})"), "");
}

TEST(PodPolicy, breaches_are_bounded_and_say_what_would_allow_them) {
  std::string many = R"("a0":1)";
  for (int i = 1; i < 40; ++i) many += ",\"a" + std::to_string(i) + "\":1";
  EXPECT_EQ(check_pod(strict(), json(with_spec(many))).size(), limits::policy_breaches);
  const auto breaches = check_pod(strict(), json(with_volume(R"("secret":{"secretName":"db"})")));
  ASSERT_EQ(breaches.size(), 1u);
  EXPECT_EQ(
      breaches[0].text(),
      "$.spec.volumes[0].secret.secretName: \"db\": is not allowed; setting policy.secrets lists what is");
}

TEST(PodPolicy, extras_are_claims_of_v1_only) {
  const auto first = [](std::string_view text) {
    const auto breaches = check_extra(strict(), json(text));
    return breaches.empty() ? std::string{} : breaches.front().path;
  };
  EXPECT_EQ(first(R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"c"},"spec":{}})"),
            "");
  EXPECT_EQ(first(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"c"}})"), "$.kind");
  EXPECT_EQ(first(R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"PersistentVolumeClaim"})"),
            "$.apiVersion");
}

TEST(PodPolicy, off_is_off) {
  PodPolicy policy = strict();
  policy.enabled = false;
  EXPECT_EQ(refused(with_spec(R"("hostPID":true)"), policy), "");
}

TEST(Glob, stars_and_question_marks) {
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("a*c*e", "abcde"));
  EXPECT_FALSE(glob_matches("a*c", "abcd"));
  EXPECT_TRUE(glob_matches("?b", "ab"));
  EXPECT_FALSE(glob_matches("", "a"));
  std::string stars(100, '*');
  stars.push_back('b');
  EXPECT_FALSE(glob_matches(stars, std::string(10'000, 'a')));
}

}  // namespace
}  // namespace outrigger::core
