// One seed: a world with an API server, a network, a kubelet, a driver and the agent; faults for a while,
// then quiet, then the end. What must hold is checked all the time and at rest.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/flow/agent.h"
#include "tests/sim/sim_driver.h"
#include "tests/sim/sim_kubelet.h"
#include "tests/sim/sim_network.h"
#include "tests/support/fake_log.h"

namespace outrigger::sim {

struct Outcome {
  std::vector<std::string> violations;  // empty = the seed passed
  std::uint64_t created = 0, deaths = 0, agent_crashes = 0, driver_crashes = 0, requests = 0, lists = 0,
                steps = 0;
};

class SimWorld {
 public:
  SimWorld(std::uint64_t seed, std::function<void(const std::string&)> trace);
  ~SimWorld();
  Outcome run();

 private:
  struct Incarnation;
  void start_agent();
  void crash_agent();
  void start_driver();
  void crash_driver();
  void attach();
  void plan_faults();
  void disturb();
  void run_for(core::Nanos time);
  bool step();  // one timer; false = nothing left
  void fail(const std::string& what);
  void say(const std::string& what);

  // what must hold
  void check_created(const std::string& name);
  void check_deleting(const Json& pod, const std::string& how);
  std::vector<std::string> differences();
  void settle();
  void end_by_drain();

  std::function<void(const std::string&)> x_trace;
  test::ManualClock x_clock;
  test::ManualTimers x_timers{x_clock};
  test::ManualEntropy x_random;
  SimServer x_server;
  SimNetwork x_net;
  SimKubelet x_kubelet;
  CrashPoint x_crash;
  std::shared_ptr<SimSink> x_sink;
  std::unique_ptr<Incarnation> x_agent;
  std::unique_ptr<SimDriver> x_driver;
  std::vector<ports::InFlightMark> x_left_marks;
  std::map<core::ProfileId, std::uint32_t> x_highest_target;
  std::uint64_t x_uncertain =
      0;  // creates whose outcome the agent could not know: lost, late, or cut by a crash
  std::uint64_t x_driver_number = 0;
  std::uint32_t x_size = 15;  // targets are below
  bool x_draining = false, x_done = false;
  Outcome x_outcome;
};

}  // namespace outrigger::sim
