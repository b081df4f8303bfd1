// The conditions of `agentctl wait --for=...`.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/core/executor_record.h"
#include "agent/core/result.h"
#include "agent/ctl/view.h"

namespace outrigger::ctl {

class Condition {
 public:
  // synced | ready | drained | running=N | pod/ID=STATE (a state, or `gone`).
  static Result<Condition> parse(std::string_view text);

  // Empty when it holds; else what is missing: "running is 57, not 100".
  std::string missing(const View& view) const;

 private:
  enum class Kind { synced, ready, drained, running, pod };
  Kind kind_ = Kind::synced;
  std::uint64_t number_ = 0;  // executors, or the executor's id
  core::ExecutorState state_ = core::ExecutorState::none;
  bool gone_ = false;
};

}  // namespace outrigger::ctl
