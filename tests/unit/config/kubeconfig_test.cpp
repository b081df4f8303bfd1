#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/config/cluster.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::config {
namespace {

using test::TemporaryFolder;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* whole = R"(apiVersion: v1
kind: Config
current-context: dev
clusters:
- name: one
  cluster: {server: "https://10.0.0.1:6443/", certificate-authority: ca.crt}
- name: two
  cluster: {server: "http://[::1]:8080/base", tls-server-name: kube.example, proxy-url: "http://p:3128"}
users:
- name: file
  user: {token: "a-static-one", tokenFile: sub/token}
- name: data
  user: {client-certificate-data: Y2VydA==, client-key-data: a2V5, client-certificate: ignored.crt}
- name: plugin
  user: {exec: {command: aws, apiVersion: client.authentication.k8s.io/v1}}
- name: old
  user: {auth-provider: {name: gcp}}
- name: basic
  user: {username: u, password: secret-password}
- name: both
  user: {token: t, exec: {command: aws}}
- name: other
  user: {token: t, as: admin}
- name: half
  user: {client-certificate-data: Y2VydA==}
contexts:
- {name: dev, context: {cluster: one, user: file, namespace: spark}}
- {name: cert, context: {cluster: two, user: data}}
- {name: exec, context: {cluster: one, user: plugin}}
- {name: provider, context: {cluster: one, user: old}}
- {name: password, context: {cluster: one, user: basic}}
- {name: sufficient, context: {cluster: one, user: both}}
- {name: as, context: {cluster: one, user: other}}
- {name: half, context: {cluster: one, user: half}}
- {name: no-cluster, context: {cluster: three, user: file}}
- {name: no-user, context: {cluster: one, user: nobody}}
- {name: anonymous, context: {cluster: one}}
)";

std::string error_of(const std::string& text, const std::string& context = "") {
  TemporaryFolder folder;
  const auto cluster = load_kubeconfig(folder.write("config", text), context);
  return cluster ? "no error" : cluster.error().text;
}

TEST(Kubeconfig, the_current_context_decides) {
  TemporaryFolder folder;
  const auto cluster = load_kubeconfig(folder.write("config", whole), "");
  ASSERT_TRUE(cluster) << cluster.error().text;
  EXPECT_EQ(cluster->server, "https://10.0.0.1:6443");
  EXPECT_EQ(cluster->host(), "10.0.0.1:6443");
  EXPECT_EQ(cluster->name_space, "spark");
}

TEST(Kubeconfig, relative_paths_are_seen_from_the_file) {
  TemporaryFolder folder;
  const auto cluster = load_kubeconfig(folder.write("config", whole), "dev");
  EXPECT_EQ(cluster->ca.file, folder.path("ca.crt"));
  EXPECT_EQ(cluster->token_file, folder.path("sub/token"));
}

TEST(Kubeconfig, a_token_file_wins_over_a_token_and_data_over_a_file) {
  TemporaryFolder folder;
  const auto file = folder.write("config", whole);
  EXPECT_FALSE(load_kubeconfig(file, "dev")->token_file.empty());
  const auto cert = load_kubeconfig(file, "cert");
  EXPECT_EQ(cert->client_certificate.data, "cert");
  EXPECT_EQ(cert->client_certificate.file, "");
  EXPECT_EQ(cert->client_key.data, "key");
}

TEST(Kubeconfig, the_server_keeps_its_path_scheme_and_brackets) {
  TemporaryFolder folder;
  const auto cluster = load_kubeconfig(folder.write("config", whole), "cert");
  EXPECT_EQ(cluster->server, "http://[::1]:8080/base");
  EXPECT_EQ(cluster->host(), "[::1]:8080");
  EXPECT_EQ(cluster->tls_server_name, "kube.example");
  EXPECT_EQ(cluster->proxy_url, "http://p:3128");
  EXPECT_EQ(cluster->name_space, "default");
}

TEST(Kubeconfig, a_context_that_is_not_there_names_those_that_are) {
  EXPECT_THAT(error_of(whole, "prod"),
              AllOf(HasSubstr("there is no context 'prod'"), HasSubstr("cert, dev, exec")));
  EXPECT_THAT(error_of(whole, "no-cluster"),
              HasSubstr("names the cluster 'three', which is not there; there are: one, two"));
  EXPECT_THAT(error_of(whole, "no-user"), HasSubstr("names the user 'nobody', which is not there"));
}

TEST(Kubeconfig, without_a_current_context_one_has_to_be_chosen) {
  EXPECT_THAT(error_of("contexts: [{name: a, context: {cluster: c}}]\n"),
              HasSubstr("has no current-context; choose one with --context; there are: a"));
  EXPECT_THAT(error_of(""), HasSubstr("there are: none"));
}

TEST(Kubeconfig, what_is_not_supported_is_said_with_the_way_out) {
  EXPECT_THAT(error_of(whole, "exec"),
              AllOf(HasSubstr("user 'plugin'"), HasSubstr("an exec plug-in (aws)"),
                    HasSubstr("give it a token, a tokenFile or a client certificate")));
  EXPECT_THAT(error_of(whole, "provider"), HasSubstr("an auth-provider"));
  EXPECT_THAT(error_of(whole, "password"),
              AllOf(HasSubstr("a user name and password"), Not(HasSubstr("secret-password"))));
  EXPECT_THAT(error_of(whole, "as"), HasSubstr("impersonation"));
}

TEST(Kubeconfig, a_token_is_enough_even_with_a_plug_in_beside_it) {
  TemporaryFolder folder;
  const auto file = folder.write("config", whole);
  EXPECT_EQ(load_kubeconfig(file, "sufficient")->token, "t");
  EXPECT_TRUE(load_kubeconfig(file, "anonymous"));
}

