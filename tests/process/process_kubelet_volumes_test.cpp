// Volumes and the root file system of containers that are processes.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/process/process_kubelet_world.h"

namespace outrigger::test {
namespace {

using nlohmann::json;

json config_map(const std::string& name, const json& data) {
  return {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}, {"data", data}};
}

TEST_F(ProcessKubelet, volumes_are_bound_where_the_pod_says_and_read_only_where_it_says_so) {
  create("configmaps", config_map("conf", {{"spark.properties", "a=b\n"}, {"other", "x"}}));
  json main = shell(
      "cat /opt/spark/conf/spark.properties; ls /opt/spark/conf; cat /one/file; cat /etc/podinfo/labels; "
      "echo; "
      "echo w > /opt/spark/conf/x || echo conf is read-only; echo w > /ro/x || echo ro is read-only; "
      "echo w > /rw/x && cat /rw/sub/x 2>/dev/null; cat /host/file; echo w > /host/y || echo host is "
      "read-only; "
      "stat -f -c %T /mem; df -k /mem | tail -1 | awk '{print $2}'; cat /deep/in/a/x");
  main["volumeMounts"] =
      json::array({mount("conf", "/opt/spark/conf"),
                   mount("v", "/ro", true),
                   mount("v", "/rw"),
                   mount("host", "/host", true),
                   mount("mem", "/mem"),
                   mount("info", "/etc/podinfo"),
                   {{"name", "conf"}, {"mountPath", "/one/file"}, {"subPath", "spark.properties"}},
                   {{"name", "v"}, {"mountPath", "/deep/in/a"}}});
  json object = shell_pod("volumes", {main});
  const std::string host = folder.path("hosted");
  std::filesystem::create_directories(host);
  folder.write("hosted/file", "of the host\n");
  object["spec"]["volumes"] = {
      {{"name", "conf"},
       {"configMap",
        {{"name", "conf"}, {"items", {{{"key", "spark.properties"}, {"path", "spark.properties"}}}}}}},
      {{"name", "v"}, {"emptyDir", json::object()}},
      {{"name", "mem"}, {"emptyDir", {{"medium", "Memory"}, {"sizeLimit", "4Mi"}}}},
      {{"name", "host"}, {"hostPath", {{"path", host}}}},
      {{"name", "info"},
       {"downwardAPI",
        {{"items", {{{"path", "labels"}, {"fieldRef", {{"fieldPath", "metadata.labels"}}}}}}}}}};
  create("pods", object);
  until("volumes", "Succeeded");
  std::string said = log("volumes");
  std::string plain;
  for (std::size_t at = 0; at < said.size();) {  // without the shell's own complaints
    const auto end = std::min(said.find('\n', at), said.size());
    const std::string line = said.substr(at, end - at);
    if (line.find("Read-only") == std::string::npos && line.find("cannot create") == std::string::npos)
      plain += line + "\n";
    at = end + 1;
  }
  EXPECT_EQ(plain,
            "a=b\nspark.properties\na=b\napp=\"a\"\nconf is read-only\nro is read-only\nof the host\nhost is "
            "read-only\n"
            "tmpfs\n4096\nw\n");
}

TEST_F(ProcessKubelet, the_host_stays_as_it_is) {
  const std::string path = folder.path("made-in-a-pod");
  create("pods",
         shell_pod("writer",
                   {shell("echo x > " + path + " && cat " + path +
                          "; mkdir -p /opt/outrigger-made && echo made; ls /proc | grep -c '^[0-9]'")}));
  until("writer", "Succeeded");
  const std::string said = log("writer");
  EXPECT_EQ(said.substr(0, 7), "x\nmade\n") << "a container may write anywhere in its own root";
  EXPECT_LT(std::stoi(said.substr(7)), 8) << "and sees its own processes only";
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists("/opt/outrigger-made"));
}

TEST_F(ProcessKubelet, a_root_file_system_may_be_read_only) {
  json main = shell("echo x > /tmp/x || echo no; echo y > /v/y && cat /v/y");
  main["securityContext"] = {{"readOnlyRootFilesystem", true}, {"allowPrivilegeEscalation", false}};
  main["volumeMounts"] = json::array({mount("v", "/v")});
  json object = shell_pod("strict", {main});
  object["spec"]["volumes"] = {{{"name", "v"}, {"emptyDir", json::object()}}};
  create("pods", object);
  until("strict", "Succeeded");
  EXPECT_NE(log("strict").find("no\ny\n"), std::string::npos) << log("strict");
}

TEST_F(ProcessKubelet, a_user_is_honoured_and_may_write_to_its_volumes) {
  if (::geteuid() != 0) GTEST_SKIP() << "skipped: only root can run a container as another user";
  json main = shell(
      "id -u; id -g; id -G; touch /v/mine && echo written; cat "
      "/var/run/secrets/kubernetes.io/serviceaccount/namespace");
  main["volumeMounts"] = json::array({mount("v", "/v")});
  json object = shell_pod("user", {main});
  object["spec"]["securityContext"] = {{"runAsUser", 185}, {"runAsGroup", 186}, {"fsGroup", 187}};
  object["spec"]["volumes"] = {{{"name", "v"}, {"emptyDir", json::object()}}};
  create("pods", object);
  until("user", "Succeeded");
  EXPECT_EQ(log("user"), "185\n186\n186 187\nwritten\nspark");
}

