// Text to values, each with an error that says what was expected. Used by this room only.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/ids.h"
#include "agent/core/result.h"
#include "agent/core/time.h"

namespace outrigger::config {

struct Range {
  std::int64_t low, high;
};
Result<std::int64_t> parse_number(std::string_view text, Range range);
// 500ms, 15s, 2m, 1h; also joined: 1m30s. A bare number is refused, because its unit is a guess.
Result<core::Millis> parse_duration(std::string_view text, core::Millis low, core::Millis high);
Result<bool> parse_bool(std::string_view text);
// DNS-1123 label or subdomain (dots), as Kubernetes names things.
Status check_name(std::string_view text, bool dots);
// ADDRESS:PORT, [V6]:PORT or :PORT.
Status check_listen(std::string_view text);

// The known word with the fewest edits, empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);
std::string show_duration(core::Millis time);

}  // namespace outrigger::config
