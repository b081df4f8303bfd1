// The patches that Spark's client sends, on every kind of object that it patches.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/conformance/world.h"

namespace outrigger::conformance {
namespace {

using nlohmann::json;

const std::string base = "/api/v1/namespaces/spark/";

struct Kind {
  std::string plural;
  std::string body;  // named x
};

class Patches : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    const Answer made = world.post(base + GetParam().plural, GetParam().body);
    ASSERT_EQ(made.code, 201) << made.body;
  }
  Answer patch(const std::string& type, const std::string& text, const std::string& options = {}) {
    return world.ask({.method = "PATCH",
                      .target = base + GetParam().plural + "/x" + options,
                      .headers = {{"Content-Type", type}},
                      .body = text});
  }
  json metadata() { return json::parse(world.get(base + GetParam().plural + "/x").body)["metadata"]; }
  static constexpr const char* json_type = "application/json-patch+json";
  static constexpr const char* strategic = "application/strategic-merge-patch+json";
  World world;
};

TEST_P(Patches, json_with_the_current_version_applies_and_with_an_old_one_conflicts) {
  const std::string current = metadata()["resourceVersion"];
  const auto text = [](const std::string& version) {
    return R"([{"op":"add","path":"/metadata/labels/spark-exec-inactive","value":"true"},{"op":"add","path":"/metadata/resourceVersion","value":")" +
           version + "\"}]";
  };
  const Answer stale = patch(json_type, text("1"));
  EXPECT_EQ(stale.code, 409) << stale.body;
  EXPECT_NE(stale.body.find("the object has been modified"), std::string::npos);
  EXPECT_FALSE(metadata()["labels"].contains("spark-exec-inactive"));
  EXPECT_EQ(patch(json_type, text(metadata()["resourceVersion"])).code, 200);
  EXPECT_EQ(metadata()["labels"]["spark-exec-inactive"], "true");
}

TEST_P(Patches, json_operations_that_do_not_apply_are_422_and_what_is_no_patch_400) {
  EXPECT_EQ(patch(json_type, R"([{"op":"test","path":"/metadata/labels/app","value":"other"}])").code, 422);
  EXPECT_EQ(patch(json_type, R"([{"op":"remove","path":"/metadata/annotations"}])").code,
            metadata().contains("annotations") ? 200 : 422);
  EXPECT_EQ(patch(json_type, R"({"op":"test"})").code, 400);
  EXPECT_EQ(patch(json_type, R"([{"op":"replace","path":"/metadata/labels/app","value":"b"}])").code, 200);
  EXPECT_EQ(metadata()["labels"]["app"], "b");
}

TEST_P(Patches, strategic_merges_labels_finalizers_and_owners) {
  ASSERT_EQ(patch(strategic, R"({"metadata":{"labels":{"x":"y"},"finalizers":["a/a"]}})").code, 200);
  ASSERT_EQ(
      patch(strategic, R"({"metadata":{"labels":{"app":null},"annotations":{"n":"1"},"finalizers":["b/b"],
    "ownerReferences":[{"apiVersion":"v1","kind":"StatefulSet","name":"s","uid":"u1"}]}})")
          .code,
      200);
  ASSERT_EQ(patch(strategic, R"({"metadata":{"ownerReferences":[
    {"apiVersion":"v1","kind":"StatefulSet","name":"t","uid":"u2"},{"uid":"u1","$patch":"delete"}]}})")
                .code,
            200);
  const json meta = metadata();
  EXPECT_EQ(meta["labels"], json::parse(R"({"x":"y"})"));
  EXPECT_EQ(meta["annotations"]["n"], "1");
  EXPECT_EQ(meta["finalizers"], json::parse(R"(["a/a","b/b"])"));
  ASSERT_EQ(meta["ownerReferences"].size(), 1u);
  EXPECT_EQ(meta["ownerReferences"][0]["uid"], "u2");
}

TEST_P(Patches, merge_replaces_the_list_of_finalizers) {
  ASSERT_EQ(patch("application/merge-patch+json", R"({"metadata":{"finalizers":["a/a"]}})").code, 200);
  ASSERT_EQ(patch("application/merge-patch+json", R"({"metadata":{"finalizers":["b/b"]}})").code, 200);
  EXPECT_EQ(metadata()["finalizers"], json::parse(R"(["b/b"])"));
}

TEST_P(Patches, of_an_unknown_type_are_415) {
  EXPECT_EQ(patch("application/json", "{}").code, 415);
  EXPECT_EQ(patch("text/plain", "{}").code, 415);
}

TEST_P(Patches, a_patch_that_changes_nothing_writes_nothing) {
  const std::string before = metadata()["resourceVersion"];
  EXPECT_EQ(patch(strategic, R"({"metadata":{"labels":{"app":"a"}}})").code, 200);
  EXPECT_EQ(metadata()["resourceVersion"], before);
}

TEST_P(Patches, apply_creates_what_is_not_there_and_merges_into_what_is) {
  const std::string apply = "application/apply-patch+yaml";
  EXPECT_EQ(patch(apply, GetParam().body).code, 422) << "a field manager is required";
  json wish = json::parse(GetParam().body);
  wish["metadata"]["labels"] = {{"applied", "yes"}};
  ASSERT_EQ(patch(apply, wish.dump(), "?fieldManager=fabric8&force=true").code, 200);
  EXPECT_EQ(metadata()["labels"], json::parse(R"({"app":"a","applied":"yes"})"));
  EXPECT_EQ(metadata()["managedFields"].back()["operation"], "Apply");
  wish["metadata"]["name"] = "y";
  const Answer made = world.ask({.method = "PATCH",
                                 .target = base + GetParam().plural + "/y?fieldManager=fabric8&force=true",
                                 .headers = {{"Content-Type", apply}},
                                 .body = wish.dump()});
  EXPECT_EQ(made.code, 201) << made.body;
  EXPECT_EQ(world.get(base + GetParam().plural + "/y").code, 200);
}

constexpr const char* meta_x = R"("metadata":{"name":"x","labels":{"app":"a"}})";
INSTANTIATE_TEST_SUITE_P(
    Kinds, Patches,
    testing::Values(
        Kind{
            "pods",
            std::string(R"({"apiVersion":"v1","kind":"Pod",)") +
                R"("metadata":{"name":"x","labels":{"app":"a"},"annotations":{"sim.outrigger/never-schedule":"true"}})" +
                R"(,"spec":{"containers":[{"name":"c","image":"i:1"}]}})"},
        Kind{"configmaps",
             std::string(R"({"apiVersion":"v1","kind":"ConfigMap",)") + meta_x + R"(,"data":{"k":"v"}})"},
        Kind{"services", std::string(R"({"apiVersion":"v1","kind":"Service",)") + meta_x +
                             R"(,"spec":{"clusterIP":"None","ports":[{"name":"p","port":1}]}})"},
        Kind{"persistentvolumeclaims",
             std::string(R"({"apiVersion":"v1","kind":"PersistentVolumeClaim",)") + meta_x +
                 R"(,"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}})"}),
    [](const auto& kind) { return kind.param.plural; });

}  // namespace
}  // namespace outrigger::conformance
