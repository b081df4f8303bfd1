#pragma once
#include "agent/core/time.h"

namespace outrigger::ports {

// Time, as the loop sees it. Implementations: io (real), tests/support (manual). Called on the loop thread
// only.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual core::Instant now() = 0;
  virtual core::WallMillis
  wall_ms() = 0;  // for display and pod ages only; never for decisions about the channel
};

}  // namespace outrigger::ports
