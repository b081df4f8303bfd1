#include "agent/kube/json_parse.h"

#include <gtest/gtest.h>

#include "tests/support/transcript.h"

namespace outrigger::kube {
namespace {

std::string fault(std::string_view text) {
  const auto parsed = parse_json(text);
  return parsed ? "" : parsed.error().text;
}

TEST(JsonParse, values_keep_order_and_numbers_keep_their_text) {
  const std::string text = R"({"z":1,"a":[true,false,null,-0.50,1e3,"x"],"n":{},"e":[]})";
  const auto parsed = parse_json(text);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
  EXPECT_EQ(core::write_json(*parsed).value(), text);
}

TEST(JsonParse, a_number_larger_than_any_machine_type_is_still_its_text) {
  const auto parsed = parse_json(R"([123456789012345678901234567890,1e999])");
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
  EXPECT_EQ(parsed->items()[0].text(), "123456789012345678901234567890");
}

TEST(JsonParse, escapes_are_resolved_in_keys_and_values) {
  const auto parsed = parse_json(R"({"a\u00e9":"\ud83d\ude00\n\"\\"})");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->members()[0].key, "aé");
  EXPECT_EQ(parsed->members()[0].value.text(), "😀\n\"\\");
}

TEST(JsonParse, an_error_names_the_path) {
  EXPECT_EQ(fault(R"({"spec":{"containers":[{"image":01}]}})"),
            "$.spec.containers[0].image is no JSON value");
  EXPECT_EQ(fault(R"({"a":[1,2,{"b":nul}]})"), "$.a[2].b is no JSON value");
  EXPECT_EQ(fault(R"({"a":{"b":1,"c":2,"b":3}})"), "$.a has the key \"b\" twice");
  EXPECT_EQ(fault(R"("text")"), "$ is neither an object nor an array");
  EXPECT_EQ(fault("{} {}"), "$ is followed by more text");
}

TEST(JsonParse, an_error_deep_inside_names_the_path_after_the_values_are_gone) {
  const std::string key(40, 'k');  // longer than what a string keeps in itself
  EXPECT_EQ(fault("{\"" + key + "\":{\"" + key + "\":[1,{\"" + key + "\":\"\\q\"}]}}"),
            "$." + key + "." + key + "[1]." + key + " is malformed");
}

TEST(JsonParse, what_is_no_json_is_refused) {
  for (const char* bad :
       {"",           " ",     "{",     "}",     "[1,]",      "{\"a\"}",   "{\"a\":}",      "{\"a\":1,}",
        "[1 2]",      "{a:1}", "['a']", "[tru]", "[truex]",   "[nullx]",   "[+1]",          "[.5]",
        "[1.]",       "[1e]",  "[-]",   "[0x1]", "[NaN]",     "[\"\\x\"]", "[\"\\ud800\"]", "[\"a\nb\"]",
        "[\"\xFF\"]", "[}",    "{]",    "[1}",   "{\"a\":1]", "[[]",       "[]]",           "nul",
        "1"})
    EXPECT_NE(fault(bad), "") << bad;
}

TEST(JsonParse, depth_is_bounded_at_the_bound_and_not_before) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(fault(nested(core::limits::json_depth)), "");
  EXPECT_NE(fault(nested(core::limits::json_depth + 1)).find("is nested deeper than 64"), std::string::npos);
  EXPECT_NE(fault(nested(100'000)).find("is nested deeper than 64"), std::string::npos);
  std::string objects = "1";
  for (std::size_t i = 0; i < core::limits::json_depth; ++i) objects = "{\"a\":" + objects + "}";
  EXPECT_EQ(fault(objects), "");
  EXPECT_NE(fault("{\"a\":" + objects + "}"), "");
}

TEST(JsonParse, a_recorded_pod_comes_back_as_it_went_in) {
  std::string text = support::load_transcript("get-pod").body;
  while (text.back() == '\n') text.pop_back();
  const auto parsed = parse_json(text);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().text;
  EXPECT_EQ(core::write_json(*parsed).value(), text);
  EXPECT_EQ(parsed->text_at({"metadata", "name"}), "spark-a-exec-1");
}

}  // namespace
}  // namespace outrigger::kube
