// Time as values: the core never reads a clock.
#pragma once
#include <chrono>
#include <cstdint>

namespace outrigger::core {

using Millis = std::chrono::milliseconds;
using Nanos = std::chrono::nanoseconds;

// Monotonic; the origin is unspecified but the same for both sides of the channel (CLOCK_MONOTONIC).
struct MonotonicClockTag {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<MonotonicClockTag, duration>;
  static constexpr bool is_steady = true;
};
using Instant = MonotonicClockTag::time_point;

// Milliseconds since the Unix epoch, as the API server writes them (second resolution there). 0 = not set.
using WallMillis = std::int64_t;

}  // namespace outrigger::core
