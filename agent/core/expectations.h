// Executors that were asked for and are not in the pod table yet (S7). Without them a level-triggered loop
// doubles pods whenever its view is older than its own writes.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/core/ids.h"
#include "agent/core/pod.h"
#include "agent/core/time.h"

namespace outrigger::core {

enum class ExpectationStage : std::uint8_t {
  wanted = 0,  // rendering=driver: the driver was asked for this pod (need-pod)
  in_flight,   // its POST has left
  answered,    // 201 with uid and resource version, not yet seen by the watch
  unknown,     // the answer was lost, or an incarnation crashed: counts until a GET by name decides
};

struct Expectation {
  ExecutorId id;
  ProfileId profile;
  ExpectationStage stage = ExpectationStage::in_flight;
  std::string pod_name;
  PodUid uid;                          // answered
  std::uint64_t resource_version = 0;  // answered; 0 = not comparable
  Instant since{};                     // of this stage
  std::uint64_t nonce_hash = 0;        // inherited: whose it is; 0 = the current driver's
  bool retired = false;  // asked for by an earlier driver incarnation: tracked until settled, not counted
};

class Expectations {
 public:
  void wanted(ExecutorId id, ProfileId profile, Instant now);
  void posted(ExecutorId id, ProfileId profile, std::string pod_name, Instant now);
  void answered(ExecutorId id, const PodUid& uid, std::uint64_t resource_version, Instant now);
  void lost(ExecutorId id, Instant now);  // outcome unknown
  // An in-flight mark of a crashed incarnation (C19). The hash tells whose pod settles it before any driver has
  // said hello; 0 = unknown, then the current driver's.
  void inherited(ExecutorId id, ProfileId profile, Instant now, std::uint64_t nonce_hash = 0);
  void settled(ExecutorId id);  // refused, or a GET says it does not exist

  // A pod was seen: true when it settled an expectation. `nonce` is the current driver's.
  bool seen(const Pod& pod, const std::string& nonce);
  // The table is complete as of `version` (list or bookmark): what was answered at or before it and never
  // seen was created and is gone already. Returned once, and forgotten.
  std::vector<Expectation> complete_as_of(std::uint64_t version);
  // Another driver incarnation: what is on its way is no longer wanted. Wanted ones are dropped.
  void retire_all();
  void retire(ExecutorId id);

  const Expectation* find(ExecutorId id) const;
  std::uint32_t count(ProfileId profile) const;  // without retired ones
  std::size_t stage_count(ExpectationStage stage) const;
  std::size_t size() const { return all_.size(); }
  const std::map<ExecutorId, Expectation>& all() const { return all_; }
  // Landed after its creator had crashed or its answer was lost: first to go when there is a surplus.
  bool landed_late(ExecutorId id) const { return late_.contains(id); }
  bool any_late() const { return !late_.empty(); }
  void forget_late(ExecutorId id) { late_.erase(id); }  // its pod is gone

 private:
  void put(Expectation expectation);
  void erase(std::map<ExecutorId, Expectation>::iterator at);
  std::map<ExecutorId, Expectation> all_;
  std::map<ProfileId, std::uint32_t> counts_;
  std::array<std::size_t, 4> stages_{};
  std::set<ExecutorId> late_;
};

}  // namespace outrigger::core
