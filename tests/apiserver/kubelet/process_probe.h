// Startup, readiness and liveness of one container: asks again and again, counts, tells changes.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "tests/apiserver/base/clock.h"
#include "tests/apiserver/base/json.h"

namespace outrigger::apiserver {

// Asks once; `then` is called later, at most once, with the answer.
using Ask = std::function<void(const Json& handler, Millis timeout, std::function<void(bool)> then)>;

class Prober {
 public:
  Prober(Clock& clock, Json probe, Ask ask, std::function<void(bool)> on_result);
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

 private:
  void plan(Millis delay);
  void probe();
  void answered(bool success);

  Clock& clock_;
  Json probe_;
  Ask ask_;
  std::function<void(bool)> on_result_;  // each time a threshold is reached anew
  TimerId timer_ = 0;
  int successes_ = 0;
  int failures_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace outrigger::apiserver
