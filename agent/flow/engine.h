// Composition of the flow: owns the state and the pumps, decides once per turn after every change, publishes, then acts.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/flow/actuator.h"
#include "agent/flow/agent.h"
#include "agent/flow/calls.h"
#include "agent/flow/claims.h"
#include "agent/flow/command_loop.h"
#include "agent/flow/gateway.h"
#include "agent/flow/lifecycle.h"
#include "agent/flow/publisher.h"
#include "agent/flow/recovery.h"
#include "agent/flow/reflector.h"
#include "agent/flow/start_guard.h"
#include "agent/flow/state.h"
#include "agent/metrics/catalog.h"

namespace outrigger::flow {

class Agent::Engine final {
 public:
  Engine(Options options, Ports ports, std::vector<ports::InFlightMark> crashed);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void start(Refused on_refused);
  void drain(core::Millis deadline, std::function<void(const DrainEnd&)> on_done);
  void serve(GatewayRequest request, GatewayRespond respond);
  HealthReport health() const;

 private:
  struct Meters;  // copies of the catalog's handles; empty ones swallow what they are told
  core::Moment moment() const;
  void schedule();
  void turn();
  void wake_at(core::Instant at);
  void heartbeat();
  void watch_for_pods();
  bool settled();
  bool start_failed(const StartFault& fault);
  void start_due();
  void refuse(std::string line);
  void consume(core::PodEvent event);
  void greeted(bool another);
  void config_map_made();
  void publish(const core::PodDelta& delta);
  void publish(const core::Actions& actions);
  void publish_pod(const core::PodRow& row);
  void publish_status(const core::Actions& actions);
  void measure();
  bool stale() const;
  void stop();

  Ports ports_;
  std::unique_ptr<Meters> meters_;
  State state_;
  Publisher publisher_;
  Calls calls_;
  Claims claims_;
  Actuator actuator_;
  Recovery recovery_;
  Lifecycle lifecycle_;
  CommandLoop commands_;
  Reflector reflector_;
  Gateway gateway_;
  StartGuard guard_;
  Refused on_refused_;   // empty: nothing is refused
  std::string refusal_;  // told at the next turn
  core::Instant last_turn_;
  std::string config_map_of_;       // the driver incarnation whose ConfigMap has passed the gateway
  core::Instant config_map_due_{};  // no create before (S12); 0 = it is there, or nobody waits for it
  ports::TimerId turn_ = 0, wake_ = 0, heartbeat_ = 0, start_ = 0;
  core::Instant wake_due_{};
  bool synced_once_ = false;
  bool stopped_ = false;
};

}  // namespace outrigger::flow
