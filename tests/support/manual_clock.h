// A clock that stands still until a test moves it.
#pragma once
#include "agent/ports/clock.h"

namespace outrigger::test {

class ManualClock final : public ports::Clock {
 public:
  core::Instant now() override { return now_; }
  core::WallMillis wall_ms() override {
    return wall_origin_ms_ + std::chrono::duration_cast<core::Millis>(now_.time_since_epoch()).count();
  }
  void move_to(core::Instant to) {
    if (to > now_) now_ = to;
  }

 private:
  core::Instant now_{std::chrono::seconds(1000)};  // not zero: "0 = not set" must not look like now
  core::WallMillis wall_origin_ms_ = 1'700'000'000'000;
};

}  // namespace outrigger::test
