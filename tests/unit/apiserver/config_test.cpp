#include <gtest/gtest.h>

#include "tests/apiserver/base/yaml.h"
#include "tests/apiserver/config.h"
#include "tests/apiserver/control/record.h"

namespace outrigger::apiserver {
namespace {

std::string complaint(const std::string& yaml) {
  Config config;
  try {
    read_config(config, yaml, "config.yaml");
  } catch (const YamlProblem& problem) {
    return problem.what();
  }
  return "accepted";
}

ApiRequest pods(std::string verb, std::string name_space) {
  ApiRequest request;
  request.verb = std::move(verb);
  request.plural = "pods";
  request.name_space = std::move(name_space);
  return request;
}

TEST(Configuration, a_kubelet_with_processes_has_keys_of_its_own) {
  Config config;
  read_config(
      config,
      "kubelet:\n  kind: process\n  restart-back-off: 2s\n  images:\n"
      "  - {image: '*spark*', entrypoint: /e, environment: {A: b}, content: {/opt/spark: /spark}, user: "
      "'185:7'}\n"
      "  - {image: agent, user: 65532}\n",
      "config.yaml");
  EXPECT_TRUE(config.processes.enabled);
  EXPECT_EQ(config.processes.restart_back_off, Millis(2000));
  ASSERT_EQ(config.processes.images.size(), 2u);
  EXPECT_EQ(config.processes.images[0].entrypoint, "/e");
  EXPECT_EQ(config.processes.images[0].content[0].source, "/spark");
  EXPECT_EQ(config.processes.images[0].content[0].target, "/opt/spark");
  EXPECT_EQ(config.processes.images[0].uid, 185u);
  EXPECT_EQ(config.processes.images[0].gid, 7u);
  EXPECT_EQ(config.processes.images[1].uid, 65532u);
  EXPECT_EQ(config.processes.images[1].gid, 0u);
  for (const char* user : {"spark", "'185:'", "':0'", "'-1'", "'185:0:0'"})
    EXPECT_NE(complaint("kubelet: {kind: process, images: [{image: i, user: " + std::string(user) + "}]}")
                  .find("is not UID or UID:GID"),
              std::string::npos)
        << user;
  EXPECT_NE(complaint("kubelet: {kind: process, start: 1s}"), "accepted") << "a key of the simulated one";
  EXPECT_NE(complaint("kubelet: {kind: docker}").find("is not simulated or process"), std::string::npos);
}

TEST(ServiceAccounts, a_token_has_the_rights_of_its_account_or_those_of_its_namespace) {
  Access access({{"system:serviceaccount:spark:driver", "t1", {}}}, false);
  EXPECT_EQ(access.service_account_token("spark", "driver"), "t1");
  const std::string token = access.service_account_token("spark", "other");
  EXPECT_EQ(access.service_account_token("spark", "other"), token);
  EXPECT_FALSE(access.refuse(pods("list", "spark"), "Bearer " + token).has_value());
  EXPECT_TRUE(access.refuse(pods("list", "default"), "Bearer " + token).has_value());
  EXPECT_TRUE(access.refuse(pods("list", "spark"), "Bearer t1").has_value())
      << "an account without rules in the file";
}

TEST(Record, tells_which_account_was_used_by_which_program) {
  const Access access({{"jane", "t1", {}}}, false);
  Record record(0);
  record.request("get", access.user("Bearer t1"), "kubectl/v1.34", 200);
  record.request("list", access.user("Bearer t1"), "kubectl/v1.34", 200);
  record.request("get", access.user("Bearer t2"), "curl/8", 401);
  record.request("get", access.user(""), "curl/8", 403);
  const Json users = record.to_json()["requests_by_user"];
  EXPECT_EQ(users, (Json{{"jane", {{"kubectl", 2}}}, {"system:anonymous", {{"curl", 2}}}}));
}

TEST(Configuration, tokens_with_rules_are_accounts_with_those_rights_only) {
  Config config;
  read_config(config,
              "tokens:\n- name: driver\n  user: system:serviceaccount:spark:driver\n  token: t1\n"
              "  rules:\n  - {namespaces: [spark], resources: [pods, pods/status], verbs: [get, list]}\n",
              "c");
  const Access access(config.accounts, false);
  EXPECT_FALSE(access.refuse(pods("list", "spark"), "Bearer t1").has_value());
  EXPECT_EQ(access.refuse(pods("delete", "spark"), "Bearer t1")->code, 403);
  EXPECT_EQ(access.refuse(pods("list", "default"), "Bearer t1")->code, 403);
  EXPECT_EQ(access.refuse(pods("list", ""), "Bearer t1")->code, 403);
  EXPECT_EQ(access.refuse(pods("list", "spark"), "Bearer t2")->code, 401);
  EXPECT_EQ(access.refuse(pods("list", "spark"), "")->code, 403)
      << "nobody is system:anonymous, not unauthorized";
  EXPECT_FALSE(Access({}, true).refuse(pods("delete", ""), "").has_value());
}

TEST(Configuration, mistakes_name_file_line_and_value) {
  EXPECT_EQ(complaint("kubelet:\n  nodes: many\n"),
            "config.yaml:2: kubelet.nodes: 'many' is not a whole number from 1 to 1000");
  EXPECT_EQ(complaint("colour: red\n").find("config.yaml:1: colour: unknown key"), 0u);
  EXPECT_NE(complaint("quotas:\n- {namespace: spark, name: q, hard: {pods: lots}}\n")
                .find("'lots' is not a quantity"),
            std::string::npos);
  EXPECT_NE(complaint("tokens:\n- {name: x}\n").find("needs name and token"), std::string::npos);
  EXPECT_EQ(complaint("seed: 4\n"), "accepted");
}

TEST(Text, durations_and_quantities) {
  EXPECT_EQ(parse_duration("1.5s"), Millis(1500));
  EXPECT_EQ(parse_duration("2m"), Millis(120'000));
  EXPECT_EQ(parse_duration("3"), Millis(3000));
  EXPECT_FALSE(parse_duration("-1s").has_value());
  EXPECT_FALSE(parse_duration_range("5ms..1ms").has_value());
  EXPECT_EQ(parse_quantity("1408Mi"), std::int64_t{1408} * 1048576 * 1000);
  EXPECT_EQ(parse_quantity("250m"), 250);
  EXPECT_FALSE(parse_quantity("big").has_value());
  EXPECT_EQ(format_quantity(2000), "2");
}

}  // namespace
}  // namespace outrigger::apiserver
