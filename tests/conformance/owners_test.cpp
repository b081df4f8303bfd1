// Owner references: who goes when the owner goes.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/conformance/world.h"

namespace outrigger::conformance {
namespace {

using nlohmann::json;

const std::string base = "/api/v1/namespaces/spark/";

std::string ref(const std::string& name, const std::string& uid, const std::string& kind = "Pod") {
  return R"({"apiVersion":"v1","kind":")" + kind + R"(","name":")" + name + R"(","uid":")" + uid +
         R"(","controller":true,"blockOwnerDeletion":true})";
}

void config_map(World& world, const std::string& name, const std::string& refs) {
  const Answer made =
      world.post(base + "configmaps", R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
                                          R"(","ownerReferences":[)" + refs + "]}}");
  ASSERT_EQ(made.code, 201) << made.body;
}

Answer remove(World& world, const std::string& target, const std::string& policy = {}) {
  const std::string body = policy.empty() ? "" : R"({"propagationPolicy":")" + policy + "\"}";
  return world.ask({.method = "DELETE",
                    .target = base + target,
                    .headers = {{"Content-Type", "application/json"}},
                    .body = body});
}

// Waits for the deletion of an object by its name.
void until_gone(World& world, const std::string& plural, const std::string& name) {
  Client client(world.port());
  client.open({.method = "GET",
               .target = base + plural + "?watch=1&fieldSelector=metadata.name%3D" + name,
               .headers = {{"Authorization", "Bearer admin-token"}},
               .body = {}});
  if (world.get(base + plural + "/" + name).code == 404) return;
  while (const auto frame = client.next_chunk()) {
    if (json::parse(*frame)["type"] == "DELETED") return;
  }
  FAIL() << plural << "/" << name << " stayed";
}

TEST(Owners, a_deleted_driver_takes_its_dependents_along) {
  World world;
  world.running("spark-a", 1);
  const std::string uid = world.field("spark-a", 1, "uid");
  config_map(world, "conf", ref("spark-a-exec-1", uid));
  EXPECT_EQ(remove(world, "pods/spark-a-exec-1", "Background").code, 200);
  until_gone(world, "configmaps", "conf");
  EXPECT_EQ(world.get(base + "pods/spark-a-exec-1").code, 404) << "the owner went first";
}

TEST(Owners, an_object_whose_owner_never_was_is_collected) {
  World world;
  config_map(world, "conf", ref("nobody", "00000000-0000-0000-0000-000000000000"));
  until_gone(world, "configmaps", "conf");
}

TEST(Owners, of_an_unknown_kind_are_taken_to_be_there) {
  World world;
  config_map(world, "kept", ref("set", "11111111-0000-0000-0000-000000000000", "StatefulSet"));
  config_map(world, "conf", ref("nobody", "00000000-0000-0000-0000-000000000000"));
  until_gone(world, "configmaps", "conf");
  EXPECT_EQ(world.get(base + "configmaps/kept").code, 200);
}

TEST(Owners, one_that_lives_keeps_the_object_and_the_lost_reference_goes) {
  World world;
  world.running("spark-a", 1);
  const std::string uid = world.field("spark-a", 1, "uid");
  config_map(world, "conf",
             ref("spark-a-exec-1", uid) + "," + ref("nobody", "00000000-0000-0000-0000-000000000000"));
  Client client(world.port());
  client.open({.method = "GET",
               .target = base + "configmaps?watch=1",
               .headers = {{"Authorization", "Bearer admin-token"}},
               .body = {}});
  while (const auto frame = client.next_chunk()) {
    const json event = json::parse(*frame);
    ASSERT_NE(event["type"], "DELETED");
    if (event["object"]["metadata"]["ownerReferences"].size() == 1) break;
  }
  EXPECT_EQ(json::parse(world.get(base + "configmaps/conf").body)["metadata"]["ownerReferences"][0]["uid"],
            uid);
}

TEST(Owners, orphans_lose_the_reference_and_stay) {
  World world;
  world.pod("spark-a", 1, R"("sim.outrigger/never-schedule":"true")");
  config_map(world, "conf", ref("spark-a-exec-1", world.field("spark-a", 1, "uid")));
  EXPECT_EQ(remove(world, "pods/spark-a-exec-1", "Orphan").code, 200);
  const json kept = json::parse(world.get(base + "configmaps/conf").body);
  EXPECT_FALSE(kept["metadata"].contains("ownerReferences")) << kept.dump(1);
}

TEST(Owners, in_the_foreground_the_owner_waits_for_those_that_block_it) {
  World world;
  const Answer made = world.post(base + "configmaps",
                                 R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"owner"}})");
  const std::string uid = json::parse(made.body)["metadata"]["uid"];
  const std::string dependent =
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"conf","finalizers":["a/b"],"ownerReferences":[)" +
      ref("owner", uid, "ConfigMap") + "]}}";
  ASSERT_EQ(world.post(base + "configmaps", dependent).code, 201);
  const Answer waiting = remove(world, "configmaps/owner", "Foreground");
  EXPECT_EQ(waiting.code, 200);
  EXPECT_EQ(json::parse(waiting.body)["metadata"]["finalizers"], json::array({"foregroundDeletion"}));
  Client client(world.port());
  client.open({.method = "GET",
               .target = base + "configmaps?watch=1&fieldSelector=metadata.name%3Dconf",
               .headers = {{"Authorization", "Bearer admin-token"}},
               .body = {}});
  while (const auto frame = client.next_chunk()) {
    if (json::parse(*frame)["object"]["metadata"].contains("deletionTimestamp")) break;
  }
  EXPECT_EQ(world.get(base + "configmaps/owner").code, 200) << "its dependent is still there";
  EXPECT_EQ(world
                .ask({.method = "PATCH",
                      .target = base + "configmaps/conf",
                      .headers = {{"Content-Type", "application/merge-patch+json"}},
                      .body = R"({"metadata":{"finalizers":null}})"})
                .code,
            200);
  until_gone(world, "configmaps", "owner");
  EXPECT_EQ(world.get(base + "configmaps/conf").code, 404);
}

TEST(Owners, an_unknown_propagation_policy_is_refused) {
  World world;
  world.pod("spark-a", 1);
  EXPECT_EQ(remove(world, "pods/spark-a-exec-1", "Sideways").code, 422);
}

}  // namespace
}  // namespace outrigger::conformance
