// How many writes may be on their way: opens fast, is cut by the server's own signals, shares one
// Retry-After.
#pragma once
#include <cstddef>
#include <cstdint>

#include "agent/core/api_error.h"
#include "agent/core/limits.h"
#include "agent/core/time.h"

namespace outrigger::core {

struct ConcurrencyOptions {
  std::size_t start = 32;
  double growth = 7;  // slow start: opened per success, so x8 per round trip
  std::size_t floor = 1;
  std::size_t top = limits::creates_in_flight;
  double cut = 0.5;                                           // on 429, 5xx, transport errors
  double latency_cut = 0.8;                                   // on a latency blow-up
  std::size_t latency_floor = limits::creates_in_flight / 2;  // latency alone never cuts below
  double latency_tolerance = 3;  // smoothed latency above this many times the best seen, and ...
  Millis latency_slack{100};     // ... at least this much above it
};

// Loop thread, one for all writes of the agent. Slow start: +growth per success until the first cut;
// afterwards +1 per round trip. At most one cut per round trip.
class Concurrency {
 public:
  Concurrency() : Concurrency(ConcurrencyOptions{}) {}
  explicit Concurrency(ConcurrencyOptions options);

  void succeeded(Nanos latency, Instant posted_at, Instant now);
  // Errors that say nothing about load (409, 422, quota ...) only count as an answer.
  void failed(const ApiError& error, Instant posted_at, Instant now);

  std::size_t limit() const;
  std::size_t free(std::size_t in_flight, Instant now) const;  // 0 while the gate is closed
  Instant gate() const { return gate_; }                       // Retry-After: no write leaves before
  bool gated(Instant now) const { return now < gate_; }
  Nanos smoothed_latency() const { return smoothed_; }
  Nanos best_latency() const { return best_; }

 private:
  void cut(double factor, std::size_t floor, Instant posted_at, Instant now);
  ConcurrencyOptions options_;
  double limit_;
  bool slow_start_ = true;
  Nanos smoothed_{0}, best_{0};
  Instant best_at_{}, last_cut_{}, gate_{};
  bool ever_cut_ = false;
  std::uint32_t throttles_ = 0;  // in a row, for 429 without Retry-After
};

}  // namespace outrigger::core
