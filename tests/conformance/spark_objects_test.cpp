// Services, claims, secrets, network policies: what a Spark submission makes besides pods and configmaps.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/conformance/world.h"

namespace outrigger::conformance {
namespace {

using nlohmann::json;

const std::string base = "/api/v1/namespaces/spark/";

std::string object(const std::string& kind, const std::string& name, const std::string& rest,
                   const std::string& labels = R"("app":"a")") {
  return R"({"apiVersion":"v1","kind":")" + kind + R"(","metadata":{"name":")" + name + R"(","labels":{)" +
         labels + "}}," + rest + "}";
}
const std::string headless =
    R"("spec":{"clusterIP":"None","ports":[{"name":"driver-rpc-port","port":7078}]})";
const std::string claim =
    R"("spec":{"accessModes":["ReadWriteOncePod"],"resources":{"requests":{"storage":"1Gi"}}})";

json body(const Answer& answer) {
  return json::parse(answer.body);
}
Answer remove(World& world, const std::string& target) {
  return world.ask({.method = "DELETE", .target = target, .headers = {}, .body = {}});
}

// Reads a watch until `done` says so of an event.
json watched(World& world, const std::string& target, const std::function<bool(const json&)>& done) {
  Client client(world.port());
  const Answer head = client.open(
      {.method = "GET", .target = target, .headers = {{"Authorization", "Bearer admin-token"}}, .body = {}});
  EXPECT_EQ(head.code, 200);
  while (const auto frame = client.next_chunk()) {
    const json event = json::parse(*frame);
    if (done(event)) return event;
  }
  ADD_FAILURE() << "the watch ended before the event came";
  return {};
}

TEST(Services, a_headless_service_gets_the_defaults_of_the_real_server) {
  World world;
  const Answer made = world.post(base + "services", object("Service", "driver-svc", headless));
  ASSERT_EQ(made.code, 201) << made.body;
  const json spec = body(made)["spec"];
  EXPECT_EQ(spec["clusterIPs"], json::array({"None"}));
  EXPECT_EQ(spec["type"], "ClusterIP");
  EXPECT_EQ(spec["ports"][0]["targetPort"], 7078);
  EXPECT_EQ(spec["ports"][0]["protocol"], "TCP");
  EXPECT_EQ(spec["sessionAffinity"], "None");
  EXPECT_EQ(body(made)["status"], json::parse(R"({"loadBalancer":{}})"));
}

TEST(Services, what_cannot_be_a_service_is_refused_with_the_field) {
  World world;
  const Answer name = world.post(base + "services", object("Service", "1-svc", headless));
  EXPECT_EQ(name.code, 422);
  EXPECT_NE(name.body.find("a DNS-1035 label must consist of"), std::string::npos) << name.body;
  const Answer ports = world.post(base + "services", object("Service", "svc", R"("spec":{})"));
  EXPECT_EQ(ports.code, 422);
  EXPECT_EQ(body(ports)["details"]["causes"][0]["field"], "spec.ports");
}

TEST(Services, an_update_may_leave_the_address_out_but_not_change_it) {
  World world;
  const std::string plain = R"("spec":{"ports":[{"port":80}]})";
  const json made = body(world.post(base + "services", object("Service", "svc", plain)));
  const auto put = [&](const std::string& spec) {
    return world.ask({.method = "PUT",
                      .target = base + "services/svc",
                      .headers = {{"Content-Type", "application/json"}},
                      .body = object("Service", "svc", spec, R"("app":"b")")});
  };
  const Answer kept = put(plain);
  ASSERT_EQ(kept.code, 200) << kept.body;
  EXPECT_EQ(body(kept)["spec"]["clusterIP"], made["spec"]["clusterIP"]);
  EXPECT_EQ(body(kept)["metadata"]["labels"]["app"], "b");
  EXPECT_EQ(put(R"("spec":{"clusterIP":"10.96.99.99","ports":[{"port":80}]})").code, 422);
}

TEST(Claims, are_pending_when_created_and_bound_at_once) {
  World world;
  const Answer made =
      world.post(base + "persistentvolumeclaims", object("PersistentVolumeClaim", "c", claim));
  ASSERT_EQ(made.code, 201) << made.body;
  EXPECT_EQ(body(made)["status"]["phase"], "Pending");
  EXPECT_EQ(body(made)["spec"]["volumeMode"], "Filesystem");
  const json event = watched(world, base + "persistentvolumeclaims?watch=1",
                             [](const json& e) { return e["object"]["status"]["phase"] == "Bound"; });
  const json& bound = event["object"];
  EXPECT_EQ(bound["spec"]["volumeName"], "pvc-" + bound["metadata"]["uid"].get<std::string>());
  EXPECT_EQ(bound["status"]["capacity"]["storage"], "1Gi");
  EXPECT_EQ(bound["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"], "yes");
}

TEST(Claims, need_a_size_and_an_access_mode_and_keep_both) {
  World world;
  const Answer empty =
      world.post(base + "persistentvolumeclaims", object("PersistentVolumeClaim", "c", R"("spec":{})"));
  EXPECT_EQ(empty.code, 422);
  EXPECT_EQ(body(empty)["details"]["causes"].size(), 2u);
  ASSERT_EQ(world.post(base + "persistentvolumeclaims", object("PersistentVolumeClaim", "c", claim)).code,
            201);
  const auto patch = [&](const std::string& text) {
    return world.ask({.method = "PATCH",
                      .target = base + "persistentvolumeclaims/c",
                      .headers = {{"Content-Type", "application/merge-patch+json"}},
                      .body = text});
  };
  EXPECT_EQ(patch(R"({"spec":{"accessModes":["ReadWriteMany"]}})").code, 422);
  EXPECT_EQ(patch(R"({"spec":{"resources":{"requests":{"storage":"2Gi"}}}})").code, 200)
      << "growth is allowed";
}

TEST(Secrets, string_data_becomes_data) {
  World world;
  const Answer made = world.post(base + "secrets", object("Secret", "s", R"("stringData":{"k":"value"})"));
  ASSERT_EQ(made.code, 201) << made.body;
  EXPECT_EQ(body(made)["data"]["k"], "dmFsdWU=");
  EXPECT_EQ(body(made)["type"], "Opaque");
  EXPECT_FALSE(body(made).contains("stringData"));
}

TEST(NetworkPolicies, live_in_their_own_group) {
  World world;
  const std::string target = "/apis/networking.k8s.io/v1/namespaces/spark/networkpolicies";
  const std::string policy =
      R"({"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"p"},"spec":{"podSelector":{}}})";
  const Answer made = world.post(target, policy);
  ASSERT_EQ(made.code, 201) << made.body;
  EXPECT_EQ(body(made)["apiVersion"], "networking.k8s.io/v1");
  EXPECT_EQ(body(made)["spec"]["policyTypes"], json::array({"Ingress"}));
  EXPECT_EQ(body(world.get(target))["apiVersion"], "networking.k8s.io/v1");
  EXPECT_EQ(world.get("/api/v1/namespaces/spark/networkpolicies").code, 404);
}

