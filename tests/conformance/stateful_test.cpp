// What one recorded exchange cannot show: sequences, and faults over real connections.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/conformance/world.h"

namespace outrigger::conformance {
namespace {

using nlohmann::json;

constexpr const char* pods = "/api/v1/namespaces/spark/pods";
constexpr const char* never = "\"sim.outrigger/never-schedule\":\"true\"";

std::vector<std::string> names(const json& list) {
  std::vector<std::string> names;
  for (const auto& item : list["items"]) names.push_back(item["metadata"]["name"]);
  return names;
}
using Names = std::vector<std::string>;

Question create(int id) {
  return {.method = "POST",
          .target = pods,
          .headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer admin-token"}},
          .body = executor_body("spark-a", id, never)};
}

Question watch(const std::string& more = {}) {
  return {.method = "GET",
          .target = std::string(pods) + "?watch=1" + more,
          .headers = {{"Authorization", "Bearer admin-token"}},
          .body = {}};
}

TEST(StatefulConformance, after_a_410_the_fresh_token_continues_with_the_present) {
  World world;
  for (int id = 1; id <= 4; ++id) world.pod("spark-a", id, never);
  const json first = json::parse(world.get(std::string(pods) + "?limit=2").body);
  EXPECT_EQ(names(first), (Names{"spark-a-exec-1", "spark-a-exec-2"}));
  EXPECT_EQ(first["metadata"]["remainingItemCount"], 2);
  ASSERT_EQ(world
                .ask({.method = "DELETE",
                      .target = std::string(pods) + "/spark-a-exec-3",
                      .headers = {},
                      .body = {}})
                .code,
            200);
  world.compact();
  const Answer expired =
      world.get(std::string(pods) + "?limit=2&continue=" + first["metadata"]["continue"].get<std::string>());
  ASSERT_EQ(expired.code, 410);
  const json rest = json::parse(world
                                    .get(std::string(pods) + "?limit=2&continue=" +
                                         json::parse(expired.body)["metadata"]["continue"].get<std::string>())
                                    .body);
  EXPECT_EQ(names(rest), (Names{"spark-a-exec-4"}));
  EXPECT_NE(rest["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
}

TEST(StatefulConformance, a_configmap_lives_without_grace) {
  World world;
  const std::string maps = "/api/v1/namespaces/spark/configmaps";
  EXPECT_EQ(
      world
          .post(
              maps,
              R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"m"},"data":{"a":"b"},"immutable":true})")
          .code,
      201);
  EXPECT_EQ(json::parse(world.get(maps + "/m").body)["data"]["a"], "b");
  EXPECT_EQ(world
                .ask({.method = "PATCH",
                      .target = maps + "/m",
                      .headers = {{"Content-Type", "application/merge-patch+json"}},
                      .body = R"({"data":{"a":"c"}})"})
                .code,
            422);
  const Answer gone = world.ask({.method = "DELETE", .target = maps + "/m", .headers = {}, .body = {}});
  EXPECT_EQ(json::parse(gone.body)["status"], "Success");
  EXPECT_EQ(world.get(maps + "/m").code, 404);
}

TEST(StatefulConformance, bodies_of_the_wrong_shape_are_refused_and_harm_nothing) {
  World world;
  for (
      const char* body :
      {"[]", "7", "null", R"({"metadata":null})", R"({"metadata":{"name":"a"},"spec":{"containers":["x"]}})",
       R"({"metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"1"},"requests":"all"}}]}})",
       R"({"metadata":{"name":"a","labels":{"x":1}},"spec":{}})", R"({"kind":7,"metadata":{"name":"a"}})"}) {
    const int code = world.post(pods, body).code;
    EXPECT_TRUE(code == 400 || code == 422) << body << " -> " << code;
  }
  world.pod("spark-a", 1, never);
  const Question patch{.method = "PATCH",
                       .target = std::string(pods) + "/spark-a-exec-1/status",
                       .headers = {{"Content-Type", "application/merge-patch+json"}},
                       .body = R"({"status":{"conditions":"none","containerStatuses":{"a":1}}})"};
  EXPECT_EQ(world.ask(patch).code, 200);
  EXPECT_EQ(world.post("/_control/pods/spark/spark-a-exec-1/die?cause=preempted", "{}").code, 200);
  EXPECT_EQ(world.get(std::string(pods) + "/spark-a-exec-1").code, 404);
}

TEST(FaultsOnTheWire, a_lost_reply_is_a_write_without_an_answer) {
  World world;
  world.load_faults("faults: [{kind: lose-reply, verb: create, count: 1}]");
  EXPECT_EQ(Client(world.port()).ask(create(1)).code, 0);
  EXPECT_EQ(Client(world.port()).ask(create(1)).code, 409);
  const json record = json::parse(world.get("/_control/record").body);
  EXPECT_EQ(record["posts"]["by_exec_id"]["1"], 1);
  EXPECT_EQ(record["requests"]["create"]["201"], 1) << "the server's side of a lost reply";
}

