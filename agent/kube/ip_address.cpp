#include "agent/kube/ip_address.h"

#include <charconv>
#include <cstddef>

namespace outrigger::kube {
namespace {

bool parse_v4(std::string_view text, std::uint8_t* out) {
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = text.find('.');
    const std::string_view digits = text.substr(0, dot);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || digits.size() > 3 || value > 255)
      return false;
    out[part] = static_cast<std::uint8_t>(value);
    if ((dot == std::string_view::npos) != (part == 3)) return false;
    if (part < 3) text.remove_prefix(dot + 1);
  }
  return true;
}

}  // namespace

std::optional<core::PodIp> parse_ip(std::string_view text) {
  core::PodIp ip{};
  if (text.find(':') == std::string_view::npos) {
    ip[10] = ip[11] = 0xFF;
    if (!parse_v4(text, ip.data() + 12)) return std::nullopt;
    return ip;
  }
  std::size_t used = 0;
  std::size_t gap = 17;  // where "::" stands, in bytes; 17 = nowhere
  if (text.substr(0, 2) == "::") {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (used + 2 > 16) return std::nullopt;
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (group.find('.') != std::string_view::npos) {
      if (colon != std::string_view::npos || used + 4 > 16 || !parse_v4(group, ip.data() + used))
        return std::nullopt;
      used += 4;
      break;
    }
    unsigned value = 0;
    const auto [end, error] = std::from_chars(group.data(), group.data() + group.size(), value, 16);
    if (error != std::errc() || end != group.data() + group.size() || group.size() > 4) return std::nullopt;
    ip[used++] = static_cast<std::uint8_t>(value >> 8);
    ip[used++] = static_cast<std::uint8_t>(value & 0xFF);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
    if (!text.empty() && text.front() == ':') {
      if (gap != 17) return std::nullopt;
      gap = used;
      text.remove_prefix(1);
    } else if (text.empty()) {
      return std::nullopt;  // a single colon at the end
    }
  }
  if (gap == 17) return used == 16 ? std::optional(ip) : std::nullopt;
  if (used == 16) return std::nullopt;
  core::PodIp spread{};
  for (std::size_t i = 0; i < gap; ++i) spread[i] = ip[i];
  for (std::size_t i = gap; i < used; ++i) spread[16 - used + i] = ip[i];
  return spread;
}

}  // namespace outrigger::kube
