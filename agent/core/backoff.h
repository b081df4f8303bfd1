// How long to wait before trying again. Pure: attempt and entropy in, delay out.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "agent/core/api_error.h"
#include "agent/core/ids.h"
#include "agent/core/time.h"

namespace outrigger::core {

struct BackoffRule {
  Millis first{800};
  Millis top{30'000};
  double factor = 2.0;
  double jitter = 1.0;  // the delay is stretched by up to this part of itself
};
// attempt 0 is the first failure. Without overflow for any attempt; the same words give the same delay.
Millis backoff_delay(const BackoffRule& rule, std::uint32_t attempt, std::uint64_t entropy);

BackoffRule watch_backoff();                      // 800 ms x2 to 30 s, jitter 1.0
BackoffRule create_backoff(ApiErrorClass error);  // per profile, by class
BackoffRule delete_backoff();

// Trying again cannot help before someone changes the cluster or the template. Still tried, slowly, and every
// failure is reported (S13).
bool is_terminal(ApiErrorClass error);

// Attempts of the watch; reset after two minutes without a failure.
class WatchBackoff {
 public:
  Millis failed(Instant now, std::uint64_t entropy);
  void reset() { attempt_ = 0; }
  std::uint32_t attempt() const { return attempt_; }

 private:
  std::uint32_t attempt_ = 0;
  Instant last_{};
  bool any_ = false;
};

// Creates of each profile. Failures of one round (posted before the backoff began) escalate it once.
class CreateBackoff {
 public:
  struct Entry {
    std::uint32_t attempt = 0;
    Instant since{}, until{};
    ApiErrorClass error_class = ApiErrorClass::none;
    std::string message;
    std::uint64_t created = 0, failed = 0;
  };
  void failed(ProfileId profile, const ApiError& error, Instant posted_at, Instant now,
              std::uint64_t entropy);
  void created(ProfileId profile, Instant posted_at);
  void reset(ProfileId profile);  // a new template revision, or a new target: worth trying at once
  const Entry& of(ProfileId profile) const;
  bool holds(ProfileId profile, Instant now) const { return of(profile).until > now; }

 private:
  std::map<ProfileId, Entry> entries_;
};

}  // namespace outrigger::core