TEST(SparkObjects, are_listed_deleted_and_watched_by_selector) {
  World world;
  for (const char* name : {"a", "b", "c"}) {
    const std::string labels = std::string(R"("app":")") + (*name == 'c' ? "y" : "x") + "\"";
    ASSERT_EQ(world.post(base + "services", object("Service", name, headless, labels)).code, 201);
  }
  EXPECT_EQ(body(world.get(base + "services?labelSelector=app%3Dx"))["items"].size(), 2u);
  EXPECT_EQ(body(world.get(base + "services?fieldSelector=metadata.name%3Db"))["items"].size(), 1u);
  const Answer gone = remove(world, base + "services?labelSelector=app%3Dx");
  EXPECT_EQ(gone.code, 200);
  EXPECT_EQ(body(gone)["kind"], "ServiceList");
  EXPECT_EQ(body(world.get(base + "services"))["items"].size(), 1u);
  EXPECT_EQ(body(remove(world, base + "services/c"))["kind"], "Service") << "the object, not a Status";
  EXPECT_EQ(remove(world, base + "services/c").code, 404);
}

TEST(SparkObjects, a_name_may_be_generated) {
  World world;
  const Answer made =
      world.post(base + "configmaps",
                 R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"conf-"},"data":{}})");
  ASSERT_EQ(made.code, 201) << made.body;
  EXPECT_EQ(body(made)["metadata"]["name"].get<std::string>().size(), std::string("conf-").size() + 5);
  EXPECT_EQ(body(made)["metadata"]["generateName"], "conf-");
}

TEST(LongUrls, a_selector_of_ten_thousand_executor_ids_deletes_them) {
  World world;
  world.pod("spark-a", 7, R"("sim.outrigger/never-schedule":"true")");
  world.pod("spark-a", 20000, R"("sim.outrigger/never-schedule":"true")");
  std::string ids = "1";
  for (int id = 2; id <= 10'000; ++id) ids += "%2C" + std::to_string(id);
  ASSERT_GT(ids.size(), 60'000u);
  const Answer gone =
      remove(world, base +
                        "pods?fieldSelector=status.phase%3DPending&labelSelector=spark-app-selector"
                        "%3Dspark-a%2Cspark-exec-id%20in%20%28" +
                        ids + "%29");
  ASSERT_EQ(gone.code, 200) << gone.body;
  EXPECT_EQ(body(gone)["items"].size(), 1u);
  EXPECT_EQ(body(world.get(base + "pods"))["items"].size(), 1u);
}

TEST(LongUrls, a_header_of_more_than_a_mebibyte_is_refused_and_256_kib_are_not) {
  World world;
  const auto ask = [&](std::size_t bytes) {
    return world.get(base + "pods?labelSelector=a%20in%20%28" + std::string(bytes, 'x') + "%29").code;
  };
  EXPECT_EQ(ask(256u << 10), 200);
  EXPECT_EQ(ask((1u << 20) + 1), 431);
}

}  // namespace
}  // namespace outrigger::conformance
