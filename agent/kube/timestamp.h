// RFC 3339 as the API server writes it ("2026-11-21T13:08:41Z", MicroTime with a fraction), without a time zone
// database.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/core/time.h"

namespace outrigger::kube {

std::optional<core::WallMillis> parse_timestamp(std::string_view text);
std::string format_timestamp(core::WallMillis at);  // to the second, UTC; years 0 to 9999
// Days since 1970-01-01 of a proleptic Gregorian date.
std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day);
// Two decimal digits at `at`, or -1.
int two_digits(std::string_view text, std::size_t at);

}  // namespace outrigger::kube