TEST(FaultsOnTheWire, a_dropped_request_is_not_done) {
  World world;
  world.load_faults("faults: [{kind: drop, verb: create, count: 1}]");
  EXPECT_EQ(Client(world.port()).ask(create(1)).code, 0);
  EXPECT_EQ(world.get(std::string(pods) + "/spark-a-exec-1").code, 404);
}

TEST(FaultsOnTheWire, a_late_create_appears_after_its_client_gave_up) {
  World world;
  world.load_faults("faults: [{kind: late, verb: create, time: 20ms, count: 1}]");
  Client watcher(world.port());
  ASSERT_EQ(watcher.open(watch("&resourceVersion=" + world.rv())).code, 200);
  EXPECT_EQ(Client(world.port()).ask(create(1)).code, 0);
  const auto event = watcher.next_chunk();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(json::parse(*event)["object"]["metadata"]["name"], "spark-a-exec-1");
}

TEST(FaultsOnTheWire, a_restart_cuts_streams_and_keeps_the_pods) {
  World world;
  world.pod("spark-a", 1, never);
  Client watcher(world.port());
  ASSERT_EQ(watcher.open(watch()).code, 200);
  ASSERT_TRUE(watcher.next_chunk().has_value());
  ASSERT_EQ(world.post("/_control/restart?down=1ms", "{}").code, 200);
  while (watcher.next_chunk()) {
  }
  EXPECT_FALSE(watcher.complete());
  for (;;) {  // refused until it listens again
    try {
      EXPECT_EQ(world.get(std::string(pods) + "/spark-a-exec-1").code, 200);
      break;
    } catch (const std::runtime_error&) {
    }
  }
}

TEST(FaultsOnTheWire, a_truncated_watch_stops_inside_a_frame) {
  World world;
  world.load_faults("faults: [{kind: truncate, verb: watch, after-events: 1}]");
  world.pod("spark-a", 1, never);
  world.pod("spark-b", 1, never);
  Client watcher(world.port());
  ASSERT_EQ(watcher.open(watch()).code, 200);
  EXPECT_TRUE(watcher.next_chunk().has_value());
  EXPECT_FALSE(watcher.next_chunk().has_value());
  EXPECT_FALSE(watcher.complete());
}

TEST(FaultsOnTheWire, throttling_and_webhooks_answer_as_told) {
  World world;
  world.load_faults(
      "faults:\n- {kind: throttle, verb: create, retry-after: 2s, count: 1}\n- {kind: webhook-deny, verb: "
      "create, webhook: w.x.io, message: no, count: 1}\n- {kind: webhook-down, verb: create, count: 1}\n");
  EXPECT_EQ(Client(world.port()).ask(create(1)).header("retry-after"), "2");
  EXPECT_EQ(json::parse(Client(world.port()).ask(create(1)).body)["message"],
            "admission webhook \"w.x.io\" denied the request: no");
  EXPECT_EQ(Client(world.port()).ask(create(1)).code, 500);
  EXPECT_EQ(Client(world.port()).ask(create(1)).code, 201);
}

TEST(FaultsOnTheWire, a_bad_script_is_refused_with_its_line) {
  World world;
  const Answer answer = world.post("/_control/faults", "faults:\n- {kind: explode}\n");
  EXPECT_EQ(answer.code, 400);
  EXPECT_NE(answer.body.find("posted faults:2"), std::string::npos) << answer.body;
}

TEST(Control, a_pod_dies_on_demand_and_the_record_says_so) {
  World world;
  world.running("spark-a", 1);
  EXPECT_EQ(world.post(std::string("/_control/pods/spark/spark-a-exec-1/die?cause=oom_container"), "{}").code,
            200);
  world.until("spark-a", 1, "Failed");
  EXPECT_EQ(world.post("/_control/pods/spark/spark-a-exec-1/die?cause=oom_container", "{}").code, 409);
  EXPECT_EQ(world.post("/_control/pods/spark/nobody/die?cause=oom_container", "{}").code, 404);
  EXPECT_EQ(world.post("/_control/pods/spark/spark-a-exec-1/die?cause=boredom", "{}").code, 400);
  const json record = json::parse(world.get("/_control/record").body);
  EXPECT_EQ(record["deaths"][0]["exec_id"], "1");
  EXPECT_EQ(record["deaths"][0]["cause"], "oom_container");
  EXPECT_EQ(record["posts"]["count"], 1);
  EXPECT_FALSE(json::parse(world.get("/_control/peers").body).empty());
}

}  // namespace
}  // namespace outrigger::conformance
