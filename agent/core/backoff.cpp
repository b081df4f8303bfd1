#include "agent/core/backoff.h"

#include <algorithm>
#include <cmath>

#include "agent/core/limits.h"
#include "agent/core/records.h"

namespace outrigger::core {
namespace {

constexpr Nanos watch_reset = std::chrono::minutes(2);
constexpr std::uint32_t attempt_top = 64;  // any rule is at its top long before

}  // namespace

Millis backoff_delay(const BackoffRule& rule, std::uint32_t attempt, std::uint64_t entropy) {
  const double top = static_cast<double>(rule.top.count());
  const double exponent = static_cast<double>(std::min(attempt, attempt_top));
  const double plain =
      std::min(top, static_cast<double>(rule.first.count()) * std::pow(rule.factor, exponent));
  const double part = static_cast<double>(entropy >> 11) * 0x1.0p-53;  // [0, 1)
  return Millis(static_cast<std::int64_t>(plain * (1.0 + rule.jitter * part)));
}

BackoffRule watch_backoff() {
  return {};
}
BackoffRule delete_backoff() {
  return {Millis(500), Millis(15'000), 2.0, 0.5};
}

BackoffRule create_backoff(ApiErrorClass error) {
  switch (error) {
    // Nothing is wrong with the request: other pods free the quota, the network comes back.
    case ApiErrorClass::quota:
      return {Millis(1'000), Millis(10'000), 2.0, 1.0};
    case ApiErrorClass::transport:
    case ApiErrorClass::server_error:
    case ApiErrorClass::throttled:
    case ApiErrorClass::unauthorized:
    case ApiErrorClass::webhook_unreachable:
      return {Millis(500), Millis(10'000), 2.0, 0.5};
    // The id is used up, the next one may be good.
    case ApiErrorClass::already_exists:
    case ApiErrorClass::conflict:
      return {Millis(0), Millis(0), 1.0, 0.0};
    // The same again will fail again. Slower, but a failure limit must still be reached in minutes (S13).
    default:
      return {Millis(2'000), Millis(5'000), 2.0, 0.25};
  }
}

bool is_terminal(ApiErrorClass error) {
  switch (error) {
    case ApiErrorClass::rbac:
    case ApiErrorClass::webhook_denied:
    case ApiErrorClass::namespace_missing:
    case ApiErrorClass::invalid:
    case ApiErrorClass::policy:
      return true;
    default:
      return false;
  }
}

Millis WatchBackoff::failed(Instant now, std::uint64_t entropy) {
  if (any_ && now - last_ > watch_reset) attempt_ = 0;
  any_ = true;
  const Millis delay = backoff_delay(watch_backoff(), attempt_, entropy);
  last_ = now + delay;  // the wait itself is no time without a failure
  if (attempt_ < attempt_top) ++attempt_;
  return delay;
}

void CreateBackoff::failed(ProfileId profile, const ApiError& error, Instant posted_at, Instant now,
                           std::uint64_t entropy) {
  Entry& entry = entries_[profile];
  ++entry.failed;
  entry.error_class = error.error_class;
  entry.message = truncate_message(error.message);
  const bool same_round = entry.attempt != 0 && posted_at < entry.until;
  if (same_round) return;
  Millis delay = backoff_delay(create_backoff(error.error_class), entry.attempt, entropy);
  if (error.retry_after) delay = std::max(delay, *error.retry_after);
  if (delay.count() == 0) return;
  entry.since = now;
  entry.until = now + delay;
  if (entry.attempt < attempt_top) ++entry.attempt;
}

void CreateBackoff::created(ProfileId profile, Instant posted_at) {
  Entry& entry = entries_[profile];
  ++entry.created;
  if (entry.attempt != 0 && posted_at < entry.since) return;  // says nothing about what failed after it left
  entry.attempt = 0;
  entry.since = entry.until = Instant{};
  entry.error_class = ApiErrorClass::none;
  entry.message.clear();
}

void CreateBackoff::reset(ProfileId profile) {
  const auto found = entries_.find(profile);
  if (found == entries_.end()) return;
  found->second.attempt = 0;
  found->second.since = found->second.until = Instant{};
}

const CreateBackoff::Entry& CreateBackoff::of(ProfileId profile) const {
  static const Entry none;
  const auto found = entries_.find(profile);
  return found == entries_.end() ? none : found->second;
}

}  // namespace outrigger::core
