#include "tests/process/process_kubelet_world.h"

#include <signal.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace outrigger::test {

using nlohmann::json;

std::string process_kubelet_forbidden() {
  static const std::string why = [] {
    Process trial({.program = "outrigger-apiserver",
                   .arguments = {"--kubelet", "process", "--plain", "--no-auth"},
                   .environment = {}});
    wait_until("the server to start or to refuse",
               [&] { return !trial.alive() || trial.out().find("listening on") != std::string::npos; });
    if (trial.alive()) {
      trial.signal(SIGTERM);  // so that it cleans up
      trial.wait();
      return std::string();
    }
    const std::string said = trial.err();
    if (said.find("is not possible on this machine") != std::string::npos) return said;
    throw std::runtime_error("outrigger-apiserver ended: " + said);
  }();
  return why;
}

void ProcessKubelet::SetUp() {
  if (const std::string why = process_kubelet_forbidden(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
  start({"--pod-logs", folder.path("logs")});
}

HttpAnswer ProcessKubelet::send(const std::string& method, const std::string& target, const std::string& body,
                                const std::string& type) {
  return http(method, server->url() + target, body, {"Content-Type: " + type});
}

void ProcessKubelet::start(const std::vector<std::string>& arguments, const std::string& images, bool tls) {
  server.reset();
  server = std::make_unique<ApiServer>(ApiServer::Options{
      .folder = folder.path(),
      .tls = tls,
      // In the test's own folder: a server that the test kills leaves its directory behind.
      .config = "kubelet:\n  kind: process\n  directory: " + folder.path("pods") + "\n" + images,
      .faults = {},
      .arguments = arguments});
}

json ProcessKubelet::get(const std::string& target) {
  const HttpAnswer answer = send("GET", target);
  EXPECT_EQ(answer.code, 200) << target << " " << answer.body;
  return json::parse(answer.body, nullptr, false);
}

void ProcessKubelet::create(const std::string& plural, const json& object) {
  const HttpAnswer answer = send("POST", base + plural, object.dump());
  ASSERT_EQ(answer.code, 201) << answer.body;
}

json ProcessKubelet::until(const std::string& name, const std::string& phase) {
  json last;
  wait_until(
      name + " to be " + phase,
      [&] {
        last = pod(name);
        const std::string now = last["status"].value("phase", "");
        if (now != phase && (now == "Failed" || now == "Succeeded"))
          throw std::runtime_error(name + " is " + now + ": " + last["status"].dump() + "\n" + log(name));
        return now == phase;
      },
      {&server->process()});
  return last;
}

void ProcessKubelet::until_gone(const std::string& name) {
  wait_until(name + " to be gone", [&] { return send("GET", pods + name).code == 404; },
             {&server->process()});
}

std::string ProcessKubelet::log(const std::string& name, const std::string& container) {
  return send("GET", pods + name + "/log?container=" + container).body;
}

json shell(const std::string& script, const std::string& name) {
  return {{"name", name}, {"image", "none:1"}, {"command", {"/bin/sh", "-c", script}}};
}

json shell_pod(const std::string& name, const json& containers) {
  return {{"apiVersion", "v1"},
          {"kind", "Pod"},
          {"metadata", {{"name", name}, {"labels", {{"app", "a"}}}}},
          {"spec",
           {{"restartPolicy", "Never"},
            {"containers", containers.is_array() ? containers : json::array({containers})}}}};
}

json mount(const std::string& volume, const std::string& path, bool read_only) {
  return {{"name", volume}, {"mountPath", path}, {"readOnly", read_only}};
}

int processes_with(const std::string& text) {
  int count = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    std::ifstream in(entry.path() / "cmdline");
    std::ostringstream line;
    line << in.rdbuf();
    count += line.str().find(text) != std::string::npos ? 1 : 0;
  }
  return count;
}

}  // namespace outrigger::test
