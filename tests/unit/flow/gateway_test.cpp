// The gateway over real books and a recorded HTTP port.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/flow/gateway.h"
#include "agent/kube/json_parse.h"
#include "tests/support/builders.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_log.h"
#include "tests/support/manual_clock.h"

namespace outrigger::flow {
namespace {

using testing::HasSubstr;

constexpr const char* pods = "/api/v1/namespaces/spark/pods";
constexpr const char* ours = "?labelSelector=spark-app-selector%3Dapp-1%2Cspark-role%3Dexecutor";

struct GatewayTest : testing::Test {
  static Options options() {
    Options o;
    o.name_space = "spark";
    o.application_id = "app-1";
    o.driver_pod_name = "driver";
    return o;
  }
  test::FakeHttp http;
  test::ManualClock clock;
  test::FakeLog log;
  State state{options()};
  Calls calls{http, clock};
  int changed = 0, config_maps = 0;
  std::vector<std::pair<std::string, unsigned>> judged;
  Gateway gateway{{state, calls, log, [this] { ++changed; }, [this] { ++config_maps; },
                   [this](std::string_view rule, unsigned code) { judged.emplace_back(rule, code); }}};
  std::optional<GatewayAnswer> answer;

  void ask(const std::string& method, const std::string& target, const std::string& body = "",
           const std::string& type = "application/json") {
    answer.reset();
    gateway.handle({method, target, type, body}, [this](GatewayAnswer given) { answer = std::move(given); });
  }
  core::Json json() const {
    auto parsed = kube::parse_json(answer->body);
    EXPECT_TRUE(parsed.has_value()) << answer->body;
    return parsed ? *parsed : core::Json();
  }
  core::Pod pod(std::uint64_t id, core::PodPhase phase) {
    core::Pod p;
    p.uid = *core::parse_uid("00000000-0000-4000-8000-00000000000" + std::to_string(id));
    p.name = "exec-" + std::to_string(id);
    p.executor_id = {id};
    p.application = "app-1";
    p.nonce = "nonce1001";
    p.phase = phase;
    p.resource_version = 10 + id;
    return p;
  }
  void sync(std::vector<core::Pod> list) {
    (void)state.books.pods.apply(core::PodInit{}, clock.now());
    for (auto& p : list) (void)state.books.pods.apply(core::PodApplied{std::move(p)}, clock.now());
    (void)state.books.pods.apply(core::PodInitDone{100}, clock.now());
  }
};

TEST_F(GatewayTest, a_refusal_is_a_status_that_names_the_rule) {
  ask("GET", "/api/v1/namespaces/spark/secrets/x");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->code, 403);
  EXPECT_EQ(json().text_at({"kind"}), "Status");
  EXPECT_EQ(json().text_at({"reason"}), "Forbidden");
  EXPECT_THAT(std::string(json().text_at({"message"})), HasSubstr("rule not-listed"));
  EXPECT_TRUE(http.exchanges.empty());
  EXPECT_EQ(judged, (std::vector<std::pair<std::string, unsigned>>{{"not-listed", 403}}));
}

TEST_F(GatewayTest, S31_a_list_comes_from_the_table_and_costs_no_request) {
  sync({pod(1, core::PodPhase::running), pod(2, core::PodPhase::pending), pod(3, core::PodPhase::running)});
  ask("GET", std::string(pods) + "?fieldSelector=status.phase%3DRunning&" + (ours + 1) +
                 "%2Cspark-exec-id%20in%20(1%2C2)");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->code, 200);
  EXPECT_EQ(json().text_at({"kind"}), "PodList");
  ASSERT_EQ(json().find("items")->items().size(), 1u);
  const core::Json item = json().find("items")->items()[0];
  EXPECT_EQ(item.text_at({"metadata", "name"}), "exec-1");
  EXPECT_EQ(item.text_at({"metadata", "labels", "spark-exec-id"}), "1");
  EXPECT_EQ(item.text_at({"metadata", "namespace"}), "spark");
  EXPECT_EQ(item.text_at({"status", "phase"}), "Running");
  EXPECT_EQ(item.text_at({"spec", "restartPolicy"}), "Never");
  EXPECT_TRUE(http.exchanges.empty());
}

TEST_F(GatewayTest, before_the_table_is_complete_nothing_is_said_about_it) {
  ask("GET", std::string(pods) + ours);
  EXPECT_EQ(answer->code, 503);
  ask("DELETE", std::string(pods) + "/exec-1");
  EXPECT_EQ(answer->code, 503);
}

