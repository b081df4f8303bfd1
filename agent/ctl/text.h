// Small texts: durations and addresses as kubectl writes them.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "agent/core/pod.h"
#include "agent/core/time.h"

namespace outrigger::ctl {

// 45s, 5m12s, 42m, 3h7m, 12h, 2d3h, 9d. Negative durations (clock skew) are 0s.
std::string human(std::chrono::milliseconds duration);
// "250ms" below a second, else as human(): for freshness, where milliseconds matter.
std::string human_fine(std::chrono::milliseconds duration);
// Age of something that began at `since`; empty when it is not set.
std::string age(core::WallMillis since, core::WallMillis now);

// "250ms", "30s", "5m", "1h", "90" (seconds), "0". nullopt: not a duration.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// "10.1.2.3", "fd00::1"; empty for none.
std::string ip_text(const core::PodIp& ip);
// "2026-01-02T03:04:05Z"; empty for 0.
std::string utc(core::WallMillis at);

// Control characters become blanks: text of the cluster must not drive a terminal.
std::string printable(std::string_view text);

}  // namespace outrigger::ctl
