// A JSON value for cold paths: templates, policy, patches. Objects keep their order, numbers their text.
// Parsing is kube's; depth is bounded there and again by every walk here (limits::json_depth).
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/limits.h"
#include "agent/core/result.h"

namespace outrigger::core {

struct JsonMember;

class Json {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

  // Out of line, because a member's type is complete only below.
  Json();  // null
  ~Json();
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  static Json boolean(bool value);
  static Json number(std::string text);  // as it is written: 1, -0.5, 1e3
  static Json number(std::int64_t value);
  static Json string(std::string text);  // UTF-8, unescaped
  static Json array();
  static Json array(std::vector<Json> items);
  static Json object();
  static Json object(std::vector<JsonMember> members);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_string() const { return kind_ == Kind::string; }
  bool is_array() const { return kind_ == Kind::array; }
  bool is_object() const { return kind_ == Kind::object; }
  bool truth() const { return kind_ == Kind::boolean && truth_; }  // false for everything but true

  // Of a string or a number; empty for every other kind.
  const std::string& text() const { return text_; }
  std::string& text() { return text_; }
  // Of an array; empty for every other kind.
  const std::vector<Json>& items() const { return items_; }
  std::vector<Json>& items() { return items_; }
  // Of an object; empty for every other kind. Keys are unique when they come from kube's parser.
  const std::vector<JsonMember>& members() const { return members_; }
  std::vector<JsonMember>& members() { return members_; }

  const Json* find(std::string_view key) const;  // nullptr: no object, or no such member
  Json* find(std::string_view key);
  // The value at a path of object keys, or nullptr.
  const Json* at(std::initializer_list<std::string_view> path) const;
  std::string_view text_at(std::initializer_list<std::string_view> path) const;  // empty if it is no string
  Json& set(std::string_view key, Json value);  // makes this an object if it is none; replaces or appends
  bool erase(std::string_view key);

  bool operator==(const Json& other) const;  // objects in order

 private:
  Kind kind_ = Kind::null;
  bool truth_ = false;
  std::string text_;
  std::vector<Json> items_;
  std::vector<JsonMember> members_;
};

struct JsonMember {
  std::string key;
  Json value;
  bool operator==(const JsonMember&) const = default;
};

std::string_view to_string(Json::Kind kind);

// True when nothing in it is nested deeper than `limit` (the value itself is depth 1). Never recurses deeper.
bool depth_within(const Json& value, std::size_t limit = limits::json_depth);

// Compact text; refuses what is nested deeper than limits::json_depth. Bytes from 0x80 up are copied as they
// are.
Result<std::string> write_json(const Json& value);
// The same with every object's keys in byte order: equal values give equal bytes.
Result<std::string> write_canonical(const Json& value);
void append_quoted(std::string& out, std::string_view text);

}  // namespace outrigger::core
