// What a failed list or watch means: the second half of the watch machine.
#include <algorithm>
#include <utility>

#include "agent/kube/watch_stepper.h"

namespace outrigger::kube {
namespace {

using core::ApiErrorClass;

constexpr core::Millis very_short{1'000};

RestartReason reason_of(Ending how) {
  switch (how) {
    case Ending::complete:
      return RestartReason::server_timeout;
    case Ending::refused:
      return RestartReason::refused;
    case Ending::interrupted:
      return RestartReason::interrupted;
    case Ending::timed_out:
      return RestartReason::timed_out;
    case Ending::tls:
      return RestartReason::tls;
  }
  return RestartReason::interrupted;
}

core::Millis asked(const core::ApiError& error) {
  return error.retry_after.value_or(core::Millis(0));
}

}  // namespace

// Nobody but a person can change it: still tried, twice a minute at most.
core::Millis WatchStepper::long_wait() {
  return core::Millis(30'000 + entropy_ % 30'000);
}

void WatchStepper::fall_back(core::ApiError error) {
  out_.machine.watch_list_refused = true;
  relist(RestartReason::watch_list_fallback, core::Millis(0), std::move(error));
}

void WatchStepper::on(const watch_input::Failed& input) {
  if (auto* listing = std::get_if<watch_phase::Listing>(&out_.machine.phase))
    return list_failed(input.error, std::move(listing->continue_token));
  if (const auto* opening = std::get_if<watch_phase::Opening>(&out_.machine.phase))
    return watch_failed(input.error, opening->initial);
}

// The same answer for a list and a watch, and the request goes on as it was.
bool WatchStepper::common_failure(const core::ApiError& error, bool watch,
                                  const std::string& continue_token) {
  switch (error.error_class) {
    case ApiErrorClass::throttled:
      again(RestartReason::throttled, backoff(asked(error)), watch, continue_token, error);
      return true;
    case ApiErrorClass::unauthorized: {
      // Read the token again and ask at once, but only once: after that the account is the problem.
      const bool first = !std::exchange(out_.machine.credentials_reloaded, true);
      effect(watch_effect::ReloadCredentials{});
      again(RestartReason::unauthorized, first ? core::Millis(0) : backoff(), watch, continue_token, error);
      return true;
    }
    case ApiErrorClass::rbac:
      again(RestartReason::forbidden, long_wait(), watch, continue_token, error);
      return true;
    case ApiErrorClass::transport:
      again(RestartReason::interrupted, backoff(), watch, continue_token, error);
      return true;
    case ApiErrorClass::server_error:
      // 502, 503, 504: someone else's trouble, however long it lasts. A 500 may be about our version.
      if (error.http_code == 500) return false;
      again(RestartReason::server_error, backoff(asked(error)), watch, continue_token, error);
      return true;
    default:
      return false;
  }
}

void WatchStepper::watch_failed(const core::ApiError& error, bool initial) {
  if (common_failure(error, true, {})) return;
  switch (error.error_class) {
    case ApiErrorClass::gone:
      return relist(RestartReason::gone, backoff_unless_rested(), error);
    case ApiErrorClass::too_large_version:
      // The server is behind, or it is another one: wait as it asks, then take its word for what is current.
      if (failed_too_often()) return relist(RestartReason::too_large_version, backoff(asked(error)), error);
      return rewatch(RestartReason::too_large_version, backoff(asked(error)), error);
    default:
      break;
  }
  // Servers without WatchList say 422; with an old etcd 200 and an ERROR 500.
  if (initial) return fall_back(error);
  const RestartReason reason = error.error_class == ApiErrorClass::server_error ? RestartReason::server_error
                                                                                : RestartReason::rejected;
  if (failed_too_often()) return relist(reason, backoff(asked(error)), error);
  rewatch(reason, backoff(asked(error)), error);
}

void WatchStepper::list_failed(const core::ApiError& error, std::string continue_token) {
  if (common_failure(error, false, continue_token)) return;
  const bool first_page = continue_token.empty();
  switch (error.error_class) {
    case ApiErrorClass::gone:
      // The fresh token of the answer would give the rest at a newer version. Whatever was deleted in the first part
      // meanwhile would be in the table for ever, because the watch starts behind it: a consistent list instead.
      if (!first_page && out_.machine.expired_lists < 2) ++out_.machine.expired_lists;
      return relist(RestartReason::gone, backoff_unless_rested(), error);
    case ApiErrorClass::too_large_version:
    case ApiErrorClass::server_error: {
      const auto reason = error.error_class == ApiErrorClass::server_error ? RestartReason::server_error
                                                                           : RestartReason::too_large_version;
      if (failed_too_often()) continue_token.clear();
      return again(reason, backoff(asked(error)), false, std::move(continue_token), error);
    }
    default:
      // A refused token may be better without; a refused first page is refused for good.
      return relist(RestartReason::rejected, first_page ? long_wait() : backoff(), error);
  }
}

void WatchStepper::on(const watch_input::Ended& input) {
  if (auto* listing = std::get_if<watch_phase::Listing>(&out_.machine.phase)) {
    const Ending how = input.how == Ending::complete ? Ending::interrupted : input.how;
    std::string token = std::move(listing->continue_token);
    // A page that never arrives whole: begin again rather than insist on a token that ages.
    if (how != Ending::refused && failed_too_often()) token.clear();
    return again(reason_of(how), backoff(), false, std::move(token), {});
  }
  if (std::holds_alternative<watch_phase::Opening>(out_.machine.phase)) {
    const Ending how = input.how == Ending::complete ? Ending::interrupted : input.how;
    return rewatch(reason_of(how), backoff());
  }
  if (const auto* watching = std::get_if<watch_phase::Watching>(&out_.machine.phase))
    return watch_ended(input.how, watch_phase::Watching(*watching));
}

void WatchStepper::watch_ended(Ending how, const watch_phase::Watching& watching) {
  // A stream that fills the table and ends before its end mark comes from a server that ignores the question.
  if (watching.initial) {
    if (how == Ending::complete) return fall_back({});
    return rewatch(reason_of(how), backoff());
  }
  // The normal end, a restart of the server, a proxy's idle limit: all go on from the last version at once. Only a
  // stream that gave nothing and did not last might be a loop.
  if (now_ - watching.opened_at < very_short && watching.pods == 0)
    return rewatch(how == Ending::complete ? RestartReason::very_short : reason_of(how), backoff());
  rewatch(reason_of(how), core::Millis(0));
}

void WatchStepper::on(const watch_input::Undecodable&) {
  if (auto* listing = std::get_if<watch_phase::Listing>(&out_.machine.phase)) {
    std::string token = std::move(listing->continue_token);
    if (failed_too_often()) token.clear();
    return again(RestartReason::undecodable, backoff(), false, std::move(token), {});
  }
  const auto* watching = std::get_if<watch_phase::Watching>(&out_.machine.phase);
  if (watching == nullptr) return;
  const bool initial = watching->initial;
  effect(watch_effect::AbortExchange{});
  // The same event comes again at the same version; a list does not have to pass it.
  if (!failed_too_often()) return rewatch(RestartReason::undecodable, backoff());
  if (initial) out_.machine.watch_list_refused = true;
  relist(RestartReason::undecodable, backoff());
}

}  // namespace outrigger::kube
