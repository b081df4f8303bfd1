#include "tests/conformance/world.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace outrigger::conformance {
namespace {

using nlohmann::json;

constexpr const char* base_config = R"(
tokens:
- {name: admin, token: admin-token}
- name: driver
  user: system:serviceaccount:spark:driver
  token: driver-token
  rules:
  - {namespaces: [spark], resources: [pods, pods/status, configmaps, services, persistentvolumeclaims], verbs: ["*"]}
namespaces: [spark, default]
too-large-wait: 0s
kubelet: {schedule: 0s, create: 0s, start: 0s, terminate: 20ms}
)";

// The recording was made as the administrator.
bool is_admin(const std::string& name) {
  return name == "post-404-namespace-missing" || name.starts_with("post-eviction");
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

World::World(const std::string& config_yaml) {
  apiserver::Config config;
  config.plain = true;
  apiserver::read_config(config, base_config, "base");
  if (!config_yaml.empty()) apiserver::read_config(config, config_yaml, "case");
  server_ = std::make_unique<apiserver::Server>(std::move(config));
  thread_ = std::thread([this] { server_->run(); });
}

World::~World() {
  if (thread_.joinable()) stop();
}

void World::stop() {
  server_->stop();
  thread_.join();
  server_.reset();
}

Answer World::ask(const Question& question) {
  Question admin = question;
  admin.headers.emplace_back("Authorization", "Bearer admin-token");
  return Client(port()).ask(admin);
}

Answer World::post(const std::string& target, const std::string& body) {
  return ask({.method = "POST",
              .target = target,
              .headers = {{"Content-Type", "application/json"}, {"User-Agent", "executor-agent/1.0"}},
              .body = body});
}

void World::load_faults(const std::string& yaml) {
  ASSERT_EQ(post("/_control/faults", yaml).code, 200);
}
void World::compact() {
  ASSERT_EQ(post("/_control/compact", "{}").code, 200);
}

std::string executor_body(const std::string& app, int id, const std::string& annotations) {
  const std::string n = std::to_string(id);
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"spark-app-selector":")" + app +
         R"(","spark-role":"executor","spark-exec-id":")" + n + R"("},)" +
         (annotations.empty() ? "" : "\"annotations\":{" + annotations + "},") + R"("name":")" + app +
         "-exec-" + n +
         R"("},"spec":{"restartPolicy":"Never","containers":[{"name":"spark-kubernetes-executor","image":"spark:4.0.2","args":["executor"],"env":[{"name":"SPARK_EXECUTOR_ID","value":")" +
         n + R"("},{"name":"SPARK_APPLICATION_ID","value":")" + app +
         R"("},{"name":"SPARK_EXECUTOR_POD_IP","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"status.podIP"}}}],"resources":{"requests":{"cpu":"1","memory":"1408Mi"},"limits":{"memory":"1408Mi"}}}]}})";
}

void World::pod(const std::string& app, int id, const std::string& annotations) {
  ASSERT_EQ(post("/api/v1/namespaces/spark/pods", executor_body(app, id, annotations)).code, 201);
}

void World::until(const std::string& app, int id, const std::string& phase) {
  Client client(port());
  const std::string name = app + "-exec-" + std::to_string(id);
  const Answer head =
      client.open({.method = "GET",
                   .target = "/api/v1/namespaces/spark/pods?watch=1&fieldSelector=metadata.name%3D" + name,
                   .headers = {{"Authorization", "Bearer admin-token"}},
                   .body = {}});
  ASSERT_EQ(head.code, 200);
  while (const auto frame = client.next_chunk()) {
    const json event = json::parse(*frame);
    if (phase == "gone" && event["type"] == "DELETED") return;
    const json status = event["object"].value("status", json::object());
    if (status.value("phase", "") == phase && (phase != "Pending" || status.contains("conditions"))) return;
    if (phase == "waiting" && status.contains("containerStatuses") &&
        status["containerStatuses"][0]["state"].contains("waiting"))
      return;
  }
  FAIL() << name << " never became " << phase;
}

void World::running(const std::string& app, int count) {
  for (int id = 1; id <= count; ++id) {
    pod(app, id);
    until(app, id, "Running");
  }
}

std::string World::field(const std::string& app, int id, const std::string& metadata_member) {
  const Answer answer = get("/api/v1/namespaces/spark/pods/" + app + "-exec-" + std::to_string(id));
  return json::parse(answer.body)["metadata"][metadata_member].get<std::string>();
}

std::string World::rv() {
  return json::parse(get("/api/v1/namespaces/spark/pods?limit=1").body)["metadata"]["resourceVersion"]
      .get<std::string>();
}

Question World::question(const support::Transcript& transcript,
                         const std::map<std::string, std::string>& replace) const {
  Question question;
  question.method = transcript.method;
  question.target = transcript.target;
  question.body = transcript.request_body;
  for (const auto& [from, to] : replace) {
    replace_all(question.target, from, to);
    replace_all(question.body, from, to);
  }
  for (const auto& [name, value] : transcript.request_headers) {
    if (name == "host" || name == "content-length") continue;
    const std::string token = transcript.head.code == 401 ? "nobody-knows-it"
                              : is_admin(transcript.name) ? "admin-token"
                                                          : "driver-token";
    question.headers.emplace_back(name, name == "authorization" ? "Bearer " + token : value);
  }
  return question;
}

}  // namespace outrigger::conformance
