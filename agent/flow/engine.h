// Composition of the flow: owns the state and the pumps, decides once per turn after every change, publishes, then acts.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/flow/actuator.h"
#include "agent/flow/agent.h"
#include "agent/flow/calls.h"
#include "agent/flow/command_loop.h"
#include "agent/flow/lifecycle.h"
#include "agent/flow/publisher.h"
#include "agent/flow/recovery.h"
#include "agent/flow/reflector.h"
#include "agent/flow/state.h"
#include "agent/metrics/catalog.h"

namespace outrigger::flow {

class Agent::Engine final {
 public:
  Engine(Options options, Ports ports, std::vector<ports::InFlightMark> crashed);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void start();
  void drain(core::Millis deadline, std::function<void(const DrainEnd&)> on_done);
  HealthReport health() const;

 private:
  struct Meters;  // copies of the catalog's handles; empty ones swallow what they are told
  core::Moment moment() const;
  void schedule();
  void turn();
  void wake_at(core::Instant at);
  void heartbeat();
  void consume(core::PodEvent event);
  void greeted(bool another);
  void publish(const core::PodDelta& delta);
  void publish(const core::Actions& actions);
  void publish_pod(const core::PodRow& row);
  void publish_status(const core::Actions& actions);
  void measure();
  bool stale() const;
  void stop();

  Ports x_ports;
  std::unique_ptr<Meters> x_meters;
  State x_state;
  Publisher x_publisher;
  Calls x_calls;
  Actuator x_actuator;
  Recovery x_recovery;
  Lifecycle x_lifecycle;
  CommandLoop x_commands;
  Reflector x_reflector;
  core::Instant x_last_turn;
  ports::TimerId x_turn = 0, x_wake = 0, x_heartbeat = 0;
  core::Instant x_wake_due{};
  bool x_synced_once = false;
  bool x_stopped = false;
};

}  // namespace outrigger::flow
