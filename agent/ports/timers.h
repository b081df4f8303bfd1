#pragma once
#include <cstdint>
#include <functional>

#include "agent/core/time.h"

namespace outrigger::ports {

using TimerId = std::uint64_t;  // 0 = none

// One-shot timers on the loop thread. Equal due times fire in the order they were started.
class Timers {
 public:
  virtual ~Timers() = default;
  // `fire` runs once, on the loop, never inside start(). A delay of 0 means the next turn.
  virtual TimerId start(core::Nanos delay, std::function<void()> fire) = 0;
  // After cancel() returns, the timer does not fire. Unknown and fired ids are ignored.
  virtual void cancel(TimerId id) = 0;
};

}  // namespace outrigger::ports
