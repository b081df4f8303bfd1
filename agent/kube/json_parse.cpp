#include "agent/kube/json_parse.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "agent/kube/json_reader.h"

namespace outrigger::kube {
namespace {

namespace ondemand = simdjson::ondemand;

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// RFC 8259: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
bool is_number(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t first = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - first;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t first = at;
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

class Builder {
 public:
  explicit Builder(std::size_t max_depth) : x_max_depth(max_depth) {}

  bool root(ondemand::document& document, core::Json& out) {
    ondemand::json_type type;
    if (const auto error = document.type().get(type)) return broken(error);
    if (type == ondemand::json_type::object) {
      ondemand::object object;
      if (const auto error = document.get_object().get(object)) return broken(error);
      if (!build_object(object, 1, out)) return false;
    } else if (type == ondemand::json_type::array) {
      ondemand::array array;
      if (const auto error = document.get_array().get(array)) return broken(error);
      if (!build_array(array, 1, out)) return false;
    } else {
      return fault("is neither an object nor an array");
    }
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
      return fault("is followed by more text");
    return true;
  }

  const std::string& error() const { return x_error; }
  bool broken(simdjson::error_code error) {
    return fault(std::string("is malformed: ") + simdjson::error_message(error));
  }

 private:
  struct Step {
    std::string_view key;  // no data: an index
    std::size_t index;
  };

  bool build(ondemand::value& value, std::size_t depth, core::Json& out) {
    ondemand::json_type type;
    if (const auto error = value.type().get(type)) return broken(error);
    switch (type) {
      case ondemand::json_type::object: {
        ondemand::object object;
        if (const auto error = value.get_object().get(object)) return broken(error);
        return build_object(object, depth, out);
      }
      case ondemand::json_type::array: {
        ondemand::array array;
        if (const auto error = value.get_array().get(array)) return broken(error);
        return build_array(array, depth, out);
      }
      case ondemand::json_type::string: {
        std::string_view text;
        if (const auto error = value.get_string().get(text)) return broken(error);
        out = core::Json::string(std::string(text));
        return true;
      }
      case ondemand::json_type::number: {
        // As text: templates are stamped, never computed with. Not consumed, so the container skips it.
        const std::string_view token = trimmed(value.raw_json_token());
        if (!is_number(token)) return fault("is not a number");
        out = core::Json::number(std::string(token));
        return true;
      }
      case ondemand::json_type::boolean: {
        bool truth = false;
        if (const auto error = value.get_bool().get(truth)) return broken(error);
        out = core::Json::boolean(truth);
        return true;
      }
      case ondemand::json_type::null:
        if (trimmed(value.raw_json_token()) != "null") return fault("is malformed");
        out = core::Json();
        return true;
    }
    return fault("is malformed");
  }

  bool build_object(ondemand::object& object, std::size_t depth, core::Json& out) {
    if (depth > x_max_depth) return too_deep();
    std::vector<core::JsonMember> members;
    for (auto result : object) {
      ondemand::field field;
      if (const auto error = std::move(result).get(field)) return broken(error);
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return broken(error);
      core::JsonMember& member = members.emplace_back();
      member.key = std::string(key);
      x_path.push_back({member.key, 0});
      if (!build(field.value(), depth + 1, member.value)) return false;
      x_path.pop_back();
    }
    if (!unique(members)) return false;
    out = core::Json::object(std::move(members));
    return true;
  }

  bool build_array(ondemand::array& array, std::size_t depth, core::Json& out) {
    if (depth > x_max_depth) return too_deep();
    std::vector<core::Json> items;
    for (auto result : array) {
      ondemand::value element;
      x_path.push_back({{}, items.size()});
      if (const auto error = std::move(result).get(element)) return broken(error);
      if (!build(element, depth + 1, items.emplace_back())) return false;
      x_path.pop_back();
    }
    out = core::Json::array(std::move(items));
    return true;
  }

  bool unique(const std::vector<core::JsonMember>& members) {
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const core::JsonMember& member : members) keys.push_back(member.key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice == keys.end()) return true;
    return fault("has the key \"" + std::string(twice->substr(0, 64)) + "\" twice");
  }

  bool too_deep() { return fault("is nested deeper than " + std::to_string(x_max_depth)); }

  bool fault(std::string_view what) {
    x_error = path() + " " + std::string(what);
    return false;
  }

  std::string path() const {
    constexpr std::size_t most = 512;
    std::string text = "$";
    for (const Step& step : x_path) {
      if (step.key.data() == nullptr) {
        text += '[' + std::to_string(step.index) + ']';
      } else {
        text.append(".").append(step.key.substr(0, 64));
      }
    }
    if (text.size() <= most) return text;
    truncate_utf8(text, most);
    return text + "...";
  }

  std::size_t x_max_depth;
  std::vector<Step> x_path;
  std::string x_error;
};

}  // namespace

Result<core::Json> parse_json(std::string_view text, std::size_t max_depth) {
  ondemand::parser parser;
  const simdjson::padded_string copy(text);
  Builder builder(max_depth);
  ondemand::document document;
  core::Json out;
  if (const auto error = parser.iterate(copy).get(document)) {
    builder.broken(error);
    return fail(builder.error());
  }
  if (!builder.root(document, out)) return fail(builder.error());
  return out;
}

}  // namespace outrigger::kube
