// Reads the shared `state` of a run directory. Read-only, takes no lock, wakes nobody and is woken by nobody:
// agentctl polls, so that the waiter slots stay the driver's (C11).
#pragma once
#include <string>
#include <vector>

#include "agent/core/result.h"
#include "agent/ctl/commands.h"
#include "agent/ctl/view.h"

namespace outrigger::ctl {

struct Reading {
  View view;
  std::vector<Event> history;  // what the ring still has after `after`, oldest first; filled when asked for
};

struct ReadOptions {
  bool history = false;
  std::uint64_t after = 0;
};

// The error names the directory, the stage at which it failed (C23) and what to do.
Result<Reading> read_state(const std::string& run_directory, const ReadOptions& options);

}  // namespace outrigger::ctl
