#include "agent/config/values.h"

#include <algorithm>
#include <charconv>

namespace outrigger::config {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower_alnum(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z');
}

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t same = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, same});
    }
  }
  return row.back();
}

}  // namespace

Result<std::int64_t> parse_number(std::string_view text, Range range) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error == std::errc::invalid_argument || end != text.data() + text.size())
    return fail("expected a whole number");
  if (error != std::errc{} || value < range.low || value > range.high)
    return fail("out of range, allowed are " + std::to_string(range.low) + " to " +
                std::to_string(range.high));
  return value;
}

Result<core::Millis> parse_duration(std::string_view text, core::Millis low, core::Millis high) {
  constexpr const char* expected = "expected a duration such as 500ms, 15s, 2m or 1h";
  std::int64_t total = 0;
  std::size_t at = 0;
  if (text == "0")
    at = 1;
  else if (text.empty())
    return fail(expected);
  while (at < text.size()) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (error != std::errc{} || value < 0 || value > 1'000'000'000) return fail(expected);
    at = static_cast<std::size_t>(end - text.data());
    const auto unit_end = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_digit);
    const auto unit = text.substr(at, static_cast<std::size_t>(unit_end - text.begin()) - at);
    std::int64_t factor = 0;
    if (unit == "ms") factor = 1;
    if (unit == "s") factor = 1000;
    if (unit == "m") factor = 60'000;
    if (unit == "h") factor = 3'600'000;
    if (factor == 0) return fail(unit.empty() ? expected + std::string(": the unit is missing") : expected);
    total += value * factor;
    at += unit.size();
  }
  const core::Millis time(total);
  if (time < low || time > high)
    return fail("out of range, allowed are " + show_duration(low) + " to " + show_duration(high));
  return time;
}

std::string show_duration(core::Millis time) {
  const auto ms = time.count();
  if (ms != 0 && ms % 3'600'000 == 0) return std::to_string(ms / 3'600'000) + "h";
  if (ms != 0 && ms % 60'000 == 0) return std::to_string(ms / 60'000) + "m";
  if (ms % 1000 == 0) return std::to_string(ms / 1000) + "s";
  return std::to_string(ms) + "ms";
}

Result<bool> parse_bool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return fail("expected true or false");
}

Status check_name(std::string_view text, bool dots) {
  const std::size_t longest = dots ? 253 : 63;
  const bool shape = !text.empty() && text.size() <= longest && is_lower_alnum(text.front()) &&
                     is_lower_alnum(text.back()) && std::all_of(text.begin(), text.end(), [&](char c) {
                       return is_lower_alnum(c) || c == '-' || (dots && c == '.');
                     });
  if (shape) return {};
  return fail("expected a Kubernetes name: lower-case letters, digits and '-'" +
              std::string(dots ? ", '.'" : "") + ", at most " + std::to_string(longest) + " characters");
}

Status check_listen(std::string_view text) {
  constexpr const char* expected = "expected ADDRESS:PORT, [V6]:PORT or :PORT";
  const auto colon = text.rfind(':');
  if (colon == text.npos) return fail(expected);
  const auto host = text.substr(0, colon);
  if (!host.empty() && host.find(':') != host.npos && (host.front() != '[' || host.back() != ']'))
    return fail(expected);
  if (!parse_number(text.substr(colon + 1), {0, 65535}))
    return fail(expected + std::string(", a port up to 65535"));
  return {};
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t fewest = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : known) {
    const auto n = edits(word, candidate);
    if (n < fewest) {
      fewest = n;
      best = candidate;
    }
  }
  return best;
}

}  // namespace outrigger::config
