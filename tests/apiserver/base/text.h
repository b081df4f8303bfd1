// Small conversions of text: times, durations, quantities, identifiers, base64url, URL parts.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger::apiserver {

using Millis = std::chrono::milliseconds;

// 2026-11-21T13:09:35Z
std::string rfc3339(std::int64_t unix_ms);
// Sat, 21 Nov 2026 13:09:35 GMT
std::string http_date(std::int64_t unix_ms);

// "250ms", "2s", "1.5s", "3m"; a bare number is seconds.
std::optional<Millis> parse_duration(std::string_view text);

struct DurationRange {
  Millis least{0};
  Millis most{0};
  friend bool operator==(const DurationRange&, const DurationRange&) = default;
};
// "30ms" or "30ms..100ms".
std::optional<DurationRange> parse_duration_range(std::string_view text);

// A resource quantity in thousandths: "1" = 1000, "500m" = 500, "1408Mi" = 1408 * 2^20 * 1000.
std::optional<std::int64_t> parse_quantity(std::string_view text);
std::string format_quantity(std::int64_t thousandths);

std::string random_uuid(std::mt19937_64& random);
// Five characters as the real server appends to generateName.
std::string random_suffix(std::mt19937_64& random);

std::string base64url_encode(std::string_view bytes);  // without padding
struct Base64Result {
  std::string bytes;
  std::optional<std::size_t> illegal_at;  // offset of the first illegal character
};
Base64Result base64url_decode(std::string_view text);
std::string base64_encode(std::string_view bytes);  // with padding

std::string url_decode(std::string_view text, bool plus_is_space);
std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);

}  // namespace outrigger::apiserver
