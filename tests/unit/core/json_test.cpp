#include "agent/core/json.h"

#include <gtest/gtest.h>

#include "tests/unit/core/json_text.h"

namespace outrigger::core {
namespace {

using test::json;

Json nested(std::size_t depth) {
  Json value = Json::array();
  for (std::size_t i = 1; i < depth; ++i) {
    Json outer = Json::array();
    outer.items().push_back(std::move(value));
    value = std::move(outer);
  }
  return value;
}

TEST(Json, is_written_compactly_with_members_in_order_and_numbers_as_they_were) {
  const Json value = json(R"({"b": [1, -0.50, 1e3, true, null], "a": {"x": "y"}})");
  EXPECT_EQ(*write_json(value), R"({"b":[1,-0.50,1e3,true,null],"a":{"x":"y"}})");
  EXPECT_EQ(*write_canonical(value), R"({"a":{"x":"y"},"b":[1,-0.50,1e3,true,null]})");
}

TEST(Json, texts_are_escaped) {
  std::string text = "a\"b\\c\n\t\r";
  text += '\x01';
  text += "\xC3\xA4";
  EXPECT_EQ(*write_json(Json::string(text)), "\"a\\\"b\\\\c\\n\\t\\r\\u0001\xC3\xA4\"");
}

TEST(Json, depth_is_bounded_at_the_limit) {
  EXPECT_TRUE(write_json(nested(limits::json_depth)));
  EXPECT_FALSE(write_json(nested(limits::json_depth + 1)));
  EXPECT_FALSE(write_canonical(nested(limits::json_depth + 1)));
  EXPECT_TRUE(depth_within(Json{}, 1));
  EXPECT_FALSE(depth_within(Json{}, 0));
}

TEST(Json, members_are_found_set_and_erased_by_key) {
  Json value = json(R"({"a": {"b": "c"}})");
  EXPECT_EQ(value.text_at({"a", "b"}), "c");
  EXPECT_EQ(value.at({"a", "x"}), nullptr);
  EXPECT_EQ(value.text_at({"a"}), "");
  value.set("a", Json::number(1));
  value.set("z", Json::boolean(true));
  EXPECT_EQ(*write_json(value), R"({"a":1,"z":true})");
  EXPECT_TRUE(value.erase("a"));
  EXPECT_FALSE(value.erase("a"));
  Json text = Json::string("x");
  text.set("k", Json{});
  EXPECT_TRUE(text.is_object());
}

}  // namespace
}  // namespace outrigger::core
