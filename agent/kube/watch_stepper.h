// Private to the watch machine: one step in the making.
#pragma once
#include <string>
#include <utility>

#include "agent/kube/watch_machine.h"

namespace outrigger::kube {

class WatchStepper {
 public:
  WatchStepper(WatchStep& out, core::Instant now, std::uint64_t entropy, const WatchConfig& config)
      : out_(out), now_(now), entropy_(entropy), config_(config) {}

  void on(const watch_input::Start&);
  void on(const watch_input::Opened&);
  void on(const watch_input::Frame& input);
  void on(const watch_input::Page& input);
  void on(const watch_input::Failed& input);
  void on(const watch_input::Ended& input);
  void on(const watch_input::Undecodable&);
  void on(const watch_input::Timer&);

 private:
  template <class Effect>
  void effect(Effect what) {
    out_.effects.emplace_back(std::in_place_type<Effect>, std::move(what));
  }
  void send_list(std::string continue_token);
  void send_watch();
  void send(bool watch, std::string continue_token);
  bool streams_first() const;

  core::Millis backoff(core::Millis least = core::Millis(0));
  core::Millis backoff_unless_rested();
  core::Millis long_wait();
  void again(RestartReason reason, core::Millis delay, bool watch, std::string continue_token,
             core::ApiError error);
  void rewatch(RestartReason reason, core::Millis delay, core::ApiError error = {});
  void relist(RestartReason reason, core::Millis delay, core::ApiError error = {});
  void fall_back(core::ApiError error);
  void progress();
  bool failed_too_often();

  void watch_failed(const core::ApiError& error, bool initial);
  void list_failed(const core::ApiError& error, std::string continue_token);
  void watch_ended(Ending how, const watch_phase::Watching& watching);
  bool common_failure(const core::ApiError& error, bool watch, const std::string& continue_token);

  WatchStep& out_;
  core::Instant now_;
  std::uint64_t entropy_;
  const WatchConfig& config_;
};

}  // namespace outrigger::kube
