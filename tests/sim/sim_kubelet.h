// What happens to pods after they were created: scheduling, start, death, removal. Seeded.
#pragma once
#include <set>
#include <string>

#include "tests/sim/sim_network.h"

namespace outrigger::sim {

struct KubeletFaults {
  std::uint32_t never_scheduled = 0;  // per mille of pods
  std::uint32_t slow_start = 0;       // tens of seconds from creation to Running
  std::uint32_t dies = 0;             // ends by itself within 100 s
  bool quiet = false;                 // no new deaths
};

class SimKubelet {
 public:
  explicit SimKubelet(SimNetwork& net);

  // A pod that runs now dies of something.
  void kill_one();
  // Its process ends by itself with an error.
  void exit_one(const std::string& name);
  // Everything that was kept from its node gets one.
  void schedule_all();

  KubeletFaults faults;
  std::uint64_t deaths = 0;

 private:
  bool hit(std::uint32_t per_mille) { return net_.random.below(1000) < per_mille; }
  void bind(const std::string& name, const std::string& uid);
  void run(const std::string& name, const std::string& uid);
  void die(const std::string& name, const std::string& uid);
  void stop(const std::string& name, const std::string& uid);
  bool same(const std::string& name, const std::string& uid) const;

  SimNetwork& net_;
  std::set<std::string> unscheduled_;
};

}  // namespace outrigger::sim
