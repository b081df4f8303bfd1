#include "agent/kube/timestamp.h"

namespace outrigger::kube {

std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
  // Years begin in March here, so that the leap day is the last of its year.
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(y - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + static_cast<std::int64_t>(day_of_era) - 719'468;
}

int two_digits(std::string_view text, std::size_t at) {
  if (at + 2 > text.size()) return -1;
  const char a = text[at], b = text[at + 1];
  if (a < '0' || a > '9' || b < '0' || b > '9') return -1;
  return (a - '0') * 10 + (b - '0');
}

std::optional<core::WallMillis> parse_timestamp(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') ||
      text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const int century = two_digits(text, 0), year = two_digits(text, 2), month = two_digits(text, 5),
            day = two_digits(text, 8), hour = two_digits(text, 11), minute = two_digits(text, 14),
            second = two_digits(text, 17);
  if (century < 0 || year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
      minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;

  std::size_t at = 19;
  std::int64_t millis = 0;
  if (text[at] == '.') {
    std::int64_t unit = 100;
    const std::size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
      millis += (text[at] - '0') * unit;
    if (at == first) return std::nullopt;
  }
  if (at >= text.size()) return std::nullopt;
  std::int64_t offset_minutes = 0;
  if (text[at] == 'Z' || text[at] == 'z') {
    ++at;
  } else if ((text[at] == '+' || text[at] == '-') && text.size() == at + 6 && text[at + 3] == ':') {
    const int hours = two_digits(text, at + 1), minutes = two_digits(text, at + 4);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
    offset_minutes = (text[at] == '-' ? -1 : 1) * (hours * 60 + minutes);
    at += 6;
  }
  if (at != text.size()) return std::nullopt;
  const std::int64_t days =
      days_from_civil(century * 100 + year, static_cast<unsigned>(month), static_cast<unsigned>(day));
  return (((days * 24 + hour) * 60 + minute - offset_minutes) * 60 + second) * 1000 + millis;
}

std::string format_timestamp(core::WallMillis at) {
  constexpr std::int64_t day_ms = 86'400'000;
  const std::int64_t days = (at >= 0 ? at : at - day_ms + 1) / day_ms;
  const std::int64_t second = (at - days * day_ms) / 1000;
  // The inverse of days_from_civil(), with years that begin in March.
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * day_of_year + 2) / 153;
  const std::int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::string text;
  const auto put = [&text](std::int64_t value, std::size_t width, char after) {
    const std::string digits = std::to_string(value);
    text.append(digits.size() < width ? width - digits.size() : 0, '0').append(digits) += after;
  };
  put(year, 4, '-');
  put(month, 2, '-');
  put(day_of_year - (153 * march_month + 2) / 5 + 1, 2, 'T');
  put(second / 3600, 2, ':');
  put(second / 60 % 60, 2, ':');
  put(second % 60, 2, 'Z');
  return text;
}

}  // namespace outrigger::kube
