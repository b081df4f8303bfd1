#include "agent/ctl/text.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace outrigger::ctl {
namespace {

std::string two_units(std::int64_t big, char big_unit, std::int64_t small, char small_unit) {
  std::string text = std::to_string(big) + big_unit;
  if (small != 0) text += std::to_string(small) + small_unit;
  return text;
}

}  // namespace

std::string human(std::chrono::milliseconds duration) {
  const std::int64_t s = std::max<std::int64_t>(0, duration.count() / 1000);
  const std::int64_t m = s / 60, h = m / 60, d = h / 24;
  if (s < 120) return std::to_string(s) + "s";
  if (m < 10) return two_units(m, 'm', s % 60, 's');
  if (h < 3) return std::to_string(m) + "m";
  if (h < 8) return two_units(h, 'h', m % 60, 'm');
  if (h < 48) return std::to_string(h) + "h";
  if (d < 8) return two_units(d, 'd', h % 24, 'h');
  return std::to_string(d) + "d";
}

std::string human_fine(std::chrono::milliseconds duration) {
  if (duration.count() >= 10'000) return human(duration);
  if (duration.count() < 1000) return std::to_string(std::max<std::int64_t>(0, duration.count())) + "ms";
  char text[32];
  std::snprintf(text, sizeof text, "%.1fs", static_cast<double>(duration.count()) / 1000.0);
  return text;
}

std::string age(core::WallMillis since, core::WallMillis now) {
  return since == 0 ? std::string{} : human(std::chrono::milliseconds(now - since));
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::size_t digits = 0;
  std::int64_t value = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    if (digits == 9) return std::nullopt;
    value = value * 10 + (text[digits++] - '0');
  }
  if (digits == 0) return std::nullopt;
  const std::string_view unit = text.substr(digits);
  if (unit == "ms") return std::chrono::milliseconds(value);
  if (unit.empty() || unit == "s") return std::chrono::seconds(value);
  if (unit == "m") return std::chrono::minutes(value);
  if (unit == "h") return std::chrono::hours(value);
  return std::nullopt;
}

std::string ip_text(const core::PodIp& ip) {
  if (std::all_of(ip.begin(), ip.end(), [](std::uint8_t byte) { return byte == 0; })) return {};
  static constexpr std::uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  char text[INET6_ADDRSTRLEN] = "";
  const bool v4 = std::memcmp(ip.data(), mapped, sizeof mapped) == 0;
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? ip.data() + 12 : ip.data(), text, sizeof text);
  return text;
}

std::string utc(core::WallMillis at) {
  if (at == 0) return {};
  const std::time_t seconds = static_cast<std::time_t>(at / 1000);
  std::tm parts{};
  char text[32] = "";
  if (gmtime_r(&seconds, &parts) != nullptr) std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string printable(std::string_view text) {
  std::string clean(text);
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return clean;
}

}  // namespace outrigger::ctl
