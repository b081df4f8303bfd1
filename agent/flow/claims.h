// What the server says of the driver's PersistentVolumeClaims, asked only when a create waits for it (S14). A list that
// fails holds nobody up: for a while nothing is used again.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "agent/core/claim.h"
#include "agent/flow/calls.h"
#include "agent/flow/state.h"
#include "agent/ports/log.h"

namespace outrigger::flow {

class Claims final {
 public:
  struct Seams {
    State& state;
    Calls& calls;
    ports::Clock& clock;
    ports::Log& log;
    std::function<void()> changed;  // the books know more
  };
  explicit Claims(Seams seams) : seams_(std::move(seams)) {}

  // Asks, unless an answer is on its way.
  void want();

 private:
  void ask(std::string continue_token);
  void answered(const Reply& reply);
  void settle();
  void failed(const core::ApiError& error);

  Seams seams_;
  std::vector<core::Claim> found_;
  core::Instant asked_at_{};
  bool asking_ = false, warned_ = false;
};

}  // namespace outrigger::flow
