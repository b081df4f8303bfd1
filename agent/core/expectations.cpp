#include "agent/core/expectations.h"

#include <utility>

#include "agent/core/in_flight.h"

namespace outrigger::core {
namespace {

std::size_t index_of(ExpectationStage stage) {
  return static_cast<std::size_t>(stage);
}

}  // namespace

void Expectations::put(Expectation expectation) {
  if (const auto found = all_.find(expectation.id); found != all_.end()) erase(found);
  if (!expectation.retired) ++counts_[expectation.profile];
  ++stages_[index_of(expectation.stage)];
  const ExecutorId id = expectation.id;
  all_.emplace(id, std::move(expectation));
}

void Expectations::erase(std::map<ExecutorId, Expectation>::iterator at) {
  const Expectation& gone = at->second;
  if (!gone.retired) {
    const auto count = counts_.find(gone.profile);
    if (--count->second == 0) counts_.erase(count);
  }
  --stages_[index_of(gone.stage)];
  all_.erase(at);
}

void Expectations::wanted(ExecutorId id, ProfileId profile, Instant now) {
  put({.id = id, .profile = profile, .stage = ExpectationStage::wanted, .since = now});
}

void Expectations::posted(ExecutorId id, ProfileId profile, std::string pod_name, Instant now) {
  put({.id = id,
       .profile = profile,
       .stage = ExpectationStage::in_flight,
       .pod_name = std::move(pod_name),
       .since = now});
}

void Expectations::inherited(ExecutorId id, ProfileId profile, Instant now, std::uint64_t hash) {
  put({.id = id, .profile = profile, .stage = ExpectationStage::unknown, .since = now, .nonce_hash = hash});
}

void Expectations::answered(ExecutorId id, const PodUid& uid, std::uint64_t resource_version, Instant now) {
  const auto found = all_.find(id);
  if (found == all_.end()) return;  // the watch was faster
  Expectation changed = found->second;
  changed.stage = ExpectationStage::answered;
  changed.uid = uid;
  changed.resource_version = resource_version;
  changed.since = now;
  put(std::move(changed));
}

void Expectations::lost(ExecutorId id, Instant now) {
  const auto found = all_.find(id);
  if (found == all_.end()) return;
  Expectation changed = found->second;
  changed.stage = ExpectationStage::unknown;
  changed.since = now;
  put(std::move(changed));
}

void Expectations::settled(ExecutorId id) {
  if (const auto found = all_.find(id); found != all_.end()) erase(found);
}

bool Expectations::seen(const Pod& pod, const std::string& nonce) {
  const auto found = all_.find(pod.executor_id);
  if (found == all_.end()) return false;
  const Expectation& expected = found->second;
  if (expected.stage == ExpectationStage::wanted) return false;
  if (!expected.uid.empty()) {
    if (expected.uid != pod.uid) return false;
  } else if (expected.nonce_hash != 0) {
    if (expected.nonce_hash != nonce_hash(pod.nonce)) return false;
  } else if (!expected.retired && pod.nonce != nonce) {
    return false;  // a pod of another driver with the same number
  } else if (!expected.pod_name.empty() && expected.pod_name != pod.name) {
    return false;
  }
  if (expected.stage == ExpectationStage::unknown) late_.insert(pod.executor_id);
  erase(found);
  return true;
}

std::vector<Expectation> Expectations::complete_as_of(std::uint64_t version) {
  std::vector<Expectation> vanished;
  if (version == 0 || stage_count(ExpectationStage::answered) == 0) return vanished;
  for (auto at = all_.begin(); at != all_.end();) {
    const Expectation& expected = at->second;
    const auto here = at++;
    if (expected.stage != ExpectationStage::answered || expected.resource_version == 0 ||
        expected.resource_version > version)
      continue;
    vanished.push_back(expected);
    erase(here);
  }
  return vanished;
}

void Expectations::retire(ExecutorId id) {
  const auto found = all_.find(id);
  if (found == all_.end() || found->second.retired) return;
  if (found->second.stage == ExpectationStage::wanted) {
    erase(found);
    return;
  }
  Expectation changed = found->second;
  changed.retired = true;
  put(std::move(changed));
}

void Expectations::retire_all() {
  std::vector<ExecutorId> ids;
  for (const auto& [id, expected] : all_) ids.push_back(id);
  for (const ExecutorId id : ids) retire(id);
  late_.clear();
}

const Expectation* Expectations::find(ExecutorId id) const {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second;
}

std::uint32_t Expectations::count(ProfileId profile) const {
  const auto found = counts_.find(profile);
  return found == counts_.end() ? 0 : found->second;
}

std::size_t Expectations::stage_count(ExpectationStage stage) const {
  return stages_[index_of(stage)];
}

}  // namespace outrigger::core
