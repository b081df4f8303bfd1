#include "agent/core/concurrency.h"

#include <algorithm>

#include "agent/core/backoff.h"

namespace outrigger::core {
namespace {

constexpr Nanos best_lifetime = std::chrono::seconds(60);  // the floor of latency is measured anew
constexpr BackoffRule throttle_rule{Millis(1'000), Millis(30'000), 2.0, 0.0};

}  // namespace

Concurrency::Concurrency(ConcurrencyOptions options)
    : options_(options), limit_(static_cast<double>(std::clamp(options.start, options.floor, options.top))) {}

std::size_t Concurrency::limit() const {
  return static_cast<std::size_t>(limit_);
}

std::size_t Concurrency::free(std::size_t in_flight, Instant now) const {
  if (gated(now) || in_flight >= limit()) return 0;
  return limit() - in_flight;
}

void Concurrency::cut(double factor, std::size_t floor, Instant posted_at, Instant now) {
  // What left before the last cut was answered by a server that did not know of it.
  if (ever_cut_ && posted_at < last_cut_) return;
  limit_ = std::min(limit_, std::max(static_cast<double>(floor), limit_ * factor));
  last_cut_ = now;
  ever_cut_ = true;
  slow_start_ = false;
}

void Concurrency::succeeded(Nanos latency, Instant posted_at, Instant now) {
  throttles_ = 0;
  const bool first = best_.count() == 0;
  if (first || latency <= best_ || now - best_at_ > best_lifetime) {
    best_ = std::max(latency, Nanos(1));
    best_at_ = now;
  }
  smoothed_ = first ? latency : (smoothed_ * 7 + latency) / 8;
  const double tolerated = static_cast<double>(best_.count()) * options_.latency_tolerance;
  const bool slow =
      static_cast<double>(smoothed_.count()) > tolerated && smoothed_ > best_ + options_.latency_slack;
  if (slow && limit() > options_.latency_floor) {
    cut(options_.latency_cut, std::max(options_.floor, options_.latency_floor), posted_at, now);
    return;
  }
  limit_ += slow_start_ ? options_.growth : 1.0 / limit_;
  limit_ = std::min(limit_, static_cast<double>(options_.top));
}

void Concurrency::failed(const ApiError& error, Instant posted_at, Instant now) {
  switch (error.error_class) {
    case ApiErrorClass::throttled: {
      // A burst of refusals is one signal; their Retry-After values are not added up.
      if (!gated(now)) ++throttles_;
      const Millis own = backoff_delay(throttle_rule, throttles_ == 0 ? 0 : throttles_ - 1, 0);
      gate_ = std::max(gate_, now + error.retry_after.value_or(own));
      cut(options_.cut, options_.floor, posted_at, now);
      return;
    }
    case ApiErrorClass::server_error:
    case ApiErrorClass::transport:
      if (error.retry_after) gate_ = std::max(gate_, now + *error.retry_after);
      cut(options_.cut, options_.floor, posted_at, now);
      return;
    default:
      return;
  }
}

}  // namespace outrigger::core
