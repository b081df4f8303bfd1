#include "agent/core/resync.h"

#include "agent/core/limits.h"

namespace outrigger::core {
namespace {

Admission over(std::string_view what, std::size_t is, std::size_t bound) {
  return {Verdict::refused_limit,
          std::string(what) + ": " + std::to_string(is) + " is more than " + std::to_string(bound)};
}

Admission check_ids(std::string_view what, const std::vector<ExecutorId>& ids) {
  if (ids.size() > limits::known_ids) return over(what, ids.size(), limits::known_ids);
  for (const ExecutorId id : ids)
    if (id.value == 0) return {Verdict::refused_malformed, std::string(what) + ": 0 is no executor id"};
  return {};
}

}  // namespace

void Desired::resync_begin() {
  in_force_ = false;
  targets_.clear();
  known_.clear();
  known_complete_ = false;
  confirmed_.clear();
  to_delete_.clear();
}

Admission Desired::resync_end() {
  in_force_ = true;
  return {};
}

Admission Desired::apply(const SetTarget& target) {
  if (target.executors > limits::target_executors)
    return over("target", target.executors, limits::target_executors);
  if (!targets_.contains(target.profile) && targets_.size() >= limits::profiles)
    return over("resource profiles", targets_.size() + 1, limits::profiles);
  targets_[target.profile] = target.executors;
  return {};
}

Admission Desired::apply(const KnownDelta& delta) {
  if (auto bad = check_ids("known", delta.added); !bad.ok()) return bad;
  if (auto bad = check_ids("known, removed", delta.removed); !bad.ok()) return bad;
  const std::size_t before = delta.full ? 0 : known_.size();
  std::size_t added = 0;
  for (const ExecutorId id : delta.added)
    if (delta.full || !known_.contains(id)) ++added;
  if (before + added > limits::known_ids) return over("known executors", before + added, limits::known_ids);
  if (delta.full) {
    known_.clear();
    known_complete_ = true;
  }
  for (const ExecutorId id : delta.removed) known_.erase(id);
  known_.insert(delta.added.begin(), delta.added.end());
  return {};
}

Admission Desired::apply(const AllocationPolicy& policy) {
  const auto negative = [](std::string_view name, Millis value) {
    return Admission{Verdict::refused_malformed, "policy: " + std::string(name) + " of " +
                                                     std::to_string(value.count()) + " ms is negative"};
  };
  if (policy.creation_timeout.count() < 0) return negative("creation timeout", policy.creation_timeout);
  if (policy.idle_timeout.count() < 0) return negative("idle timeout", policy.idle_timeout);
  if (policy.batch_delay.count() < 0) return negative("batch delay", policy.batch_delay);
  if (policy.driver_grace.count() < 0) return negative("driver grace", policy.driver_grace);
  if (policy.max_pending_pods == 0 || policy.max_pending_pods_per_profile == 0)
    return {Verdict::refused_malformed, "policy: a maximum of 0 pending pods would create nothing, ever"};
  if (policy.wait_for_claims && policy.maximum_claims == 0)
    return {Verdict::refused_malformed,
            "policy: waiting for one of at most 0 claims would create nothing, ever"};
  policy_ = policy;
  return {};
}

Admission Desired::apply(const ConfirmDelete& confirm) {
  if (auto bad = check_ids("confirm-delete", confirm.ids); !bad.ok()) return bad;
  if (confirmed_.size() + confirm.ids.size() > limits::known_ids)
    return over("confirmed deletes", confirmed_.size() + confirm.ids.size(), limits::known_ids);
  confirmed_.insert(confirm.ids.begin(), confirm.ids.end());
  return {};
}

Admission Desired::apply(const DeleteExecutors& request) {
  if (auto bad = check_ids("delete", request.ids); !bad.ok()) return bad;
  if (to_delete_.size() + request.ids.size() > limits::known_ids)
    return over("requested deletes", to_delete_.size() + request.ids.size(), limits::known_ids);
  to_delete_.insert(request.ids.begin(), request.ids.end());
  return {};
}

std::optional<std::uint32_t> Desired::target(ProfileId profile) const {
  const auto found = targets_.find(profile);
  if (found == targets_.end()) return std::nullopt;
  return found->second;
}

void Desired::forget(ExecutorId id) {
  confirmed_.erase(id);
  to_delete_.erase(id);
}

}  // namespace outrigger::core
