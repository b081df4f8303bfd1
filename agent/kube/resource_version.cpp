#include "agent/kube/resource_version.h"

#include <algorithm>
#include <charconv>

namespace outrigger::kube {

bool is_comparable(std::string_view version) {
  constexpr std::string_view top = "340282366920938463463374607431768211455";  // 2^128-1
  if (version.empty() || version.size() > top.size() || version.front() == '0') return false;
  if (!std::all_of(version.begin(), version.end(), [](char c) { return c >= '0' && c <= '9'; })) return false;
  return version.size() < top.size() || version <= top;
}

std::optional<std::strong_ordering> compare_versions(std::string_view a, std::string_view b) {
  if (!is_comparable(a) || !is_comparable(b)) return std::nullopt;
  // Without leading zeros the longer number is the larger one.
  if (a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

std::uint64_t to_u64(std::string_view version) {
  if (version.empty() || version.front() == '0') return 0;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), value);
  return error == std::errc() && end == version.data() + version.size() ? value : 0;
}

}  // namespace outrigger::kube
