// What the driver wishes, as it posted it: targets, known ids, policy, confirmations (C21).
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>

#include "agent/core/command.h"
#include "agent/core/ids.h"

namespace outrigger::core {

struct Admission {
  Verdict verdict = Verdict::accepted;
  std::string detail;  // why not: one line
  bool ok() const { return verdict == Verdict::accepted; }
};

class Desired {
 public:
  // Everything posted before is unknown again, and nothing is in force before resync_end.
  void resync_begin();
  Admission resync_end();
  bool in_force() const { return in_force_; }

  Admission apply(const SetTarget& target);
  Admission apply(const KnownDelta& delta);
  Admission apply(const AllocationPolicy& policy);
  Admission apply(const ConfirmDelete& confirm);
  Admission apply(const DeleteExecutors& request);

  // A profile that was not posted is unknown, not zero.
  const std::map<ProfileId, std::uint32_t>& targets() const { return targets_; }
  std::optional<std::uint32_t> target(ProfileId profile) const;
  // Registered with the driver's scheduler. Without a full list since resync_begin nobody's absence proves
  // anything: everyone counts as known.
  bool known(ExecutorId id) const { return !known_complete_ || known_.contains(id); }
  std::size_t known_count() const { return known_.size(); }
  const AllocationPolicy& policy() const { return policy_; }
  const std::set<ExecutorId>& confirmed() const { return confirmed_; }  // only while still Pending
  const std::set<ExecutorId>& to_delete() const { return to_delete_; }  // in any state
  void forget(ExecutorId id);  // it is deleted, or its confirmation no longer holds
  void forget_confirmation(ExecutorId id) { confirmed_.erase(id); }

 private:
  std::map<ProfileId, std::uint32_t> targets_;
  std::unordered_set<ExecutorId> known_;
  std::set<ExecutorId> confirmed_, to_delete_;
  AllocationPolicy policy_;
  bool known_complete_ = false;
  bool in_force_ = false;
};

}  // namespace outrigger::core
