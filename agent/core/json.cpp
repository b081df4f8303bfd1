#include "agent/core/json.h"

#include <algorithm>
#include <utility>

namespace outrigger::core {

Json::Json() = default;
Json::~Json() = default;
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;

Json Json::boolean(bool value) {
  Json json;
  json.kind_ = Kind::boolean;
  json.truth_ = value;
  return json;
}
Json Json::number(std::string text) {
  Json json;
  json.kind_ = Kind::number;
  json.text_ = std::move(text);
  return json;
}
Json Json::number(std::int64_t value) {
  return number(std::to_string(value));
}
Json Json::string(std::string text) {
  Json json;
  json.kind_ = Kind::string;
  json.text_ = std::move(text);
  return json;
}
Json Json::array() {
  return array(std::vector<Json>{});
}
Json Json::array(std::vector<Json> items) {
  Json json;
  json.kind_ = Kind::array;
  json.items_ = std::move(items);
  return json;
}
Json Json::object() {
  return object(std::vector<JsonMember>{});
}
Json Json::object(std::vector<JsonMember> members) {
  Json json;
  json.kind_ = Kind::object;
  json.members_ = std::move(members);
  return json;
}

const Json* Json::find(std::string_view key) const {
  for (const JsonMember& member : members_)
    if (member.key == key) return &member.value;
  return nullptr;
}
Json* Json::find(std::string_view key) {
  return const_cast<Json*>(std::as_const(*this).find(key));
}

const Json* Json::at(std::initializer_list<std::string_view> path) const {
  const Json* here = this;
  for (const std::string_view key : path) {
    here = here->find(key);
    if (here == nullptr) return nullptr;
  }
  return here;
}

std::string_view Json::text_at(std::initializer_list<std::string_view> path) const {
  const Json* found = at(path);
  return found != nullptr && found->is_string() ? std::string_view(found->text_) : std::string_view{};
}

Json& Json::set(std::string_view key, Json value) {
  if (kind_ != Kind::object) *this = object();
  if (Json* found = find(key)) return *found = std::move(value);
  return members_.emplace_back(JsonMember{std::string(key), std::move(value)}).value;
}

bool Json::erase(std::string_view key) {
  return std::erase_if(members_, [&](const JsonMember& member) { return member.key == key; }) != 0;
}

bool Json::operator==(const Json& other) const {
  return kind_ == other.kind_ && truth_ == other.truth_ && text_ == other.text_ && items_ == other.items_ &&
         members_ == other.members_;
}

std::string_view to_string(Json::Kind kind) {
  switch (kind) {
    case Json::Kind::null:
      return "null";
    case Json::Kind::boolean:
      return "boolean";
    case Json::Kind::number:
      return "number";
    case Json::Kind::string:
      return "string";
    case Json::Kind::array:
      return "array";
    case Json::Kind::object:
      return "object";
  }
  return "?";
}

bool depth_within(const Json& value, std::size_t limit) {
  if (limit == 0) return false;
  return std::all_of(value.items().begin(), value.items().end(),
                     [&](const Json& item) { return depth_within(item, limit - 1); }) &&
         std::all_of(value.members().begin(), value.members().end(),
                     [&](const JsonMember& member) { return depth_within(member.value, limit - 1); });
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte < 0x20) {
          out += "\\u00";
          out += "0123456789abcdef"[byte >> 4];
          out += "0123456789abcdef"[byte & 0xF];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

namespace {

// Depth was checked before.
void write(std::string& out, const Json& value, bool sorted) {
  switch (value.kind()) {
    case Json::Kind::null:
      out += "null";
      return;
    case Json::Kind::boolean:
      out += value.truth() ? "true" : "false";
      return;
    case Json::Kind::number:
      out += value.text();
      return;
    case Json::Kind::string:
      append_quoted(out, value.text());
      return;
    case Json::Kind::array: {
      out += '[';
      bool first = true;
      for (const Json& item : value.items()) {
        if (!std::exchange(first, false)) out += ',';
        write(out, item, sorted);
      }
      out += ']';
      return;
    }
    case Json::Kind::object:
      break;
  }
  std::vector<const JsonMember*> order;
  order.reserve(value.members().size());
  for (const JsonMember& member : value.members()) order.push_back(&member);
  if (sorted)
    std::sort(order.begin(), order.end(), [](const JsonMember* a, const JsonMember* b) {
      return a->key != b->key ? a->key < b->key : a < b;  // twins stay in order
    });
  out += '{';
  bool first = true;
  for (const JsonMember* member : order) {
    if (!std::exchange(first, false)) out += ',';
    append_quoted(out, member->key);
    out += ':';
    write(out, member->value, sorted);
  }
  out += '}';
}

Result<std::string> checked_write(const Json& value, bool sorted) {
  if (!depth_within(value))
    return fail("JSON is nested deeper than " + std::to_string(limits::json_depth) + " levels");
  std::string out;
  write(out, value, sorted);
  return out;
}

}  // namespace

Result<std::string> write_json(const Json& value) {
  return checked_write(value, false);
}
Result<std::string> write_canonical(const Json& value) {
  return checked_write(value, true);
}

}  // namespace outrigger::core