TEST_F(GatewayTest, C22_only_our_pods_and_the_drivers_are_read) {
  sync({pod(1, core::PodPhase::running)});
  ask("GET", std::string(pods) + "/someone-elses");
  EXPECT_EQ(answer->code, 404);
  EXPECT_TRUE(http.exchanges.empty());
  for (const char* name : {"/exec-1", "/driver"}) {
    ask("GET", std::string(pods) + name);
    EXPECT_FALSE(answer) << "it is on its way";
    http.answer(http.open(kube::Verb::get).at(0), 200, R"({"kind":"Pod"})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, R"({"kind":"Pod"})");
  }
}

TEST_F(GatewayTest, a_patch_is_forwarded_as_it_is_and_its_conflict_comes_back) {
  sync({pod(1, core::PodPhase::running)});
  const std::string body = R"([{"op":"add","path":"/metadata/labels/decommissioned","value":"yes"}])";
  ask("PATCH", std::string(pods) + "/exec-1", body, "application/json-patch+json");
  ASSERT_EQ(http.open(kube::Verb::patch).size(), 1u);
  EXPECT_EQ(http.request(1).body, body);
  EXPECT_EQ(http.request(1).content_type, "application/json-patch+json");
  http.answer(1, 409, R"({"kind":"Status","code":409})");
  EXPECT_EQ(answer->code, 409);
}

TEST_F(GatewayTest, S19_a_delete_is_the_drivers_delete_command_and_may_be_asked_for_again) {
  auto leaving = pod(2, core::PodPhase::running);
  leaving.deletion_at_ms = 1;
  sync({pod(1, core::PodPhase::failed), std::move(leaving)});
  ask("DELETE", std::string(pods) + "/exec-1");
  EXPECT_EQ(answer->code, 200);
  EXPECT_EQ(state.books.desired.to_delete(), (std::set<core::ExecutorId>{{1}}));
  EXPECT_EQ(changed, 1);
  ask("DELETE", std::string(pods) + "/exec-2");
  EXPECT_EQ(answer->code, 200);
  EXPECT_EQ(changed, 1) << "it is being deleted already";
  ask("DELETE", std::string(pods) + "/exec-3");
  EXPECT_EQ(answer->code, 404);
  EXPECT_TRUE(http.exchanges.empty()) << "deletes leave by the agent's own way, with a uid";
}

TEST_F(GatewayTest, a_collection_is_deleted_pod_by_pod) {
  sync({pod(1, core::PodPhase::running), pod(2, core::PodPhase::running), pod(3, core::PodPhase::pending)});
  ask("DELETE",
      std::string(pods) + ours + "%2Cspark-exec-id%20in%20(1%2C3)&fieldSelector=status.phase%3DRunning");
  EXPECT_EQ(answer->code, 200);
  EXPECT_EQ(json().find("items")->items().size(), 1u);
  EXPECT_EQ(state.books.desired.to_delete(), (std::set<core::ExecutorId>{{1}}));
}

TEST_F(GatewayTest, S12_the_config_map_is_told_once_the_server_has_it) {
  const std::string body =
      R"({"kind":"ConfigMap","metadata":{"name":"spark-exec-1-conf-map","labels":{"spark-app-selector":"app-1"}}})";
  ask("POST", "/api/v1/namespaces/spark/configmaps", body);
  EXPECT_EQ(config_maps, 0);
  http.answer(1, 500, "{}");
  EXPECT_EQ(config_maps, 0);
  ask("POST", "/api/v1/namespaces/spark/configmaps", body);
  http.answer(2, 201, body);
  EXPECT_EQ(config_maps, 1);
  EXPECT_EQ(answer->code, 201);
}

TEST_F(GatewayTest, a_server_that_does_not_answer_is_a_503_not_a_hang) {
  ask("GET", std::string(pods) + "/driver");
  http.end(1, ports::Transport::timed_out, "no answer in 40 s");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->code, 503);
  EXPECT_THAT(answer->body, HasSubstr("no answer in 40 s"));
}

TEST_F(GatewayTest, what_flow_control_says_reaches_the_driver) {
  ask("GET", std::string(pods) + "/driver");
  http.head(1, 429, {{"retry-after", "3"}, {"content-type", "text/plain"}});
  http.body(1, "too many requests");
  http.end(1);
  EXPECT_EQ(answer->code, 429);
  EXPECT_EQ(answer->retry_after, "3");
  EXPECT_EQ(answer->content_type, "text/plain");
}

}  // namespace
}  // namespace outrigger::flow
