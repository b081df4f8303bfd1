// Runs the watch machine against the Http port: sends what it asks for, decodes in the body callback, and tells one
// consumer, in order, what the server said. No transfer is ever paused; a frame over its bound drops the connection.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/pod_event.h"
#include "agent/flow/start_guard.h"
#include "agent/kube/watch_machine.h"
#include "agent/kube/watch_stream.h"
#include "agent/metrics/catalog.h"
#include "agent/ports/clock.h"
#include "agent/ports/entropy.h"
#include "agent/ports/http.h"
#include "agent/ports/log.h"
#include "agent/ports/timers.h"

namespace outrigger::flow {

class Reflector final {
 public:
  struct Seams {
    ports::Http& http;
    ports::Timers& timers;
    ports::Clock& clock;
    ports::Entropy& entropy;
    ports::Log& log;
    metrics::Watch metrics;  // empty handles swallow what they are told
    std::function<void(core::PodEvent)> consume;
    std::function<void()> changed;  // contact, state or error changed; may be called often
    // A list or watch failed; true: nothing more is to be said about it. May be empty.
    std::function<bool(const StartFault&)> failed = {};
  };
  Reflector(Seams seams, const std::string& container_name);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  // A server that will answer a watch does so at once: no head after this long is a connection that swallows
  // requests, and the watch's own deadline is minutes away.
  static constexpr core::Millis open_deadline{30'000};
  // Where a change was accepted an event follows at once: none after this long is a connection that acknowledges and
  // delivers nothing (a proxy, a black hole). The watch is opened again where it was; no list.
  static constexpr core::Millis news_deadline{15'000};

  void start(kube::WatchConfig config);
  void stop();

  // The server has accepted a change, asked for at `since`, of a pod that this watch shows.
  void owed(core::Instant since);

  bool started() const { return started_; }
  // The watch is open: a connection that were dead would have been ended by keepalive or its deadline, so this is
  // contact even when nothing happens. A missing bookmark proves nothing.
  bool watching() const;
  bool watched_once() const { return watched_once_; }
  // When the server last told about pods; nullopt = not yet. A refusal is a sign of life, but the view ages on.
  std::optional<core::Instant> last_contact() const;
  // Of the newest restart that was an error; error_class none once the watch is open again.
  const core::ApiError& last_error() const { return last_error_; }

 private:
  class Exchange;
  void feed(const kube::WatchInput& input, kube::WatchFrame* frame, kube::ListPage* page);
  void tell(const kube::WatchEmit& emit, kube::WatchFrame* frame, kube::ListPage* page);
  void carry_out(kube::WatchEffect& effect);
  void send(kube::Request request, bool watch);
  void abort_exchange();
  void report(const kube::watch_effect::Report& report);
  void touch();

  Seams seams_;
  std::optional<kube::WatchConfig> config_;
  kube::WatchMachine machine_;
  kube::WatchStream stream_;
  kube::PodDecoder decoder_;
  kube::WatchFrame frame_;
  kube::ListPage page_;
  std::unique_ptr<Exchange> exchange_;
  std::vector<std::unique_ptr<Exchange>> dying_;  // aborted inside their own callback: their end still comes
  void heard(kube::FrameType type);
  void give_up(std::string why);
  ports::TimerId timer_ = 0, opening_ = 0, news_ = 0;
  std::optional<core::Instant> last_event_;
  std::optional<core::Instant> contact_;
  core::ApiError last_error_;
  core::Instant list_began_{};
  kube::Verb asked_ = kube::Verb::list;
  bool watched_once_ = false;
  bool started_ = false;
};

}  // namespace outrigger::flow
