#include "agent/kube/names.h"

#include <algorithm>

#include "agent/kube/requests.h"

namespace outrigger::kube {
namespace {

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alphanumeric(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

// The name part of a label key, and a label value: begins and ends alphanumeric, <= 63.
bool is_qualified(std::string_view text) {
  if (text.empty() || text.size() > 63) return false;
  if (!is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace

bool is_dns_label(std::string_view name) {
  if (name.empty() || name.size() > 63) return false;
  if (!is_lower_or_digit(name.front()) || !is_lower_or_digit(name.back())) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  // Unlike a namespace, the parts may be longer than 63.
  while (true) {
    const std::size_t dot = name.find('.');
    const std::string_view part = name.substr(0, dot);
    if (part.empty() || !is_lower_or_digit(part.front()) || !is_lower_or_digit(part.back())) return false;
    if (!std::all_of(part.begin(), part.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; }))
      return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

bool is_label_key(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return is_qualified(key);
  return is_dns_subdomain(key.substr(0, slash)) && is_qualified(key.substr(slash + 1));
}

bool is_label_value(std::string_view value) {
  return value.empty() || is_qualified(value);
}

Error bad_name(std::string_view what, std::string_view value, std::string_view rule) {
  // The value may be anything: keep one printable line of it.
  std::string shown;
  for (const char c : value.substr(0, 80)) shown += c >= 0x20 && c < 0x7F ? c : '?';
  if (value.size() > 80) shown += "...";
  return Error{std::string(what) + " \"" + shown + "\" is not valid: " + std::string(rule)};
}

}  // namespace outrigger::kube
