// The whole agent between its ports: what the product and the simulation both run. One object is one
// incarnation. Loop thread only. Destroying it is what a crash looks like from outside: timers and exchanges
// end, nobody is told.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/flow/drain_end.h"
#include "agent/flow/gateway_call.h"
#include "agent/flow/health.h"
#include "agent/flow/options.h"
#include "agent/ports/clock.h"
#include "agent/ports/command_source.h"
#include "agent/ports/entropy.h"
#include "agent/ports/http.h"
#include "agent/ports/log.h"
#include "agent/ports/snapshot_sink.h"
#include "agent/ports/timers.h"

namespace outrigger::metrics {
class Catalog;
}

namespace outrigger::flow {

// Not owned; all must outlive the agent.
struct Ports {
  ports::Http& http;
  ports::Timers& timers;
  ports::Clock& clock;
  ports::Entropy& entropy;
  ports::SnapshotSink& sink;
  ports::CommandSource& commands;
  ports::Log& log;
  metrics::Catalog* metrics = nullptr;  // none in the simulation
};

class Agent final {
 public:
  // `crashed`: what the previous incarnation had in flight (C19), read from its state file.
  Agent(Options options, Ports ports, std::vector<ports::InFlightMark> crashed);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // `on_refused`: before the first sync something failed that waiting cannot change, or for too long; the line says what.
  // Called once, after everything has stopped. Without it the agent tries without end.
  using Refused = std::function<void(const std::string&)>;
  void start(Refused on_refused = {});
  // SIGTERM: no more creates; what is in flight settles; the executors are deleted when the driver is gone or
  // has asked for it; then `on_done`, once, at the latest after `deadline`.
  void drain(core::Millis deadline, std::function<void(const DrainEnd&)> on_done);

  // A call that the driver's own client makes (S28-S31). `respond` runs exactly once, possibly inside; never after the
  // agent is gone.
  void serve(GatewayRequest request, GatewayRespond respond);

  HealthReport health() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace outrigger::flow
