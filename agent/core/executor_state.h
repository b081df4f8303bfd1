// What a pod means to the driver: one total function from the pod and what we know of its end.
#pragma once
#include "agent/core/executor_record.h"
#include "agent/core/exit_class.h"
#include "agent/core/pod.h"

namespace outrigger::core {

struct ExecutorStatus {
  ExecutorState state = ExecutorState::none;
  ExitVerdict exit;  // exit_class none until the state is final
  bool operator==(const ExecutorStatus& other) const {
    return state == other.state && exit.exit_class == other.exit.exit_class &&
           exit.caused_by_app == other.exit.caused_by_app && exit.exit_code == other.exit.exit_code;
  }
};

struct EndKnowledge {
  bool gone = false;           // DELETED, or a fresh list no longer has it
  bool deleted_by_us = false;  // our delete ledger has its uid
};

// The executor container's end is final even while a sidecar keeps the pod Running. Being deleted is
// terminating until the container has ended or the pod is gone.
ExecutorStatus executor_status(const Pod& pod, const EndKnowledge& end = {});

// Holds a place of its profile: pending, running, unknown, or draining after it had started (S10).
bool counts_as_alive(const Pod& pod, ExecutorState state);

}  // namespace outrigger::core
