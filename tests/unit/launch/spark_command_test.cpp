#include "agent/launch/spark_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace outrigger::launch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const AgentAddress agent{"http://127.0.0.1:7443", "/run/x/gateway-token", "/run/x", "spark",
                         "/opt/shim/2.13/*"};

Result<LaunchPlan> plan(std::vector<std::string> command) {
  return plan_launch(std::move(command), "", agent);
}
std::string refusal(std::vector<std::string> command) {
  const auto made = plan(std::move(command));
  return made ? "allowed" : made.error().text;
}

TEST(SparkCommand, settings_come_before_the_users_own_so_that_his_win) {
  const auto made = plan({"/opt/spark/bin/spark-submit", "--conf", "a=b", "job.py", "--master", "mine"});
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(made->argv.front(), "/opt/spark/bin/spark-submit");
  EXPECT_EQ(made->argv[1], "--master");
  EXPECT_EQ(made->argv[2], "k8s://http://127.0.0.1:7443");
  EXPECT_THAT(
      made->argv,
      Contains("spark.kubernetes.allocation.pods.allocator=io.outrigger.spark.OutriggerPodsAllocator"));
  EXPECT_THAT(made->argv, Contains("spark.kubernetes.authenticate.oauthTokenFile=/run/x/gateway-token"));
  EXPECT_THAT(made->argv, Contains("spark.driver.extraClassPath=/opt/shim/2.13/*"));
  EXPECT_THAT(std::vector<std::string>(made->argv.end() - 5, made->argv.end()),
              ElementsAre("--conf", "a=b", "job.py", "--master", "mine"))
      << "what follows the job is the job's";
}

TEST(SparkCommand, S29_no_credential_and_no_proxy_is_found) {
  const auto made = plan({"spark-submit", "job.py"});
  ASSERT_TRUE(made);
  EXPECT_THAT(made->variables, Contains(Pair("KUBECONFIG", "/dev/null")));
  EXPECT_THAT(made->variables, Contains(Pair("KUBERNETES_AUTH_TRYKUBECONFIG", "false")));
  EXPECT_THAT(made->variables, Contains(Pair("KUBERNETES_AUTH_TRYSERVICEACCOUNT", "false")));
  EXPECT_THAT(made->variables, Contains(Pair("NO_PROXY", "127.0.0.1")));
}

TEST(SparkCommand, S28_any_other_master_is_refused_by_name) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--master", "k8s://https://other:6443"},
                                             {"--master=k8s://https://other:6443"},
                                             {"--conf", "spark.master=k8s://https://other:6443"},
                                             {"-c", "spark.master=k8s://https://other:6443"}}) {
    std::vector<std::string> command{"spark-submit", "--verbose"};
    command.insert(command.end(), words.begin(), words.end());
    command.push_back("job.py");
    EXPECT_THAT(refusal(command), HasSubstr("k8s://https://other:6443")) << words[0];
  }
  EXPECT_THAT(refusal({"spark-submit", "--master", "local[2]", "job.py"}), HasSubstr("not Kubernetes"));
  EXPECT_EQ(refusal({"spark-submit", "--master", "k8s://http://127.0.0.1:7443", "job.py"}), "allowed");
}

TEST(SparkCommand, cluster_mode_is_told_where_its_agent_is) {
  EXPECT_THAT(refusal({"spark-submit", "--deploy-mode", "cluster", "job.py"}), HasSubstr("sidecar"));
  EXPECT_THAT(refusal({"spark-submit", "--conf", "spark.submit.deployMode=cluster", "job.py"}),
              HasSubstr("sidecar"));
  EXPECT_EQ(refusal({"spark-submit", "--deploy-mode", "client", "job.py"}), "allowed");
  EXPECT_THAT(refusal({}), HasSubstr("no command"));
}

TEST(SparkCommand, the_users_class_path_is_joined) {
  EXPECT_THAT(plan({"spark-submit", "--driver-class-path", "/my.jar", "job.py"})->argv,
              Contains("/opt/shim/2.13/*:/my.jar"));
  EXPECT_THAT(plan({"spark-submit", "--driver-class-path=/my.jar", "job.py"})->argv,
              Contains("--driver-class-path=/opt/shim/2.13/*:/my.jar"));
  EXPECT_THAT(plan({"spark-submit", "--conf", "spark.driver.extraClassPath=/my.jar", "job.py"})->argv,
              Contains("spark.driver.extraClassPath=/opt/shim/2.13/*:/my.jar"));
}

TEST(SparkCommand, a_notebook_gets_them_by_the_variable_that_pyspark_reads) {
  const auto made = plan_launch({"jupyter", "lab"}, "--conf a=b pyspark-shell", agent);
  ASSERT_TRUE(made);
  EXPECT_THAT(made->argv, ElementsAre("jupyter", "lab"));
  const auto it = std::find_if(made->variables.begin(), made->variables.end(),
                               [](const auto& v) { return v.first == "PYSPARK_SUBMIT_ARGS"; });
  ASSERT_NE(it, made->variables.end());
  EXPECT_THAT(it->second, HasSubstr("--master k8s://http://127.0.0.1:7443 "));
  EXPECT_THAT(it->second, HasSubstr("\"spark.driver.extraClassPath=/opt/shim/2.13/*\""));
  EXPECT_TRUE(it->second.ends_with("--conf a=b pyspark-shell"));
  EXPECT_TRUE(
      plan_launch({"python3", "x.py"}, "", agent)->variables.back().second.ends_with(" pyspark-shell"));
}

}  // namespace
}  // namespace outrigger::launch
