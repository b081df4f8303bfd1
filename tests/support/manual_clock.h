// A clock that stands still until a test moves it.
#pragma once
#include "agent/ports/clock.h"

namespace outrigger::test {

class ManualClock final : public ports::Clock {
 public:
  core::Instant now() override { return x_now; }
  core::WallMillis wall_ms() override {
    return x_wall_origin_ms + std::chrono::duration_cast<core::Millis>(x_now.time_since_epoch()).count();
  }
  void move_to(core::Instant to) {
    if (to > x_now) x_now = to;
  }

 private:
  core::Instant x_now{std::chrono::seconds(1000)};  // not zero: "0 = not set" must not look like now
  core::WallMillis x_wall_origin_ms = 1'700'000'000'000;
};

}  // namespace outrigger::test
