// Time as this server sees it. Tests drive both by hand; the program runs them on Asio.
#pragma once
#include <cstdint>
#include <functional>

#include "tests/apiserver/base/text.h"

namespace outrigger::apiserver {

using TimerId = std::uint64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t unix_ms() const = 0;    // wall time, for timestamps
  virtual std::int64_t steady_ms() const = 0;  // never jumps, for windows and durations
  // Runs `then` on the server's thread, never from inside this call. Timers due together run in the order of
  // their after() calls.
  virtual TimerId after(Millis delay, std::function<void()> then) = 0;
  virtual void cancel(TimerId timer) = 0;  // unknown and fired ids are ignored
};

}  // namespace outrigger::apiserver
