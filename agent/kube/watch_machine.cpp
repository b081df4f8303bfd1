#include "agent/kube/watch_machine.h"

#include <utility>

#include "agent/kube/resource_version.h"
#include "agent/kube/watch_stepper.h"

namespace outrigger::kube {

WatchStep step(WatchMachine&& machine, const WatchInput& input, core::Instant now, std::uint64_t entropy,
               const WatchConfig& config) {
  WatchStep out{std::move(machine), {}, {}};
  WatchStepper stepper(out, now, entropy, config);
  std::visit([&](const auto& what) { stepper.on(what); }, input);
  return out;
}

std::string_view to_string(RestartReason reason) {
  switch (reason) {
    case RestartReason::none:
      return "none";
    case RestartReason::server_timeout:
      return "server_timeout";
    case RestartReason::very_short:
      return "very_short";
    case RestartReason::interrupted:
      return "interrupted";
    case RestartReason::timed_out:
      return "timed_out";
    case RestartReason::refused:
      return "refused";
    case RestartReason::tls:
      return "tls";
    case RestartReason::gone:
      return "gone";
    case RestartReason::too_large_version:
      return "too_large_version";
    case RestartReason::throttled:
      return "throttled";
    case RestartReason::unauthorized:
      return "unauthorized";
    case RestartReason::forbidden:
      return "forbidden";
    case RestartReason::server_error:
      return "server_error";
    case RestartReason::undecodable:
      return "undecodable";
    case RestartReason::watch_list_fallback:
      return "watch_list_fallback";
    case RestartReason::rejected:
      return "rejected";
    case RestartReason::count_:
      break;
  }
  return "unknown";
}

// --- what a step may do ---

void WatchStepper::send_list(std::string continue_token) {
  ListQuery query;
  query.label_selector = config_.label_selector;
  // Twice outlived its snapshot: the whole list in one answer cannot.
  query.limit = out_.machine.expired_lists >= 2 ? 0 : config_.page_limit;
  query.continue_token = continue_token;
  Request request = config_.requests.list(query);
  request.deadline = config_.list_deadline;
  out_.machine.phase = watch_phase::Listing{std::move(continue_token)};
  effect(watch_effect::SendList{std::move(request)});
}

void WatchStepper::send_watch() {
  const bool initial = out_.machine.resume.empty();
  WatchQuery query;
  query.label_selector = config_.label_selector;
  query.resource_version = out_.machine.resume;
  query.timeout = jittered_watch_timeout(entropy_, config_.timeout_bound);
  query.send_initial_events = initial;
  Request request = config_.requests.watch(query);
  request.deadline = core::Millis(query.timeout) + config_.watch_margin;
  out_.machine.phase = watch_phase::Opening{initial};
  effect(watch_effect::SendWatch{std::move(request)});
}

void WatchStepper::send(bool watch, std::string continue_token) {
  if (watch && !out_.machine.resume.empty()) return send_watch();
  if (!continue_token.empty()) return send_list(std::move(continue_token));
  if (streams_first()) return send_watch();
  send_list({});
}

bool WatchStepper::streams_first() const {
  return config_.start_mode == StartMode::watch_list && !out_.machine.watch_list_refused;
}

core::Millis WatchStepper::backoff(core::Millis least) {
  return std::max(least, out_.machine.backoff.failed(now_, entropy_));
}

// The first failure after a quiet time is answered at once; only a repeated one waits.
core::Millis WatchStepper::backoff_unless_rested() {
  const core::Millis delay = out_.machine.backoff.failed(now_, entropy_);
  return out_.machine.backoff.attempt() <= 1 ? core::Millis(0) : delay;
}

void WatchStepper::again(RestartReason reason, core::Millis delay, bool watch, std::string continue_token,
                         core::ApiError error) {
  const bool relist = !watch && continue_token.empty();
  effect(watch_effect::Report{reason, std::move(error), delay, relist});
  if (delay.count() == 0) return send(watch, std::move(continue_token));
  out_.machine.phase = watch_phase::Waiting{watch, std::move(continue_token)};
  effect(watch_effect::StartTimer{delay});
}

void WatchStepper::rewatch(RestartReason reason, core::Millis delay, core::ApiError error) {
  again(reason, delay, true, {}, std::move(error));
}

void WatchStepper::relist(RestartReason reason, core::Millis delay, core::ApiError error) {
  out_.machine.resume.clear();
  out_.machine.failures = 0;
  again(reason, delay, false, {}, std::move(error));
}

void WatchStepper::progress() {
  out_.machine.failures = 0;
  out_.machine.credentials_reloaded = false;
}

bool WatchStepper::failed_too_often() {
  constexpr std::uint8_t bound = 3;
  return ++out_.machine.failures > bound;
}

// --- inputs that are no failures ---

void WatchStepper::on(const watch_input::Start&) {
  if (std::holds_alternative<watch_phase::Idle>(out_.machine.phase)) send(false, {});
}

void WatchStepper::on(const watch_input::Timer&) {
  if (auto* waiting = std::get_if<watch_phase::Waiting>(&out_.machine.phase))
    send(waiting->watch, std::move(waiting->continue_token));
}

void WatchStepper::on(const watch_input::Opened&) {
  const auto* opening = std::get_if<watch_phase::Opening>(&out_.machine.phase);
  if (opening == nullptr) return;
  out_.emit.init = opening->initial;
  out_.machine.credentials_reloaded = false;
  out_.machine.phase = watch_phase::Watching{opening->initial, now_, 0};
}

void WatchStepper::on(const watch_input::Page& input) {
  const auto* listing = std::get_if<watch_phase::Listing>(&out_.machine.phase);
  if (listing == nullptr) return;
  const ListPage& page = *input.page;
  out_.emit.init = listing->continue_token.empty();
  out_.emit.forward = true;
  progress();
  if (!page.continue_token.empty()) return send_list(page.continue_token);
  out_.emit.init_done = to_u64(page.resource_version);
  out_.machine.resume = page.resource_version;
  out_.machine.expired_lists = 0;
  send_watch();
}

void WatchStepper::on(const watch_input::Frame& input) {
  auto* watching = std::get_if<watch_phase::Watching>(&out_.machine.phase);
  if (watching == nullptr) return;
  const WatchFrame& frame = *input.frame;
  if (frame.type == FrameType::error) {
    effect(watch_effect::AbortExchange{});
    return watch_failed(frame.error, watching->initial);
  }
  if (frame.type != FrameType::bookmark) ++watching->pods;
  if (watching->initial) {
    // Synthetic ADDED come in no order of versions: only the end mark is a point to resume from.
    if (frame.type != FrameType::bookmark) {
      out_.emit.forward = true;
      return;
    }
    if (!frame.initial_events_end) return;
    watching->initial = false;
    out_.emit.init_done = to_u64(frame.resource_version);
  } else {
    out_.emit.forward = true;
  }
  out_.machine.resume = frame.resource_version;
  progress();
}

}  // namespace outrigger::kube
