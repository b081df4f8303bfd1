#include "agent/kube/json_parse.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "agent/kube/json_reader.h"

namespace outrigger::kube {
namespace {

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
  Builder(JsonReader& json, std::size_t max_depth) : json_(json), max_depth_(max_depth) {}

  bool root(core::Json& out) {
    if (json_.peek() != '{' && json_.peek() != '[') return fault("is neither an object nor an array");
    return build(1, out) && (json_.finish() || fault("is followed by more text"));
  }
  // The reader's own faults are all the same here: no JSON at this path.
  std::string error() const { return error_.empty() ? path() + " is malformed" : error_; }

 private:
  struct Step {
    std::string_view key;  // no data: an index
    std::size_t index;
  };

  bool build(std::size_t depth, core::Json& out) {
    switch (json_.peek()) {
      case '{':
        return build_object(depth, out);
      case '[':
        return build_array(depth, out);
      case '"': {
        RawText raw;
        std::string text;
        if (!json_.raw("", raw) || !json_.unescape(raw, "", text)) return false;
        out = core::Json::string(std::move(text));
        return true;
      }
      default:
        return build_scalar(out);
    }
  }

  bool build_scalar(core::Json& out) {
    const std::string_view token = json_.scalar();
    if (token == "true" || token == "false") {
      out = core::Json::boolean(token == "true");
    } else if (token == "null") {
      out = core::Json();
    } else if (is_number(token)) {
      // As text: templates are stamped, never computed with.
      out = core::Json::number(std::string(token));
    } else {
      return fault("is no JSON value");
    }
    return json_.skip();
  }

  bool build_object(std::size_t depth, core::Json& out) {
    if (depth > max_depth_) return too_deep();
    std::vector<core::JsonMember> members;
    const auto visit = [&](RawKey key) {
      core::JsonMember& member = members.emplace_back();
      if (!json_.unescape(key.text(), "", member.key)) return false;
      path_.push_back({member.key, 0});
      if (!build(depth + 1, member.value)) return named();
      path_.pop_back();
      return true;
    };
    if (!json_.object("", visit) || !unique(members)) return false;
    out = core::Json::object(std::move(members));
    return true;
  }

  bool build_array(std::size_t depth, core::Json& out) {
    if (depth > max_depth_) return too_deep();
    std::vector<core::Json> items;
    const auto visit = [&] {
      path_.push_back({{}, items.size()});
      if (!build(depth + 1, items.emplace_back())) return named();
      path_.pop_back();
      return true;
    };
    if (!json_.array("", visit)) return false;
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

  // The path borrows keys from the values under construction, which are gone when error() is asked.
  bool named() { return error_.empty() ? fault("is malformed") : false; }

  bool too_deep() { return fault("is nested deeper than " + std::to_string(max_depth_)); }

  bool fault(std::string_view what) {
    error_ = path() + " " + std::string(what);
    return false;
  }

  std::string path() const {
    constexpr std::size_t most = 512;
    std::string text = "$";
    for (const Step& step : path_) {
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

  JsonReader& json_;
  std::size_t max_depth_;
  std::vector<Step> path_;
  std::string error_;
};

}  // namespace

Result<core::Json> parse_json(std::string_view text, std::size_t max_depth) {
  std::string copy(text);
  JsonReader json;
  if (!json.open(Padded::of(copy))) return fail(json.fault_text());
  Builder builder(json, max_depth);
  core::Json out;
  if (!builder.root(out)) return fail(builder.error());
  return out;
}

}  // namespace outrigger::kube
