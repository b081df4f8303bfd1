// What the probes are told. Liveness never depends on the API server.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/time.h"

namespace outrigger::flow {

struct HealthCheck {
  std::string_view name;
  bool ok = false;
  std::string detail;  // one line: why
};

struct HealthReport {
  bool started = false;  // the pod table was complete once
  bool ready = false;    // and the last contact is younger than the bound
  bool live = false;     // the loop turns
  std::vector<HealthCheck> checks;
};

struct HealthFacts {
  bool synced_once = false;
  std::optional<core::Instant> last_contact;
  core::Instant last_turn{};
  std::string last_error;  // of the watch, empty if none
  std::string starting;    // before the first sync: how long it has been tried, and what failed last
  core::Millis contact_bound{30'000};
  core::Millis turn_bound{5'000};
};

HealthReport judge_health(const HealthFacts& facts, core::Instant now);

}  // namespace outrigger::flow
