#include <gtest/gtest.h>

#include "tests/apiserver/kubelet/kubelet.h"
#include "tests/apiserver/store/deletion.h"
#include "tests/unit/apiserver/pods.h"
#include "tests/unit/apiserver/server_time.h"

namespace outrigger::apiserver {
namespace {

struct Node {
  ServerTime time;
  Store store{1, {}};
  Kubelet kubelet{store, time, {}, 1};

  void add(const Labels& annotations = {}) {
    store.put(pod_draft("p", {{"spark-exec-id", "7"}}, annotations));
  }
  void add_running(const Labels& annotations = {}) {
    add(annotations);
    time.pass(Millis(200));
  }
  SnapshotPtr pod() const { return store.find(Resource::pods, "spark", "p"); }
  Json status() const { return parse_json(store.history().back().object->status()); }
  Json condition(const std::string& type) const {
    for (const auto& condition : status().value("conditions", Json::array())) {
      if (condition["type"] == type) return condition;
    }
    return {};
  }
  Json terminated() const {
    const Json all = status();
    return all["containerStatuses"][0]["state"].value("terminated", Json());
  }
};

TEST(SimulatedKubelet, a_pod_is_bound_created_and_started_in_three_versions) {
  Node node;
  node.add_running();
  EXPECT_EQ(node.store.history().size(), 4u);
  EXPECT_EQ(node.pod()->fields.phase, "Running");
  EXPECT_EQ(node.pod()->fields.node_name, "sim-000");
  EXPECT_EQ(node.pod()->fields.pod_ip, "10.64.0.1");
  EXPECT_TRUE(node.status()["containerStatuses"][0]["ready"]);
}

TEST(SimulatedKubelet, run_time_and_exit_code_come_from_annotations) {
  Node node;
  node.add_running({{"sim.outrigger/run-time", "2s"}, {"sim.outrigger/exit-code", "52"}});
  EXPECT_EQ(node.pod()->fields.phase, "Running");
  node.time.pass(Millis(2000));
  EXPECT_EQ(node.pod()->fields.phase, "Failed");
  EXPECT_EQ(node.terminated()["exitCode"], 52);
  ASSERT_EQ(node.kubelet.deaths().size(), 1u);
  EXPECT_EQ(node.kubelet.deaths()[0].exec_id, "7");
}

TEST(SimulatedKubelet, a_deleted_pod_ends_with_143_and_leaves_in_two_more_steps) {
  Node node;
  node.add_running();
  const auto before = node.store.history().size();
  delete_object(node.store, *node.pod(), 5, node.time.unix_ms());
  node.time.pass(Millis(100));
  EXPECT_EQ(node.pod(), nullptr);
  EXPECT_EQ(node.store.history().size(), before + 4) << "marked, terminated, marked with grace 0, deleted";
  EXPECT_EQ(node.terminated()["exitCode"], 143);
}

TEST(SimulatedKubelet, a_pod_that_ignores_sigterm_is_killed_when_the_grace_is_over) {
  Node node;
  node.add_running({{"sim.outrigger/ignore-sigterm", "true"}});
  delete_object(node.store, *node.pod(), 5, node.time.unix_ms());
  node.time.pass(Millis(4999));
  EXPECT_NE(node.pod(), nullptr);
  node.time.pass(Millis(1));
  EXPECT_EQ(node.pod(), nullptr);
  EXPECT_EQ(node.terminated()["exitCode"], 137);
}

TEST(SimulatedKubelet, each_cause_leaves_the_evidence_of_the_real_thing) {
  struct Case {
    const char* cause;
    const char* phase;
    int exit_code;
    const char* container_reason;
    const char* pod_reason;
    const char* target;
  };
  for (const Case& c :
       {Case{"succeeded", "Succeeded", 0, "Completed", "", ""},
        Case{"oom_container", "Failed", 137, "OOMKilled", "", ""},
        Case{"jvm-oom", "Failed", 52, "Error", "", ""},
        Case{"sigkill_unknown", "Failed", 137, "Error", "", ""},
        Case{"exit-50", "Failed", 50, "Error", "", ""},
        Case{"node_pressure", "Failed", 137, "Error", "Evicted", "TerminationByKubelet"},
        Case{"own_limit", "Failed", 137, "Error", "Evicted", "TerminationByKubelet"},
        Case{"node_shutdown", "Failed", 143, "Error", "Terminated", "TerminationByKubelet"}}) {
    Node node;
    node.add_running();
    ASSERT_TRUE(node.kubelet.die("spark", "p", c.cause).has_value()) << c.cause;
    EXPECT_EQ(node.pod()->fields.phase, c.phase) << c.cause;
    EXPECT_EQ(node.terminated()["exitCode"], c.exit_code) << c.cause;
    EXPECT_EQ(node.terminated()["reason"], c.container_reason) << c.cause;
    EXPECT_EQ(string_member(node.status(), "reason"), c.pod_reason) << c.cause;
    EXPECT_EQ(string_member(node.condition("DisruptionTarget"), "reason"), c.target) << c.cause;
  }
}

TEST(SimulatedKubelet, causes_from_outside_name_themselves_and_delete_the_pod) {
  struct Case {
    const char* cause;
    const char* target;
  };
  for (const Case& c :
       {Case{"preempted", "PreemptionByScheduler"}, Case{"evicted_api", "EvictionByEvictionAPI"},
        Case{"node_lost", "DeletionByTaintManager"}, Case{"pod_gc", "DeletionByPodGC"},
        Case{"deleted_external", ""}}) {
    Node node;
    node.add_running();
    ASSERT_TRUE(node.kubelet.die("spark", "p", c.cause).has_value()) << c.cause;
    node.time.pass(Millis(30'000));
    EXPECT_EQ(node.pod(), nullptr) << c.cause;
    EXPECT_EQ(string_member(node.condition("DisruptionTarget"), "reason"), c.target) << c.cause;
  }
}

TEST(SimulatedKubelet, a_lost_node_reports_nothing) {
  Node node;
  node.add_running();
  ASSERT_TRUE(node.kubelet.die("spark", "p", "node_lost").has_value());
  node.time.pass(Millis(30'000));
  EXPECT_EQ(node.status()["phase"], "Running") << "the last word is from before";
}

TEST(SimulatedKubelet, a_pod_dies_once_and_only_of_what_fits) {
  Node node;
  node.add();
  EXPECT_NE(node.kubelet.die("spark", "p", "oom").error().find("not running yet"), std::string::npos);
  node.time.pass(Millis(200));
  EXPECT_NE(node.kubelet.die("spark", "p", "startup_env").error().find("runs already"), std::string::npos);
  EXPECT_NE(node.kubelet.die("spark", "p", "boredom").error().find("is not one of"), std::string::npos);
  EXPECT_NE(node.kubelet.die("spark", "q", "oom").error().find("no pod"), std::string::npos);
  ASSERT_TRUE(node.kubelet.die("spark", "p", "oom").has_value());
  EXPECT_NE(node.kubelet.die("spark", "p", "oom").error().find("has ended already"), std::string::npos);
  EXPECT_EQ(node.kubelet.deaths().size(), 1u);
}

TEST(SimulatedKubelet, pods_that_never_start_say_why) {
  Node unschedulable;
  unschedulable.add_running(
      {{"sim.outrigger/never-schedule", "true"}, {"sim.outrigger/unschedulable-message", "no room"}});
  EXPECT_EQ(unschedulable.condition("PodScheduled")["message"], "no room");
  Node pulling;
  pulling.add_running({{"sim.outrigger/image-pull-failure", "true"}});
  EXPECT_EQ(pulling.status()["containerStatuses"][0]["state"]["waiting"]["reason"], "ErrImagePull");
  pulling.time.pass(Millis(10'000));
  EXPECT_EQ(pulling.status()["containerStatuses"][0]["state"]["waiting"]["reason"], "ImagePullBackOff");
}

TEST(SimulatedKubelet, a_sidecar_outlives_the_executor) {
  Node node;
  node.add_running({{"sim.outrigger/sidecar", "true"}});
  ASSERT_TRUE(node.kubelet.die("spark", "p", "app_error").has_value());
  EXPECT_EQ(node.status()["phase"], "Running");
  EXPECT_EQ(node.terminated()["exitCode"], 1);
  EXPECT_TRUE(node.status()["containerStatuses"][1]["state"].contains("running"));
}

TEST(PodPlans, what_cannot_be_read_is_named) {
  EXPECT_EQ(plan_of({{"sim.outrigger/run-time", "soon"}, {"sim.outrigger/colour", "red"}, {"other/x", "y"}})
                .complaints.size(),
            2u);
  EXPECT_TRUE(plan_of({{"sim.outrigger/end", "node_lost"}}).complaints.empty());
}

}  // namespace
}  // namespace outrigger::apiserver
