#include "tests/apiserver/faults/engine.h"

#include <algorithm>

namespace outrigger::apiserver {
namespace {

bool lists(const std::vector<std::string>& values, std::string_view value) {
  return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

std::string_view reason_of(int code) {
  switch (code) {
    case 400:
      return "BadRequest";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "NotFound";
    case 409:
      return "Conflict";
    case 410:
      return "Expired";
    case 422:
      return "Invalid";
    case 429:
      return "TooManyRequests";
    case 500:
      return "InternalError";
    case 503:
      return "ServiceUnavailable";
    case 504:
      return "Timeout";
    default:
      return "Unknown";
  }
}

}  // namespace

void FaultEngine::load(FaultScript script) {
  for (const TimerId timer : timers_) clock_.cancel(timer);
  timers_.clear();
  actions_.mute(false);
  armed_.clear();
  random_.seed(script.seed);
  loaded_at_ms_ = clock_.steady_ms();
  for (auto& fault : script.faults) armed_.push_back({std::move(fault)});
  for (std::size_t i = 0; i < armed_.size(); ++i) {
    if (is_moment(armed_[i].fault.kind))
      timers_.push_back(clock_.after(armed_[i].fault.after, [this, i] { start_moment(i); }));
  }
}

void FaultEngine::start_moment(std::size_t index) {
  Armed& armed = armed_[index];
  const Fault& fault = armed.fault;
  ++armed.struck;
  switch (fault.kind) {
    case FaultKind::mute:
      actions_.mute(true);
      if (fault.until)
        timers_.push_back(clock_.after(*fault.until - fault.after, [this] { actions_.mute(false); }));
      break;
    case FaultKind::compact:
      actions_.compact();
      break;
    case FaultKind::drop_watches:
      actions_.drop_watches();
      break;
    case FaultKind::black_hole_all:
      actions_.black_hole_all();
      break;
    case FaultKind::restart:
      actions_.restart(fault.down);
      break;
    default:
      break;
  }
}

bool FaultEngine::in_window(const Fault& fault) const {
  const Millis age(clock_.steady_ms() - loaded_at_ms_);
  return age >= fault.after && (!fault.until || age < *fault.until);
}

Millis FaultEngine::pick(const DurationRange& range) {
  const auto width = static_cast<std::uint64_t>((range.most - range.least).count()) + 1;
  return range.least + Millis(static_cast<std::int64_t>(random_() % width));
}

bool FaultEngine::strikes(Armed& armed, const FaultedRequest& request) {
  const Fault& fault = armed.fault;
  if (is_moment(fault.kind) || !in_window(fault)) return false;
  if (request.verb == "connect" ? !(fault.verbs.size() == 1 && fault.verbs[0] == "connect")
                                : !lists(fault.verbs, request.verb))
    return false;
  if (!lists(fault.resources, request.resource)) return false;
  if (!fault.name_contains.empty() && request.name.find(fault.name_contains) == std::string_view::npos)
    return false;
  const bool stream =
      fault.kind == FaultKind::cut || fault.kind == FaultKind::truncate || fault.kind == FaultKind::expire;
  if (stream && request.verb != "watch") return false;
  if (fault.kind == FaultKind::quota && pods_in_(request.name_space) < fault.limit) return false;
  if (++armed.seen <= fault.skip) return false;
  if (fault.count && armed.struck >= *fault.count) return false;
  if (fault.probability < 1.0) {
    const double dice = static_cast<double>(random_() >> 11) * 0x1.0p-53;
    if (dice >= fault.probability) return false;
  }
  ++armed.struck;
  return true;
}

Verdict FaultEngine::judge(const FaultedRequest& request) {
  Verdict verdict;
  for (Armed& armed : armed_) {
    const bool decided = verdict.action != Verdict::Action::serve;
    if ((decided && armed.fault.kind != FaultKind::latency) || !strikes(armed, request)) continue;
    const Fault& fault = armed.fault;
    switch (fault.kind) {
      case FaultKind::latency:
        verdict.delay += pick(fault.time);
        break;
      case FaultKind::drop:
        verdict.action = Verdict::Action::drop;
        break;
      case FaultKind::black_hole:
        verdict.action = Verdict::Action::black_hole;
        break;
      case FaultKind::lose_reply:
        verdict.action = Verdict::Action::lose_reply;
        break;
      case FaultKind::late:
        verdict.action = Verdict::Action::late;
        verdict.late = pick(fault.time);
        verdict.late_waits = fault.wait;
        break;
      case FaultKind::cut:
        verdict.stream = {StreamFault::Kind::cut, fault.after_events};
        break;
      case FaultKind::truncate:
        verdict.stream = {StreamFault::Kind::truncate, fault.after_events};
        break;
      case FaultKind::expire:
        verdict.stream = {StreamFault::Kind::expire, fault.after_events};
        break;
      default:
        verdict.action = Verdict::Action::answer;
        verdict.answer = answer_of(fault, request);
        break;
    }
  }
  return verdict;
}

HttpResponse FaultEngine::answer_of(const Fault& fault, const FaultedRequest& request) const {
  const std::string name(request.name);
  switch (fault.kind) {
    case FaultKind::throttle:
      return fault.json ? status::too_many_requests_json(fault.retry_after_s)
                        : status::too_many_requests_text(fault.retry_after_s);
    case FaultKind::quota: {
      const std::string limit = std::to_string(fault.limit);
      return status::forbidden_object(request.resource, name,
                                      "exceeded quota: " + fault.quota + ", requested: pods=1, used: pods=" +
                                          std::to_string(pods_in_(request.name_space)) +
                                          ", limited: pods=" + limit);
    }
    case FaultKind::webhook_deny:
      return failure({.code = fault.code,
                      .reason = fault.reason.empty() ? (fault.code == 403 ? "Forbidden" : "") : fault.reason,
                      .message = "admission webhook \"" + fault.webhook + "\" denied the request" +
                                 (fault.message.empty() ? " without explanation" : ": " + fault.message)});
    case FaultKind::webhook_down:
      return status::internal_error(
          "failed calling webhook \"" + fault.webhook +
          "\": failed to call webhook: Post \"https://webhook.webhooks.svc:443/mutate?timeout=10s\": " +
          (fault.message.empty() ? "dial tcp 10.96.0.10:443: connect: connection refused" : fault.message));
    default:
      break;
  }
  return failure(
      {.code = fault.code,
       .reason = fault.reason.empty() ? std::string(reason_of(fault.code)) : fault.reason,
       .message = fault.message.empty() ? "an error was injected by the fault script" : fault.message,
       .retry_after_s = fault.code == 503 || fault.code == 429 ? fault.retry_after_s : 0});
}

bool FaultEngine::reads_names() const {
  return std::any_of(armed_.begin(), armed_.end(), [](const Armed& armed) {
    return !armed.fault.name_contains.empty() || armed.fault.kind == FaultKind::quota;
  });
}

Verdict::Action FaultEngine::at_connect() {
  return judge({.verb = "connect", .resource = {}, .name_space = {}, .name = {}}).action;
}

Json FaultEngine::report() const {
  Json list = Json::array();
  for (const Armed& armed : armed_) {
    list.push_back(Json{{"kind", to_string(armed.fault.kind)},
                        {"verbs", armed.fault.verbs},
                        {"seen", armed.seen},
                        {"struck", armed.struck}});
  }
  return list;
}

}  // namespace outrigger::apiserver
