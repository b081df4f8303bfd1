#include "agent/core/ids.h"

namespace outrigger::core {
namespace {

constexpr std::size_t uid_chars = 36;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool is_dash(std::size_t at) {
  return at == 8 || at == 13 || at == 18 || at == 23;
}

}  // namespace

std::optional<PodUid> parse_uid(std::string_view text) {
  if (text.size() != uid_chars) return std::nullopt;
  PodUid uid;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < uid_chars; ++i) {
    if (is_dash(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) return std::nullopt;
    std::uint64_t& word = uid.words[nibble / 16];
    word = (word << 4) | static_cast<std::uint64_t>(value);
    ++nibble;
  }
  return uid;
}

std::string to_string(const PodUid& uid) {
  std::string text(uid_chars, '-');
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < uid_chars; ++i) {
    if (is_dash(i)) continue;
    const unsigned shift = static_cast<unsigned>(60 - 4 * (nibble % 16));
    text[i] = "0123456789abcdef"[(uid.words[nibble / 16] >> shift) & 0xF];
    ++nibble;
  }
  return text;
}

}  // namespace outrigger::core
