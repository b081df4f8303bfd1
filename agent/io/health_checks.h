// What the probes ask, as named questions that the composition root fills in.
#pragma once
#include <functional>
#include <string>
#include <vector>

namespace outrigger::io {

struct HealthVerdict {
  bool ok = false;
  std::string detail;  // one line; shown only with ?verbose and when it failed
};
struct NamedCheck {
  std::string name;  // [a-z0-9-]+
  std::function<HealthVerdict()> ask;
};
// Asked on the loop thread, for each request.
struct HealthChecks {
  std::vector<NamedCheck> startup, live, ready;
};

}  // namespace outrigger::io
