#include "agent/core/pod_table.h"

#include <algorithm>
#include <utility>

#include "agent/core/limits.h"

namespace outrigger::core {
namespace {

// Both comparable, and `a` is before `b`.
bool older(std::uint64_t a, std::uint64_t b) {
  return a != 0 && b != 0 && a < b;
}

std::uint32_t* counter(StateCounts& counts, ExecutorState state) {
  switch (state) {
    case ExecutorState::pending:
      return &counts.pending;
    case ExecutorState::running:
      return &counts.running;
    case ExecutorState::terminating:
      return &counts.terminating;
    case ExecutorState::succeeded:
      return &counts.succeeded;
    case ExecutorState::failed:
      return &counts.failed;
    default:
      return &counts.unknown;
  }
}

// Most events change neither an index nor a count.
bool stays_in_place(const PodRow& row, const Pod& pod, ExecutorState state) {
  return row.status.state == state && row.pod.name == pod.name && row.pod.executor_id == pod.executor_id &&
         row.pod.nonce == pod.nonce && row.pod.profile == pod.profile && row.pod.phase == pod.phase &&
         row.pod.deleting() == pod.deleting() && row.pod.inactive == pod.inactive;
}

}  // namespace

std::vector<PodDelta> PodTable::apply(PodEvent event, Instant now) {
  departed_.clear();
  std::vector<PodDelta> out;
  if (std::holds_alternative<PodInit>(event)) {
    side_.emplace();
  } else if (auto* applied = std::get_if<PodApplied>(&event)) {
    if (applied->pod.uid.empty()) return out;
    if (!side_) {
      version_ = std::max(version_, applied->pod.resource_version);
      upsert(std::move(applied->pod), now, out);
    } else {
      const PodUid uid = applied->pod.uid;
      if (side_->pods.insert_or_assign(uid, std::move(applied->pod)).second) side_->order.push_back(uid);
    }
  } else if (auto* deleted = std::get_if<PodDeleted>(&event)) {
    version_ = std::max(version_, deleted->pod.resource_version);
    if (side_) side_->pods.erase(deleted->pod.uid);
    remove(deleted->pod.uid, DeltaKind::removed, &deleted->pod, now, out);
    bury(deleted->pod.uid);
  } else if (const auto* done = std::get_if<PodInitDone>(&event)) {
    if (side_) swap_in(done->resource_version, now, out);
  } else if (const auto* mark = std::get_if<PodBookmark>(&event)) {
    version_ = std::max(version_, mark->resource_version);
  }
  return out;
}

void PodTable::deleted_by_us(const PodUid& uid) {
  if (rows_.contains(uid)) ours_.insert(uid);
}

void PodTable::upsert(Pod pod, Instant now, std::vector<PodDelta>& out) {
  if (buried_.contains(pod.uid)) return;
  const auto found = rows_.find(pod.uid);
  if (found != rows_.end()) {
    PodRow& row = found->second;
    if (older(pod.resource_version, row.pod.resource_version)) return;
    if (pod == row.pod) return;
    ExecutorStatus status = row.status;
    if (!is_final(status.state)) {
      status = executor_status(pod, {.deleted_by_us = ours_.contains(pod.uid)});
      if (is_final(status.state)) row.final_at = now;
    }
    const bool same_place = stays_in_place(row, pod, status.state);
    if (!same_place) unlink(row);
    row.pod = std::move(pod);
    row.status = status;
    if (!same_place) link(row);
    out.push_back({DeltaKind::upserted, &row});
    return;
  }
  if (const auto name = by_name_.find(pod.name); name != by_name_.end()) {
    const PodUid previous = name->second;
    // An old list may still show the predecessor of what has the name now.
    if (older(pod.resource_version, rows_.at(previous).pod.resource_version)) return;
    remove(previous, DeltaKind::replaced, nullptr, now, out);
    bury(previous);
  }
  PodRow& row = rows_[pod.uid];
  row.pod = std::move(pod);
  row.first_seen = now;
  row.status = executor_status(row.pod);
  if (is_final(row.status.state)) row.final_at = now;
  link(row);
  out.push_back({DeltaKind::upserted, &row});
}

void PodTable::remove(const PodUid& uid, DeltaKind kind, const Pod* last, Instant now,
                      std::vector<PodDelta>& out) {
  const auto found = rows_.find(uid);
  if (found == rows_.end()) return;
  unlink(found->second);
  PodRow& row = departed_.emplace_back(std::move(found->second));
  rows_.erase(found);
  if (last != nullptr && !older(last->resource_version, row.pod.resource_version)) row.pod = *last;
  if (!is_final(row.status.state)) {
    row.status = executor_status(row.pod, {.gone = true, .deleted_by_us = ours_.contains(uid)});
    row.final_at = now;
  }
  ours_.erase(uid);
  out.push_back({kind, &row});
}

void PodTable::swap_in(std::uint64_t version, Instant now, std::vector<PodDelta>& out) {
  SideList side = std::exchange(side_, std::nullopt).value_or(SideList{});
  std::vector<PodUid> missing;
  for (const auto& [uid, row] : rows_)
    if (!side.pods.contains(uid) && !older(version, row.pod.resource_version)) missing.push_back(uid);
  std::sort(missing.begin(), missing.end());  // deltas in the same order in every run
  for (const PodUid& uid : missing) remove(uid, DeltaKind::removed, nullptr, now, out);
  for (const PodUid& uid : side.order)
    if (const auto found = side.pods.find(uid); found != side.pods.end())
      upsert(std::move(found->second), now, out);
  version_ = std::max(version_, version);
  synced_ = true;
}

void PodTable::link(PodRow& row) {
  by_name_[row.pod.name] = row.pod.uid;
  if (row.pod.executor_id.value == 0) return;
  by_id_.emplace(row.pod.executor_id, &row);
  const auto at = cohorts_.try_emplace(row.pod.nonce).first;
  PodCohort& cohort = at->second;
  ++cohort.pods;
  const ExecutorState state = row.status.state;
  PodCohort::Profile& profile = cohort.profiles[row.pod.profile];
  ++*counter(profile.counts, state);
  if (counts_as_alive(row.pod, state)) ++profile.counts.alive;
  if (state == ExecutorState::pending) profile.pending.emplace(row.pod.executor_id, &row);
  if (is_final(state)) {
    if (!row.pod.deleting() && !row.pod.inactive) cohort.finished.emplace(row.pod.executor_id, &row);
  } else if (!row.pod.deleting()) {
    cohort.live.emplace(row.pod.executor_id, &row);
  }
}

void PodTable::unlink(const PodRow& row) {
  if (const auto name = by_name_.find(row.pod.name); name != by_name_.end() && name->second == row.pod.uid)
    by_name_.erase(name);
  if (row.pod.executor_id.value == 0) return;
  const auto [first, last] = by_id_.equal_range(row.pod.executor_id);
  for (auto at = first; at != last; ++at)
    if (at->second == &row) {
      by_id_.erase(at);
      break;
    }
  const auto at = cohorts_.find(row.pod.nonce);
  PodCohort& cohort = at->second;
  const ExecutorState state = row.status.state;
  PodCohort::Profile& profile = cohort.profiles.at(row.pod.profile);
  --*counter(profile.counts, state);
  if (counts_as_alive(row.pod, state)) --profile.counts.alive;
  const auto drop = [&row](std::map<ExecutorId, const PodRow*>& index) {
    if (const auto entry = index.find(row.pod.executor_id); entry != index.end() && entry->second == &row)
      index.erase(entry);
  };
  drop(profile.pending);
  drop(cohort.finished);
  drop(cohort.live);
  if (profile.counts == StateCounts{}) cohort.profiles.erase(row.pod.profile);
  if (--cohort.pods == 0) cohorts_.erase(at);
}

void PodTable::bury(const PodUid& uid) {
  if (!buried_.insert(uid).second) return;
  burials_.push_back(uid);
  if (burials_.size() > limits::buried_uids) {
    buried_.erase(burials_.front());
    burials_.pop_front();
  }
}

const PodRow* PodTable::find(const PodUid& uid) const {
  const auto found = rows_.find(uid);
  return found == rows_.end() ? nullptr : &found->second;
}

const PodRow* PodTable::find_name(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : find(found->second);
}

const PodRow* PodTable::find(ExecutorId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

const PodRow* PodTable::find(ExecutorId id, std::string_view nonce) const {
  const auto [first, last] = by_id_.equal_range(id);
  for (auto at = first; at != last; ++at)
    if (at->second->pod.nonce == nonce) return at->second;
  return nullptr;
}

const PodCohort& PodTable::cohort(std::string_view nonce) const {
  static const PodCohort none;
  const auto found = cohorts_.find(nonce);
  return found == cohorts_.end() ? none : found->second;
}

StateCounts PodTable::counts(std::string_view nonce, ProfileId profile) const {
  const auto& profiles = cohort(nonce).profiles;
  const auto found = profiles.find(profile);
  return found == profiles.end() ? StateCounts{} : found->second.counts;
}

}  // namespace outrigger::core
