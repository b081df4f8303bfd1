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

TEST(StrategicMergePatch, unites_finalizers_and_takes_named_ones_away) {
  EXPECT_EQ(applied(PatchType::strategic, R"({"finalizers":["a","b"]})", R"({"finalizers":["b","c"]})"),
            parse_json(R"({"finalizers":["a","b","c"]})"));
  EXPECT_EQ(applied(PatchType::strategic, R"({"finalizers":["a","b"]})",
                    R"({"$deleteFromPrimitiveList/finalizers":["a"],"$setElementOrder/finalizers":["b"]})"),
            parse_json(R"({"finalizers":["b"]})"));
}

TEST(StrategicMergePatch, owner_references_are_keyed_by_uid_and_ports_by_number) {
  EXPECT_EQ(
      applied(
          PatchType::strategic, R"({"ownerReferences":[{"uid":"1","name":"a"},{"uid":"2","name":"b"}]})",
          R"({"ownerReferences":[{"uid":"2","name":"B"},{"uid":"3","name":"c"},{"uid":"1","$patch":"delete"}]})"),
      parse_json(R"({"ownerReferences":[{"uid":"2","name":"B"},{"uid":"3","name":"c"}]})"));
  EXPECT_EQ(applied(PatchType::strategic, R"({"ports":[{"port":1,"name":"a"},{"port":2,"name":"b"}]})",
                    R"({"ports":[{"port":2,"name":"c"}]})"),
            parse_json(R"({"ports":[{"port":1,"name":"a"},{"port":2,"name":"c"}]})"));
}

TEST(StrategicMergePatch, a_map_may_be_replaced_whole) {
  EXPECT_EQ(applied(PatchType::strategic, R"({"labels":{"a":"1","b":"2"}})",
                    R"({"labels":{"$patch":"replace","c":"3"}})"),
            parse_json(R"({"labels":{"c":"3"}})"));
}

TEST(Patches, complaints_are_those_of_the_real_decoder) {
  const auto why = [](PatchType type, const char* text) {
    return apply_patch(type, Json::object(), text).error().message;
  };
  EXPECT_EQ(
      why(PatchType::merge, "[]"),
      "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}");
  EXPECT_EQ(why(PatchType::strategic, "{"), "unexpected end of JSON input");
  EXPECT_EQ(why(PatchType::json, "{}"),
            "json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  EXPECT_EQ(why(PatchType::json, "nonsense"), "invalid character 'n' looking for beginning of value");
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
