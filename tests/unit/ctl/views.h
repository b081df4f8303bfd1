// Views built by hand, for tests that need no shared memory.
#pragma once
#include <string>

#include "agent/ctl/view.h"

namespace outrigger::ctl::test {

inline Executor executor(std::uint64_t id, core::ExecutorState state, std::uint32_t profile = 0) {
  Executor made;
  made.record.state = state;
  made.record.pod.name = "app-exec-" + std::to_string(id);
  made.record.pod.executor_id = {id};
  made.record.pod.profile = {profile};
  made.record.pod.created_at_ms = 1'000'000;
  made.sequence = id;
  return made;
}

// An agent that is alive, in sync, with its driver ready, read 60 s after its pods were created.
inline View healthy_view() {
  View view;
  view.run_directory = "/run/outrigger";
  view.agent.alive = true;
  view.agent.generation = 7;
  view.agent.heartbeat_age = core::Nanos{5'000'000};
  view.agent.contact_age = core::Nanos{40'000'000};
  view.agent.capacity = 4096;
  view.control.session = core::SessionState::ready;
  view.control.synced = true;
  view.read_at_ms = 1'060'000;
  return view;
}

}  // namespace outrigger::ctl::test
