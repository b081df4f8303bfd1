#include "agent/kube/target.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace outrigger::kube {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Part { path, query };  // in a query '+' is a space; in a path segment an escaped '/' is refused

std::optional<std::string> decode(std::string_view text, Part part) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (part == Part::query && c == '+') c = ' ';
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high << 4 | low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || (part == Part::path && c == '/'))
      return std::nullopt;
    out += c;
  }
  return out;
}

// What is before the first `at`, and after it.
std::pair<std::string_view, std::string_view> cut(std::string_view text, char at) {
  const auto found = text.find(at);
  if (found == text.npos) return {text, {}};
  return {text.substr(0, found), text.substr(found + 1)};
}

auto bad(std::string_view target, std::string_view why) {
  return fail("'" + std::string(target.substr(0, 200)) + "': " + std::string(why));
}

Result<std::vector<std::string>> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  if (path.empty() || path.front() != '/') return bad(path, "no absolute path");
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t begin = at + 1;
    at = std::min(path.find('/', begin), path.size());
    const auto segment = decode(path.substr(begin, at - begin), Part::path);
    if (!segment || segment->empty() || *segment == "." || *segment == "..")
      return bad(path, "a path segment is empty, relative or badly escaped");
    segments.push_back(*segment);
  }
  return segments;
}

}  // namespace

std::string_view Target::parameter(std::string_view key) const {
  const auto it = query.find(key);
  return it == query.end() ? std::string_view() : std::string_view(it->second);
}

Result<Target> parse_target(std::string_view text) {
  auto [path, query] = cut(text, '?');
  auto segments = segments_of(path);
  if (!segments) return tl::unexpected(segments.error());
  Target target;
  auto it = segments->begin();
  const auto left = [&] { return segments->end() - it; };
  const auto take = [&] { return std::move(*it++); };
  if (left() >= 2 && *it == "api") {
    ++it;
    target.group_version = take();
  } else if (left() >= 3 && *it == "apis") {
    ++it;
    target.group_version = take();
    target.group_version += "/" + take();
  } else {
    return bad(text, "the path is not below /api or /apis");
  }
  if (left() >= 3 && *it == "namespaces") {
    ++it;
    target.name_space = take();
  }
  for (std::string* part : {&target.resource, &target.name, &target.subresource})
    if (left() > 0) *part = take();
  if (left() > 0) return bad(text, "the path is longer than an object's");

  while (!query.empty()) {
    const auto [pair, rest] = cut(query, '&');
    const auto [raw_key, raw_value] = cut(pair, '=');
    query = rest;
    auto key = decode(raw_key, Part::query);
    auto value = decode(raw_value, Part::query);
    if (!key || !value) return bad(pair, "a query parameter is badly escaped");
    if (!target.query.emplace(*key, *value).second) return bad(pair, "a query parameter comes twice");
  }
  return target;
}

}  // namespace outrigger::kube
