#include "tests/apiserver/base/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace outrigger::apiserver {
namespace {

std::tm utc(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

std::string formatted(std::int64_t unix_ms, const char* format) {
  const std::tm parts = utc(unix_ms);
  std::array<char, 64> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), format, &parts)};
}

constexpr std::string_view url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view std_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string encode(std::string_view bytes, std::string_view alphabet) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) out += alphabet[(bits >> (held - 6)) & 63];
  }
  if (held > 0) out += alphabet[(bits << (6 - held)) & 63];
  return out;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return {};
  return value;
}

}  // namespace

std::string rfc3339(std::int64_t unix_ms) {
  return formatted(unix_ms, "%Y-%m-%dT%H:%M:%SZ");
}
std::string http_date(std::int64_t unix_ms) {
  return formatted(unix_ms, "%a, %d %b %Y %H:%M:%S GMT");
}

std::optional<Millis> parse_duration(std::string_view text) {
  text = trim(text);
  double unit_ms = 1000;
  if (text.ends_with("ms")) {
    unit_ms = 1;
    text.remove_suffix(2);
  } else if (text.ends_with('s')) {
    text.remove_suffix(1);
  } else if (text.ends_with('m')) {
    unit_ms = 60'000;
    text.remove_suffix(1);
  }
  const auto value = number(text);
  if (!value || *value < 0 || *value * unit_ms > 1e12) return {};
  return Millis(std::llround(*value * unit_ms));
}

std::optional<DurationRange> parse_duration_range(std::string_view text) {
  const auto dots = text.find("..");
  const auto least = parse_duration(text.substr(0, dots));
  const auto most = dots == std::string_view::npos ? least : parse_duration(text.substr(dots + 2));
  if (!least || !most || *most < *least) return {};
  return DurationRange{*least, *most};
}

std::optional<std::int64_t> parse_quantity(std::string_view text) {
  struct Unit {
    std::string_view suffix;
    double factor;
  };
  static constexpr std::array units{
      Unit{"Ki", 1024}, Unit{"Mi", 1048576}, Unit{"Gi", 1073741824.0}, Unit{"Ti", 1099511627776.0},
      Unit{"m", 0.001}, Unit{"k", 1e3},      Unit{"M", 1e6},           Unit{"G", 1e9},
      Unit{"T", 1e12}};
  double factor = 1;
  for (const auto& unit : units) {
    if (!text.ends_with(unit.suffix)) continue;
    factor = unit.factor;
    text.remove_suffix(unit.suffix.size());
    break;
  }
  const auto value = number(text);
  if (!value || std::abs(*value * factor) > 9e15) return {};
  return std::llround(*value * factor * 1000);
}

std::string format_quantity(std::int64_t thousandths) {
  if (thousandths % 1000 != 0) return std::to_string(thousandths) + "m";
  std::int64_t whole = thousandths / 1000;
  static constexpr std::array<std::string_view, 5> suffixes{"", "Ki", "Mi", "Gi", "Ti"};
  std::size_t step = 0;
  while (whole >= 1024 && whole % 1024 == 0 && step + 1 < suffixes.size()) {
    whole /= 1024;
    ++step;
  }
  return std::to_string(whole) + std::string(suffixes[step]);
}

std::string random_uuid(std::mt19937_64& random) {
  const std::uint64_t a = random();
  const std::uint64_t b = random();
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-4%03x-%04x-%012llx", static_cast<unsigned>(a >> 32),
                static_cast<unsigned>((a >> 16) & 0xffff), static_cast<unsigned>(a & 0xfff),
                static_cast<unsigned>(0x8000 | ((b >> 48) & 0x3fff)),
                static_cast<unsigned long long>(b & 0xffffffffffffULL));
  return text.data();
}

std::string random_suffix(std::mt19937_64& random) {
  constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  for (int i = 0; i < 5; ++i) suffix += letters[random() % letters.size()];
  return suffix;
}

std::string base64url_encode(std::string_view bytes) {
  return encode(bytes, url_alphabet);
}

std::string base64_encode(std::string_view bytes) {
  std::string out = encode(bytes, std_alphabet);
  while (out.size() % 4 != 0) out += '=';
  return out;
}

Base64Result base64url_decode(std::string_view text) {
  Base64Result result;
  std::uint32_t bits = 0;
  int held = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto digit = url_alphabet.find(text[at]);
    if (digit == std::string_view::npos) {
      result.illegal_at = at;
      return result;
    }
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held >= 8) {
      held -= 8;
      result.bytes += static_cast<char>((bits >> held) & 0xff);
    }
  }
  if (text.size() % 4 == 1) result.illegal_at = text.size() - 1;
  return result;
}

std::string url_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace outrigger::apiserver
