// The list/watch protocol as values: a variant of phases and one step function. No clock, no timer, no
// socket: time and entropy come in, effects go out. What the reflector (flow) does with it:
//
//   1. step(machine, Start{}) and carry out the effects in order.
//   2. LIST: collect the body (limits::list_page_bytes); 2xx -> decode -> Page; else Failed{decode_error()}.
//      WATCH: on a 2xx head -> Opened; each decoded frame -> Frame; the end -> Ended. Other heads: collect,
//      Failed. No answer, or one cut short -> Ended. Undecodable body or frame -> Undecodable.
//   3. After each step tell the pod table what `emit` says, in the order init, pods, init_done.
// After AbortExchange the exchange is cancelled and nothing more of it may be fed in. At most one exchange
// and one timer exist at a time, never both.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/core/api_error.h"
#include "agent/core/backoff.h"
#include "agent/core/time.h"
#include "agent/kube/pod_decoder.h"
#include "agent/kube/requests.h"

namespace outrigger::kube {

// Why a list or a watch was started again; the label values of the metric.
enum class RestartReason : std::uint8_t {
  none = 0,
  server_timeout,  // the watch reached its timeoutSeconds: the normal end
  very_short,      // a watch under 1 s without an event
  interrupted,     // EOF inside, reset, GOAWAY
  timed_out,       // our deadline or a stall
  refused,         // no connection
  tls,
  gone,  // 410 in either shape
  too_large_version,
  throttled,
  unauthorized,
  forbidden,
  server_error,
  undecodable,          // a frame or page that is no JSON of ours, or over its bound
  watch_list_fallback,  // the server has no WatchList
  rejected,             // 400, 404, 422 ...: the request itself is refused
  count_
};
std::string_view to_string(RestartReason reason);

// How an exchange ended below HTTP (the values of ports::Transport, without its room).
enum class Ending : std::uint8_t { complete, refused, interrupted, timed_out, tls };

namespace watch_input {
struct Start {};
struct Opened {};  // 2xx head of a watch
struct Frame {
  const WatchFrame* frame;
};
struct Page {
  const ListPage* page;
};
struct Failed {
  core::ApiError error;  // the whole answer, not 2xx
};
struct Ended {
  Ending how;  // complete: only for a watch after Opened
};
struct Undecodable {};
struct Timer {};
}  // namespace watch_input
using WatchInput =
    std::variant<watch_input::Start, watch_input::Opened, watch_input::Frame, watch_input::Page,
                 watch_input::Failed, watch_input::Ended, watch_input::Undecodable, watch_input::Timer>;

namespace watch_effect {
struct SendList {
  Request request;
};
struct SendWatch {
  Request request;
};
struct StartTimer {
  core::Millis delay;
};
struct AbortExchange {};
struct ReloadCredentials {};
// For the log, the metric and the control record. `relist`: the resume point is lost.
struct Report {
  RestartReason reason;
  core::ApiError error;  // class none when there was no answer to classify
  core::Millis delay;    // until the next attempt
  bool relist;
};
}  // namespace watch_effect
using WatchEffect =
    std::variant<watch_effect::SendList, watch_effect::SendWatch, watch_effect::StartTimer,
                 watch_effect::AbortExchange, watch_effect::ReloadCredentials, watch_effect::Report>;

// What the pod table is told, in this order. The pods stay where they were decoded: no copy on the hot path.
struct WatchEmit {
  bool init = false;                       // PodInit: a fresh list begins
  bool forward = false;                    // then Frame's event, or every pod of the Page as PodApplied
  std::optional<std::uint64_t> init_done;  // then PodInitDone
};

enum class StartMode : std::uint8_t {
  list,        // consistent, paged
  watch_list,  // sendInitialEvents, falls back to list for good when the server refuses it
};

struct WatchConfig {
  Requests requests;
  std::string label_selector;
  std::uint32_t page_limit = core::limits::list_page_pods;
  StartMode start_mode = StartMode::list;
  std::chrono::seconds timeout_bound{0};  // > 0: shorter watches, for proxies that acknowledge TCP
  core::Millis watch_margin{15'000};      // client-side deadline = timeoutSeconds + margin
  core::Millis list_deadline{60'000};     // one page
};

namespace watch_phase {
struct Idle {};
struct Listing {
  std::string continue_token;  // of the page that was asked for; empty = first
};
struct Opening {
  bool initial = false;  // WatchList: the table is filled by this stream
};
struct Watching {
  bool initial = false;
  core::Instant opened_at{};
  std::uint64_t pods = 0;  // events of pods on this stream
};
struct Waiting {       // for the timer
  bool watch = false;  // then a watch, else a list
  std::string continue_token;
};
}  // namespace watch_phase
using WatchPhase = std::variant<watch_phase::Idle, watch_phase::Listing, watch_phase::Opening,
                                watch_phase::Watching, watch_phase::Waiting>;

struct WatchMachine {
  WatchPhase phase;
  std::string resume;  // version to watch from; empty = the table must be filled first
  core::WatchBackoff backoff;
  std::uint8_t failures = 0;  // in a row without progress, of the kinds that may be the resume point's fault
  std::uint8_t expired_lists = 0;  // paged lists that outlived their snapshot, in a row
  bool credentials_reloaded = false;
  bool watch_list_refused = false;  // by this server: never asked again
};

struct WatchStep {
  WatchMachine machine;
  std::vector<WatchEffect> effects;
  WatchEmit emit;
};

// Inputs that a phase cannot have (a frame while waiting) are ignored: the exchange was aborted.
// The machine is moved through: m = step(std::move(m), ...).machine.
WatchStep step(WatchMachine&& machine, const WatchInput& input, core::Instant now, std::uint64_t entropy,
               const WatchConfig& config);

}  // namespace outrigger::kube
