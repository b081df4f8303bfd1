// One seed: a world with an API server, a network, a kubelet, a driver and the agent; faults for a while,
// then quiet, then the end. What must hold is checked all the time and at rest.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
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
  std::uint64_t reused = 0;             // claims that another pod had before
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
  void check_claims(const std::string& name, const Json& pod);
  void check_deleting(const Json& pod, const std::string& how);
  std::vector<std::string> differences();
  void settle();
  void end_by_drain();

  std::function<void(const std::string&)> trace_;
  test::ManualClock clock_;
  test::ManualTimers timers_{clock_};
  test::ManualEntropy random_;
  SimServer server_;
  SimNetwork net_;
  SimKubelet kubelet_;
  CrashPoint crash_;
  std::shared_ptr<SimSink> sink_;
  std::unique_ptr<Incarnation> agent_;
  std::unique_ptr<SimDriver> driver_;
  std::vector<ports::InFlightMark> left_marks_;
  std::map<core::ProfileId, std::uint32_t> highest_target_;
  std::set<std::string> mounted_;  // claims that some pod has had
  std::uint64_t uncertain_ =
      0;  // creates whose outcome the agent could not know: lost, late, or cut by a crash
  std::uint64_t driver_number_ = 0;
  std::uint32_t size_ = 15;  // targets are below
  bool draining_ = false, done_ = false;
  Outcome outcome_;
};

}  // namespace outrigger::sim
