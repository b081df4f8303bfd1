#include <gtest/gtest.h>

#include "tests/apiserver/store/patch.h"

namespace outrigger::apiserver {
namespace {

Json applied(PatchType type, const char* object, const char* patch) {
  const auto result = apply_patch(type, parse_json(object), patch);
  EXPECT_TRUE(result.has_value());
  return result.value_or(Json());
}

TEST(MergePatch, sets_members_and_null_removes_them) {
  EXPECT_EQ(applied(PatchType::merge, R"({"a":1,"b":{"c":2,"d":3},"l":[1,2]})",
                    R"({"a":null,"b":{"c":4},"l":[9],"e":{"f":null,"g":1}})"),
            parse_json(R"({"b":{"c":4,"d":3},"l":[9],"e":{"g":1}})"));
}

TEST(StrategicMergePatch, merges_containers_by_name_and_conditions_by_type) {
  EXPECT_EQ(
      applied(PatchType::strategic, R"({"containers":[{"name":"a","image":"1"},{"name":"b"}],"args":["x"]})",
              R"({"containers":[{"name":"a","image":"2"},{"name":"b","$patch":"delete"}],"args":["y"]})"),
      parse_json(R"({"containers":[{"name":"a","image":"2"}],"args":["y"]})"));
}

TEST(JsonPatch, a_failed_test_does_not_apply_and_is_not_malformed) {
  const Json object = parse_json(R"({"metadata":{"resourceVersion":"7"}})");
  const auto failed = apply_patch(PatchType::json, object,
                                  R"([{"op":"test","path":"/metadata/resourceVersion","value":"6"}])");
  ASSERT_FALSE(failed.has_value());
  EXPECT_FALSE(failed.error().malformed);
  const auto missing = apply_patch(PatchType::json, object, R"([{"op":"remove","path":"/metadata/labels"}])");
  ASSERT_FALSE(missing.has_value());
  EXPECT_FALSE(missing.error().malformed);
  EXPECT_TRUE(
      apply_patch(PatchType::json, object, R"([{"op":"add","path":"/metadata/x","value":1}])").has_value());
}

TEST(Patches, what_is_no_patch_is_malformed) {
  for (const PatchType type : {PatchType::merge, PatchType::json, PatchType::strategic}) {
    const auto result = apply_patch(type, Json::object(), "{");
    ASSERT_FALSE(result.has_value());
    EXPECT_TRUE(result.error().malformed);
  }
  EXPECT_TRUE(apply_patch(PatchType::json, Json::object(), R"([{"op":"fly"}])").error().malformed);
}

}  // namespace
}  // namespace outrigger::apiserver
