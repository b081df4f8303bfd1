// Applies a fault script: a verdict for each request, and moments on timers.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/apiserver/api/status.h"
#include "tests/apiserver/api/watch.h"
#include "tests/apiserver/base/clock.h"
#include "tests/apiserver/faults/script.h"

namespace outrigger::apiserver {

struct FaultedRequest {
  std::string_view verb;
  std::string_view resource;  // plural
  std::string_view name_space;
  std::string_view name;  // of the object, if the request or its body has one
};

struct Verdict {
  enum class Action : std::uint8_t { serve, answer, drop, black_hole, lose_reply, late };
  Action action = Action::serve;
  Millis delay{0};      // before anything else
  HttpResponse answer;  // Action::answer
  Millis late{0};
  bool late_waits = false;
  StreamFault stream;
};

// What moments do; set by the server.
struct FaultActions {
  std::function<void(bool)> mute;
  std::function<void()> compact;
  std::function<void()> drop_watches;
  std::function<void()> black_hole_all;
  std::function<void(Millis)> restart;
};

class FaultEngine {
 public:
  // `pods_in` counts the pods of a namespace that still use quota.
  FaultEngine(Clock& clock, FaultActions actions, std::function<std::int64_t(std::string_view)> pods_in)
      : clock_(clock), actions_(std::move(actions)), pods_in_(std::move(pods_in)) {}

  void load(FaultScript script);  // replaces the one before
  Verdict judge(const FaultedRequest& request);
  Verdict::Action at_connect();
  // Whether the name in a create's body matters to any fault.
  bool reads_names() const;
  // Kind and line of each fault with how often it struck.
  Json report() const;

 private:
  struct Armed {
    Fault fault;
    std::int64_t seen = 0;
    std::int64_t struck = 0;
  };
  bool strikes(Armed& armed, const FaultedRequest& request);
  bool in_window(const Fault& fault) const;
  void start_moment(std::size_t index);
  Millis pick(const DurationRange& range);
  HttpResponse answer_of(const Fault& fault, const FaultedRequest& request) const;

  Clock& clock_;
  FaultActions actions_;
  std::function<std::int64_t(std::string_view)> pods_in_;
  std::vector<Armed> armed_;
  std::vector<TimerId> timers_;
  std::mt19937_64 random_{1};
  std::int64_t loaded_at_ms_ = 0;
};

}  // namespace outrigger::apiserver
