#include "agent/flow/agent.h"

#include <utility>

#include "agent/flow/engine.h"

namespace outrigger::flow {

Agent::Agent(Options options, Ports ports, std::vector<ports::InFlightMark> crashed)
    : engine_(std::make_unique<Engine>(std::move(options), ports, std::move(crashed))) {}
Agent::~Agent() = default;

void Agent::start(Refused on_refused) {
  engine_->start(std::move(on_refused));
}
void Agent::drain(core::Millis deadline, std::function<void(const DrainEnd&)> on_done) {
  engine_->drain(deadline, std::move(on_done));
}
void Agent::serve(GatewayRequest request, GatewayRespond respond) {
  engine_->serve(std::move(request), std::move(respond));
}
HealthReport Agent::health() const {
  return engine_->health();
}

}  // namespace outrigger::flow