TEST_F(ProcessKubelet, an_image_has_a_user_who_has_a_name_and_need_not_be_root) {
  if (::geteuid() != 0) GTEST_SKIP() << "skipped: only root can run a container as another user";
  start({"--pod-logs", folder.path("logs")},
        "  images:\n  - {image: 'spark:*', user: '4185:7'}\n  - {image: '*'}\n");
  const auto run = [this](const std::string& name, const std::string& image, const json& context) {
    json main = shell("id -u; id -g; id -un; echo $HOME");
    main["image"] = image;
    main["securityContext"] = context;
    create("pods", shell_pod(name, {main}));
  };
  run("image", "spark:4", {{"runAsNonRoot", true}});
  run("pod", "spark:4", {{"runAsUser", 4186}, {"runAsNonRoot", true}});
  run("root", "other:1", {{"runAsNonRoot", true}});
  until("image", "Succeeded");
  EXPECT_EQ(log("image"), "4185\n7\n4185\n/\n");
  until("pod", "Succeeded");
  EXPECT_EQ(log("pod"), "4186\n0\n4186\n/\n");
  wait_until("the refusal", [&] {
    return pod("root").dump().find("container has runAsNonRoot and image will run as root") !=
           std::string::npos;
  });
  EXPECT_NE(pod("root").dump().find("CreateContainerConfigError"), std::string::npos);
}

TEST_F(ProcessKubelet, a_projected_token_is_one_that_the_server_accepts) {
  start({"--token", "admin=of-this-test"}, {}, true);
  const std::string ask =
      "curl -sS -o /dev/null -w '%{http_code}\\n' --cacert $D/ca.crt -H \"Authorization: Bearer $(cat "
      "$D/token)\" "
      "https://kubernetes.default.svc:$KUBERNETES_SERVICE_PORT/api/v1/namespaces/";
  json main = shell("D=/creds; " + ask + "spark/pods; " + ask +
                    "default/pods; ls /var/run/secrets/kubernetes.io 2>&1 | head -1");
  main["volumeMounts"] = json::array({mount("creds", "/creds", true)});
  json object = shell_pod("token", {main});
  object["spec"]["automountServiceAccountToken"] = false;
  object["spec"]["serviceAccountName"] = "driver";
  object["spec"]["volumes"] = {
      {{"name", "creds"},
       {"projected",
        {{"sources",
          {{{"serviceAccountToken", {{"path", "token"}, {"expirationSeconds", 3600}}}},
           {{"configMap",
             {{"name", "kube-root-ca.crt"}, {"items", {{{"key", "ca.crt"}, {"path", "ca.crt"}}}}}}}}}}}}};
  const HttpAnswer made = http("POST", server->url() + pods, object.dump(),
                               {"Content-Type: application/json", "Authorization: Bearer of-this-test"});
  ASSERT_EQ(made.code, 201) << made.body;
  wait_until("the answers", [&] {
    return json::parse(server->get("/api/v1/namespaces/spark/pods/token"))["status"]["phase"] == "Succeeded";
  });
  const std::string said = server->get("/api/v1/namespaces/spark/pods/token/log");
  EXPECT_EQ(said.substr(0, 8), "200\n403\n")
      << said << "an account without rules may do anything in its own namespace only";
  EXPECT_NE(said.find("No such file"), std::string::npos) << "no token where none was asked for: " << said;
}

TEST_F(ProcessKubelet, a_pod_waits_for_its_config_map_and_sees_it_change) {
  json main = shell("cat /c/k; while [ \"$(cat /c/k)\" = one ]; do sleep 0.05; done; cat /c/k");
  main["volumeMounts"] = json::array({mount("c", "/c")});
  json object = shell_pod("waits", {main});
  object["spec"]["volumes"] = {{{"name", "c"}, {"configMap", {{"name", "late"}}}}};
  create("pods", object);
  wait_until("the reason", [&] {
    return pod("waits")["status"]
               .value("containerStatuses", json::array())
               .dump()
               .find("configmap \\\"late\\\" not found") != std::string::npos;
  });
  create("configmaps", config_map("late", {{"k", "one"}}));
  until("waits", "Running");
  wait_until("the first content", [&] { return log("waits") == "one"; });
  EXPECT_EQ(send("PATCH", std::string(base) + "configmaps/late", R"({"data":{"k":"two"}})",
                 "application/merge-patch+json")
                .code,
            200);
  until("waits", "Succeeded");
  EXPECT_EQ(log("waits"), "onetwo");
}

TEST_F(ProcessKubelet, names_of_services_and_of_the_pod_lead_to_this_machine) {
  create("services", {{"apiVersion", "v1"},
                      {"kind", "Service"},
                      {"metadata", {{"name", "drv-svc"}}},
                      {"spec", {{"clusterIP", "None"}, {"ports", {{{"port", 7078}}}}}}});
  create("pods", shell_pod("names", {shell("for n in drv-svc drv-svc.spark.svc names; do getent ahostsv4 $n "
                                           "| head -1 | cut -d' ' -f1; done")}));
  until("names", "Succeeded");
  EXPECT_EQ(log("names"), "127.0.0.1\n127.0.0.1\n127.0.0.1\n");
}

TEST_F(ProcessKubelet, a_big_program_such_as_java_runs) {
  create("pods",
         shell_pod("java", {{{"name", "main"}, {"image", "i:1"}, {"command", {"java", "-version"}}}}));
  wait_until("the end", [&] {
    const std::string phase = pod("java")["status"]["phase"];
    return phase == "Succeeded" || phase == "Failed";
  });
  const json state = pod("java")["status"]["containerStatuses"][0]["state"]["terminated"];
  if (state["reason"] == "StartError") GTEST_SKIP() << "skipped: no java here";
  EXPECT_EQ(state["exitCode"], 0) << log("java");
  EXPECT_NE(log("java").find("version"), std::string::npos);
}

}  // namespace
}  // namespace outrigger::test
