// A watch machine with a clock in hand: feeds inputs, keeps the last step, and answers questions about it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "agent/kube/watch_machine.h"

namespace outrigger::kube::testing {

class Scene {
 public:
  explicit Scene(StartMode mode = StartMode::list);

  WatchConfig config;
  WatchMachine machine;
  WatchStep last;  // its machine has moved on
  core::Instant now{};
  std::uint64_t entropy = 0;

  Scene& feed(const WatchInput& input);
  Scene& start() { return feed(watch_input::Start{}); }
  Scene& opened() { return feed(watch_input::Opened{}); }
  Scene& timer();  // fires after exactly the asked delay
  Scene& page(const std::string& version, const std::string& continue_token = "");
  Scene& pod(FrameType type, const std::string& version);
  Scene& bookmark(const std::string& version, bool initial_events_end = false);
  Scene& in_band(core::ApiErrorClass error, std::uint16_t code, std::optional<int> retry_after_s = {});
  Scene& failed(core::ApiErrorClass error, std::uint16_t code, std::optional<int> retry_after_s = {});
  Scene& ended(Ending how) { return feed(watch_input::Ended{how}); }
  Scene& undecodable() { return feed(watch_input::Undecodable{}); }
  Scene& pass(core::Millis time);

  // A machine that watches from version 100, opened long ago.
  Scene& watching();
  Scene& listing_page_2();

  template <class Effect>
  const Effect* effect() const {
    for (const WatchEffect& one : last.effects) {
      if (const auto* found = std::get_if<Effect>(&one)) return found;
    }
    return nullptr;
  }
  std::string sent() const;  // target of the request of the last step; empty = none
  bool waits() const { return effect<watch_effect::StartTimer>() != nullptr; }
  core::Millis delay() const;    // of the timer; 0 = none
  RestartReason reason() const;  // reported by the last step; none = no report
  bool relists() const;          // reported so
  bool aborts() const { return effect<watch_effect::AbortExchange>() != nullptr; }
  bool reloads() const { return effect<watch_effect::ReloadCredentials>() != nullptr; }
};

// Parts of a target.
bool is_list(const std::string& target);
bool is_watch_from(const std::string& target, const std::string& version);
bool has(const std::string& target, const std::string& part);

}  // namespace outrigger::kube::testing