TEST(Kubeconfig, a_certificate_without_its_key_is_refused) {
  EXPECT_THAT(error_of(whole, "half"), HasSubstr("user 'half' has a client certificate without its key"));
}

TEST(Kubeconfig, an_authority_and_no_check_contradict_each_other) {
  EXPECT_THAT(error_of("current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\n"
                       "clusters: [{name: c, cluster: {server: 'https://h', certificate-authority: x, "
                       "insecure-skip-tls-verify: true}}]\n"),
              HasSubstr("has certificate-authority and insecure-skip-tls-verify; keep one"));
}

TEST(Kubeconfig, a_wrong_server_is_named) {
  const auto with = [](const std::string& server) {
    return error_of(
        "current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: "
        "{server: '" +
        server + "'}}]\n");
  };
  EXPECT_THAT(with("10.0.0.1:6443"), HasSubstr("expected a URL such as https://10.0.0.1:6443"));
  EXPECT_THAT(with("https://h:70000"), HasSubstr("its port is no number"));
  EXPECT_THAT(with("https://u:p@h"), HasSubstr("a user, query or fragment"));
  EXPECT_THAT(with("https://"), HasSubstr("names no host"));
  EXPECT_THAT(with(""), HasSubstr("has no server"));
  EXPECT_EQ(with("https://h"), "no error");
}

TEST(Kubeconfig, a_wrong_shape_names_its_line) {
  EXPECT_THAT(error_of("clusters: {a: b}\n"), HasSubstr("config:1: clusters: expected a list"));
  EXPECT_THAT(error_of("users:\n- name: u\n  user: {token: [1]}\n"),
              HasSubstr("config:3: token: expected text"));
  EXPECT_THAT(error_of("users:\n- name: u\n  user: {client-key-data: '!!!!'}\n"),
              AllOf(HasSubstr("config:3: client-key-data: is not base64"), Not(HasSubstr("!!!!"))));
  EXPECT_THAT(error_of("users:\n- {user: {}}\n"), HasSubstr("an entry has no name"));
  EXPECT_THAT(error_of("a: [\n"), HasSubstr("config:"));
  EXPECT_THAT(error_of("just words"), HasSubstr("is not a kubeconfig"));
}

TEST(Kubeconfig, several_files_are_merged_and_the_first_wins) {
  TemporaryFolder folder;
  const auto a =
      folder.write("a", "current-context: x\nclusters: [{name: c, cluster: {server: 'https://first'}}]\n");
  const auto b =
      folder.write("b",
                   "current-context: y\nclusters: [{name: c, cluster: {server: 'https://second'}}]\n"
                   "contexts: [{name: x, context: {cluster: c}}]\n");
  const auto cluster = load_kubeconfig(a + ":" + folder.path("absent") + ":" + b, "");
  ASSERT_TRUE(cluster) << cluster.error().text;
  EXPECT_EQ(cluster->server, "https://first:443");
}

TEST(Kubeconfig, a_missing_file_is_named) {
  EXPECT_EQ(load_kubeconfig("/nowhere/config", "").error().text,
            "/nowhere/config: can't be read; check the path and its permissions");
  EXPECT_THAT(load_kubeconfig("/nowhere/a:/nowhere/b", "").error().text,
              HasSubstr("none of these files is there"));
  EXPECT_THAT(load_kubeconfig("/tmp", "").error().text, HasSubstr("is a directory"));
}

TEST(InCluster, both_variables_and_the_files_are_needed) {
  TemporaryFolder folder;
  EXPECT_THAT(in_cluster({{"KUBERNETES_SERVICE_HOST", "h"}}, folder.path()).error().text,
              HasSubstr("are not both set"));
  const Environment environment{{"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "443"}};
  EXPECT_THAT(in_cluster(environment, folder.path()).error().text, HasSubstr("/token: is not there"));
  folder.write("token", "t");
  EXPECT_THAT(in_cluster(environment, folder.path()).error().text, HasSubstr("/ca.crt: is not there"));
  folder.write("ca.crt", "c");
  folder.write("namespace", "spark\n");
  const auto cluster = in_cluster(environment, folder.path());
  ASSERT_TRUE(cluster) << cluster.error().text;
  EXPECT_EQ(cluster->server, "https://[fd00::1]:443");
  EXPECT_EQ(cluster->token_file, folder.path("token"));
  EXPECT_EQ(cluster->name_space, "spark");
}

TEST(FindCluster, the_setting_then_the_variable_then_the_pod_then_the_home) {
  TemporaryFolder folder;
  const auto file = folder.write("config", whole);
  EXPECT_TRUE(find_cluster({.kubeconfig = file}, {}));
  EXPECT_EQ(find_cluster({.context = "cert"}, {{"KUBECONFIG", file}})->server, "http://[::1]:8080/base");
  EXPECT_THAT(find_cluster({}, {{"KUBERNETES_SERVICE_HOST", "h"}, {"HOME", folder.path()}}).error().text,
              HasSubstr("KUBERNETES_SERVICE_PORT"));
  EXPECT_THAT(find_cluster({}, {}).error().text, HasSubstr("pass --kubeconfig FILE"));
  std::filesystem::create_directory(folder.path(".kube"));
  folder.write(".kube/config", whole);
  EXPECT_TRUE(find_cluster({}, {{"HOME", folder.path()}}));
}

TEST(Describe, says_how_without_a_secret) {
  Cluster cluster;
  cluster.server = "https://h:443";
  cluster.source = "f, context c";
  cluster.token = "very-secret";
  cluster.client_key.data = "also-secret";
  EXPECT_THAT(describe(cluster),
              AllOf(HasSubstr("https://h:443"), HasSubstr("token"), Not(HasSubstr("secret"))));
}

}  // namespace
}  // namespace outrigger::config
