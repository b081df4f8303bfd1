// The calls that Spark still makes through fabric8, answered by the agent: from the pod table, by our own deletes, or
// forwarded with the agent's credential; everything else is a Kubernetes Status 403 that says why. Loop thread only.
#pragma once
#include <functional>
#include <string>

#include "agent/flow/calls.h"
#include "agent/flow/gateway_rules.h"
#include "agent/flow/state.h"
#include "agent/ports/log.h"

namespace outrigger::flow {

class Gateway final {
 public:
  struct Seams {
    State& state;
    Calls& calls;
    ports::Log& log;
    std::function<void()> changed;                                     // decide again
    std::function<void()> config_map_made;                             // S12
    std::function<void(std::string_view rule, unsigned code)> judged;  // counts
  };
  explicit Gateway(Seams seams) : seams_(std::move(seams)) {}
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // `respond` runs exactly once, possibly inside; never after the gateway or its Calls are gone.
  void handle(GatewayRequest request, GatewayRespond respond);

 private:
  void pass_on(GatewayVerdict verdict, GatewayRespond respond);
  bool ours(std::string_view name) const;
  GatewayAnswer list(const GatewayVerdict& verdict) const;
  GatewayAnswer remove(const GatewayVerdict& verdict);

  Seams seams_;
};

}  // namespace outrigger::flow
