// Containers as processes: order, environment, probes, exits, signals, and that nothing outlives the server.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/process/process_kubelet_world.h"

namespace outrigger::test {
namespace {

using nlohmann::json;

const json& state(const json& pod, const char* list = "containerStatuses", std::size_t at = 0) {
  return pod["status"][list][at]["state"];
}

std::string condition(const json& pod, const std::string& type) {
  for (const auto& condition : pod["status"]["conditions"]) {
    if (condition["type"] == type) return condition["status"];
  }
  return "none";
}

TEST_F(ProcessKubelet, a_container_sees_its_environment_arguments_and_fields) {
  json main = shell(
      R"(printf '%s\n' "$A" "$B" "$C" "$IP" "$NAME" "$LABEL" "$CPU" "$KEY" "$0" "$1"; hostname; pwd; cat /etc/hostname)");
  main["command"].push_back("zero-$(A)");
  main["args"] = {"$$(A)"};
  main["workingDir"] = "/opt/spark/work-dir";
  main["resources"] = {{"limits", {{"cpu", "1500m"}}}};
  const auto field = [](const char* path) { return json{{"fieldRef", {{"fieldPath", path}}}}; };
  main["env"] = {{{"name", "A"}, {"value", "x"}},
                 {{"name", "B"}, {"value", "$(A)-$(NOBODY)"}},
                 {{"name", "C"}, {"value", "first"}},
                 {{"name", "C"}, {"value", "last"}},
                 {{"name", "IP"}, {"valueFrom", field("status.podIP")}},
                 {{"name", "NAME"}, {"valueFrom", field("metadata.name")}},
                 {{"name", "LABEL"}, {"valueFrom", field("metadata.labels['app']")}},
                 {{"name", "CPU"}, {"valueFrom", {{"resourceFieldRef", {{"resource", "limits.cpu"}}}}}},
                 {{"name", "KEY"}, {"valueFrom", {{"secretKeyRef", {{"name", "s"}, {"key", "k"}}}}}}};
  create("secrets", {{"apiVersion", "v1"},
                     {"kind", "Secret"},
                     {"metadata", {{"name", "s"}}},
                     {"stringData", {{"k", "hidden"}}}});
  create("pods", shell_pod("env", {main}));
  until("env", "Succeeded");
  EXPECT_EQ(
      log("env"),
      "x\nx-$(NOBODY)\nlast\n127.0.0.1\nenv\na\n2\nhidden\nzero-x\n$(A)\nenv\n/opt/spark/work-dir\nenv\n");
}

TEST_F(ProcessKubelet, exit_codes_and_signals_arrive_in_the_status) {
  create("pods", shell_pod("good", {shell("exit 0")}));
  create("pods", shell_pod("bad", {shell("echo why > /dev/termination-log; exit 3")}));
  create("pods", shell_pod("shot", {shell("kill -9 $$$$")}));
  create("pods",
         shell_pod("nothing", {{{"name", "main"}, {"image", "i:1"}, {"command", {"/no/such/program"}}}}));
  const json good = until("good", "Succeeded");
  EXPECT_EQ(state(good)["terminated"]["reason"], "Completed");
  EXPECT_EQ(condition(good, "PodScheduled"), "True");
  EXPECT_EQ(condition(good, "Initialized"), "True");
  EXPECT_EQ(condition(good, "Ready"), "False");
  const json bad = state(until("bad", "Failed"))["terminated"];
  EXPECT_EQ(bad["exitCode"], 3);
  EXPECT_EQ(bad["reason"], "Error");
  EXPECT_EQ(bad["message"], "why\n");
  const json shot = state(until("shot", "Failed"))["terminated"];
  EXPECT_EQ(shot["exitCode"], 137);
  EXPECT_EQ(shot["signal"], 9);
  const json nothing = state(until("nothing", "Failed"))["terminated"];
  EXPECT_EQ(nothing["exitCode"], 128);
  EXPECT_EQ(nothing["reason"], "StartError");
  EXPECT_NE(nothing["message"].get<std::string>().find("/no/such/program"), std::string::npos);
}

TEST_F(ProcessKubelet, init_containers_run_in_order_and_a_failed_one_ends_the_pod) {
  json object = shell_pod("order", {shell("echo main >> /v/order; cat /v/order")});
  object["spec"]["volumes"] = {{{"name", "v"}, {"emptyDir", json::object()}}};
  object["spec"]["initContainers"] =
      json::array({shell("echo one >> /v/order", "one"), shell("echo two >> /v/order", "two")});
  for (auto* list : {&object["spec"]["containers"], &object["spec"]["initContainers"]}) {
    for (auto& container : *list) container["volumeMounts"] = json::array({mount("v", "/v")});
  }
  create("pods", object);
  until("order", "Succeeded");
  EXPECT_EQ(log("order"), "one\ntwo\nmain\n");
  json failing = shell_pod("fails", {shell("exit 0")});
  failing["spec"]["initContainers"] = json::array({shell("exit 7", "one")});
  create("pods", failing);
  const json failed = until("fails", "Failed");
  EXPECT_EQ(state(failed, "initContainerStatuses")["terminated"]["exitCode"], 7);
  EXPECT_TRUE(state(failed).contains("waiting"));
  EXPECT_EQ(condition(failed, "Initialized"), "False");
}

TEST_F(ProcessKubelet, a_sidecar_must_pass_its_startup_probe_before_the_next_container_starts_and_ends_last) {
  json sidecar = shell(
      "trap 'echo bye >> /v/order; exit 0' TERM; sleep 0.3; echo ready >> /v/order; touch /v/up; "
      "while :; do sleep 0.05; done",
      "sidecar");
  sidecar["restartPolicy"] = "Always";
  sidecar["startupProbe"] = {{"exec", {{"command", {"test", "-e", "/v/up"}}}}, {"periodSeconds", 1}};
  sidecar["volumeMounts"] = json::array({mount("v", "/v")});
  json main = shell("echo main >> /v/order");
  main["volumeMounts"] = json::array({mount("v", "/v")});
  json object = shell_pod("side", {main});
  object["spec"]["initContainers"] = json::array({sidecar});
  object["spec"]["volumes"] = {{{"name", "v"}, {"persistentVolumeClaim", {{"claimName", "c"}}}}};
  create(
      "persistentvolumeclaims",
      {{"apiVersion", "v1"},
       {"kind", "PersistentVolumeClaim"},
       {"metadata", {{"name", "c"}}},
       {"spec", {{"accessModes", {"ReadWriteOnce"}}, {"resources", {{"requests", {{"storage", "1Mi"}}}}}}}});
  create("pods", object);
  const json done = until("side", "Succeeded");
  EXPECT_EQ(state(done, "initContainerStatuses")["terminated"]["exitCode"], 0);
  json reader = shell_pod("reader", {shell("cat /v/order")});
  reader["spec"]["volumes"] = object["spec"]["volumes"];
  reader["spec"]["containers"][0]["volumeMounts"] = json::array({mount("v", "/v", true)});
  create("pods", reader);
  until("reader", "Succeeded");
  EXPECT_EQ(log("reader"), "ready\nmain\nbye\n") << "the claim outlives the first pod";
}

TEST_F(ProcessKubelet, http_and_tcp_startup_probes_ask_over_the_network) {
  // The server under test is one that answers; a closed port does not.
  const std::string port = server->url().substr(server->url().rfind(':') + 1);
  const auto probed = [&](const std::string& name, const json& probe) {
    json sidecar = shell("while :; do sleep 0.05; done", "sidecar");
    sidecar["restartPolicy"] = "Always";
    sidecar["startupProbe"] = probe;
    json object = shell_pod(name, {shell("true")});
    object["spec"]["initContainers"] = json::array({sidecar});
    object["spec"]["terminationGracePeriodSeconds"] = 1;
    create("pods", object);
  };
  probed("http", {{"httpGet", {{"path", "/readyz"}, {"port", std::stoi(port)}}}});
  probed("tcp", {{"tcpSocket", {{"port", std::stoi(port)}}}});
  probed("missing",
         {{"httpGet", {{"path", "/no-such-path"}, {"port", std::stoi(port)}}}, {"failureThreshold", 1}});
  until("http", "Succeeded");
  until("tcp", "Succeeded");
  wait_until("the sidecar to be restarted", [&] {
    return pod("missing")["status"]["initContainerStatuses"][0].value("restartCount", 0) > 0;
  });
  EXPECT_EQ(pod("missing")["status"]["phase"], "Pending") << "404 is no success";
}

TEST_F(ProcessKubelet, a_killed_sidecar_is_restarted_and_the_others_never_notice) {
  json sidecar = shell(
      "echo run; test -e /v/ran || { touch /v/ran; kill -9 $$$$; }; while :; do sleep 0.05; done", "sidecar");
  sidecar["restartPolicy"] = "Always";
  sidecar["volumeMounts"] = json::array({mount("v", "/v")});
  json object = shell_pod("side", {shell("while :; do sleep 0.05; done")});
  object["spec"]["initContainers"] = json::array({sidecar});
  object["spec"]["volumes"] = {{{"name", "v"}, {"emptyDir", json::object()}}};
  create("pods", object);
  wait_until("the restart", [&] {
    const json status = pod("side")["status"]["initContainerStatuses"][0];
    return status.value("restartCount", 0) == 1 && status["state"].contains("running");
  });
  const json running = until("side", "Running");
  EXPECT_EQ(running["status"]["initContainerStatuses"][0]["lastState"]["terminated"]["exitCode"], 137);
  EXPECT_EQ(running["status"]["containerStatuses"][0]["restartCount"], 0);
}

TEST_F(ProcessKubelet, a_deleted_pod_gets_sigterm_and_its_grace_and_then_sigkill) {
  json polite = shell("trap 'echo term; exit 5' TERM; echo up; while :; do sleep 0.05; done");
  create("pods", shell_pod("polite", {polite}));
  const std::string deaf = "trap '' TERM; : " + folder.path("deaf");  // no other run's process
  create("pods", shell_pod("deaf", {shell(deaf + "; echo up; while :; do sleep 0.05; done")}));
  for (const char* name : {"polite", "deaf"}) {
    until(name, "Running");
    wait_until("the trap", [&] { return log(name) == "up\n"; });
  }
  EXPECT_EQ(send("DELETE", pods + "deaf", R"({"gracePeriodSeconds":1})").code, 200);
  EXPECT_EQ(send("DELETE", pods + "polite").code, 200);
  EXPECT_TRUE(pod("deaf")["metadata"].contains("deletionTimestamp"));
  until_gone("polite");
  until_gone("deaf");
  std::ifstream said(folder.path("logs/spark/polite/main.log"));
  std::string line;
  std::getline(said, line);
  std::getline(said, line);
  EXPECT_EQ(line, "term");
  EXPECT_EQ(processes_with(deaf), 0);
}

TEST_F(ProcessKubelet, a_pre_stop_hook_runs_in_the_container_before_the_signal) {
  json main = shell("trap 'echo term; exit 0' TERM; echo up; while :; do sleep 0.05; done");
  main["lifecycle"] = {
      {"preStop", {{"exec", {{"command", {"/bin/sh", "-c", "echo hook $HOSTNAME >> /proc/1/fd/1"}}}}}}};
  create("pods", shell_pod("hook", {main}));
  until("hook", "Running");
  wait_until("the trap", [&] { return log("hook") == "up\n"; });
  send("DELETE", pods + "hook");
  until_gone("hook");
  std::ifstream in(folder.path("logs/spark/hook/main.log"));
  const std::string said((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(said, "up\nhook hook\nterm\n");
}

TEST_F(ProcessKubelet, pods_die_on_demand_of_what_the_test_wants) {
  for (const char* name : {"oom", "evicted", "preempted"})
    create("pods", shell_pod(name, {shell("while :; do sleep 0.05; done")}));
  for (const char* name : {"oom", "evicted", "preempted"}) until(name, "Running");
  const auto die = [&](const std::string& name, const std::string& cause) {
    return send("POST", "/_control/pods/spark/" + name + "/die?cause=" + cause).code;
  };
  EXPECT_EQ(die("oom", "oom_container"), 200);
  EXPECT_EQ(die("evicted", "node_pressure"), 200);
  EXPECT_EQ(die("preempted", "preempted"), 200);
  const json oom = state(until("oom", "Failed"))["terminated"];
  EXPECT_EQ(oom["exitCode"], 137);
  EXPECT_EQ(oom["reason"], "OOMKilled");
  const json evicted = until("evicted", "Failed");
  EXPECT_EQ(evicted["status"]["reason"], "Evicted");
  EXPECT_EQ(condition(evicted, "DisruptionTarget"), "True");
  until_gone("preempted");
  EXPECT_EQ(get("/_control/record")["deaths"].size(), 3u);
}

TEST_F(ProcessKubelet, nothing_outlives_a_killed_server) {
  const std::string mark = "outrigger-mark-" + std::to_string(::getpid());
  create("pods", shell_pod("child", {shell("setsid sleep 600 & : " + mark +
                                           "; trap '' TERM HUP; while :; do sleep 0.05; done")}));
  until("child", "Running");
  EXPECT_GT(processes_with(mark), 0);
  server->process().kill();
  wait_until("the end of every process", [&] { return processes_with(mark) == 0; });
}

TEST_F(ProcessKubelet, a_container_without_a_command_or_an_entrypoint_says_what_is_missing) {
  create("pods", shell_pod("none", {{{"name", "main"}, {"image", "spark:4"}, {"args", {"executor"}}}}));
  wait_until("the reason", [&] {
    return pod("none")["status"]
               .value("containerStatuses", json::array())
               .dump()
               .find("CreateContainerConfigError") != std::string::npos;
  });
  EXPECT_NE(pod("none")["status"].dump().find("image spark:4 has no entrypoint here"), std::string::npos);
}

TEST_F(ProcessKubelet, an_image_with_an_entrypoint_brings_its_content_and_environment) {
  std::filesystem::create_directories(folder.path("image/lib"));
  folder.write("image/lib/greeting", "hello from the image\n");
  const std::string program = folder.write(
      "entry.sh", "#!/bin/sh\nmkdir -p /opt/app/conf; cat /opt/app/lib/greeting; echo \"$WHO $*\"; pwd\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  start({}, "  images:\n  - image: \"*app*\"\n    entrypoint: " + program +
                "\n    working-dir: /opt/app\n    environment: {WHO: me}\n    content: {/opt/app: " +
                folder.path("image") + "}\n");
  create("pods",
         shell_pod("image", {{{"name", "main"}, {"image", "registry/app:1"}, {"args", {"run", "it"}}}}));
  until("image", "Succeeded");
  EXPECT_EQ(log("image"), "hello from the image\nme run it\n/opt/app\n");
  EXPECT_FALSE(std::filesystem::exists(folder.path("image/conf"))) << "the image is copied on write";
}

// A Spark and a Java that only say how they were called.
TEST_F(ProcessKubelet, the_spark_entrypoint_starts_executors_and_drivers_as_the_image_does) {
  std::filesystem::create_directories(folder.path("java/bin"));
  std::filesystem::create_directories(folder.path("spark/jars"));
  std::filesystem::create_directories(folder.path("spark/bin"));
  for (const char* program : {"java/bin/java", "spark/bin/spark-submit"}) {
    std::filesystem::permissions(folder.write(program, "#!/bin/sh\nfor a; do echo \"$a\"; done\n"),
                                 std::filesystem::perms::owner_all);
  }
  start({}, "  images:\n  - image: \"spark*\"\n    entrypoint: " + std::string(OUTRIGGER_SOURCE_DIR) +
                "/tests/apiserver/kubelet/spark_entrypoint.sh\n    environment: {SPARK_HOME: " +
                folder.path("spark") + ", JAVA_HOME: " + folder.path("java") + "}\n");
  json main{{"name", "main"}, {"image", "spark:4"}, {"args", {"executor"}}, {"env", json::array()}};
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"SPARK_JAVA_OPT_0", "-Da=b c"},
                                          {"SPARK_JAVA_OPT_1", "-Dx=\"y\""},
                                          {"SPARK_JAVA_OPT_10", "-Dnot=reached"},
                                          {"SPARK_EXECUTOR_MEMORY", "512m"},
                                          {"SPARK_CONF_DIR", "/opt/spark/conf"},
                                          {"SPARK_DRIVER_URL", "spark://d"},
                                          {"SPARK_EXECUTOR_ID", "7"},
                                          {"SPARK_EXECUTOR_CORES", "2"},
                                          {"SPARK_APPLICATION_ID", "app"},
                                          {"SPARK_EXECUTOR_POD_IP", "127.0.0.1"},
                                          {"SPARK_EXECUTOR_POD_NAME", "exec-7"},
                                          {"SPARK_DRIVER_BIND_ADDRESS", "127.0.0.1"}})
    main["env"].push_back({{"name", name}, {"value", value}});
  create("pods", shell_pod("executor", main));
  main["args"] = {"driver", "--class", "Main", "local:///app.jar"};
  create("pods", shell_pod("driver", main));
  until("executor", "Succeeded");
  EXPECT_EQ(
      log("executor"),
      "-Da=b c\n-Dx=\"y\"\n-Xms512m\n-Xmx512m\n-cp\n/opt/spark/conf:" + folder.path("spark") +
          "/jars/*\norg.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend\n--driver-url\nspark://"
          "d\n"
          "--executor-id\n7\n--cores\n2\n--app-id\napp\n--hostname\n127.0.0.1\n--resourceProfileId\n0\n"
          "--podName\nexec-7\n");
  until("driver", "Succeeded");
  EXPECT_EQ(log("driver"),
            "--conf\nspark.driver.bindAddress=127.0.0.1\n--conf\n"
            "spark.executorEnv.SPARK_DRIVER_POD_IP=127.0.0.1\n--deploy-mode\nclient\n--class\nMain\nlocal:///"
            "app.jar\n");
}

}  // namespace
}  // namespace outrigger::test
