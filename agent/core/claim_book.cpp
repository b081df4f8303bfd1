#include "agent/core/claim_book.h"

#include <algorithm>
#include <utility>

#include "agent/core/limits.h"

namespace outrigger::core {

void ClaimBook::link(const std::string& name) {
  const auto found = claims_.find(name);
  if (found == claims_.end() || !found->second.exists || used(name)) return;
  idle_.insert_or_assign({found->second.shape, name}, found->second.made_at);
}

void ClaimBook::unlink(const std::string& name) {
  if (const auto found = claims_.find(name); found != claims_.end()) idle_.erase({found->second.shape, name});
}

void ClaimBook::hold(const std::string& name) {
  if (++users_[name] == 1) unlink(name);
}

void ClaimBook::release(const std::string& name) {
  const auto found = users_.find(name);
  if (found == users_.end() || --found->second != 0) return;
  users_.erase(found);
  link(name);
}

void ClaimBook::release_reserved(ExecutorId id) {
  const auto found = reserved_.find(id);
  if (found == reserved_.end()) return;
  for (const std::string& name : found->second) release(name);
  reserved_.erase(found);
}

void ClaimBook::pod_seen(const Pod& pod, std::optional<Instant> ended_at) {
  // An inactive pod has ended and stays only to be looked at: Spark does not count it either.
  if (pod.inactive) return pod_gone(pod.uid);
  if (pod.claims.empty()) return;
  if (by_pod_.try_emplace(pod.uid, pod.claims).second)
    for (const std::string& name : pod.claims) hold(name);
  if (ended_at) ended_.emplace(pod.uid, *ended_at);
  const auto found = reserved_.find(pod.executor_id);
  if (found == reserved_.end()) return;
  const auto named = [&](const std::string& name) {
    return std::find(pod.claims.begin(), pod.claims.end(), name) != pod.claims.end();
  };
  if (std::all_of(found->second.begin(), found->second.end(), named)) release_reserved(pod.executor_id);
}

void ClaimBook::pod_gone(const PodUid& uid) {
  const auto found = by_pod_.find(uid);
  if (found == by_pod_.end()) return;
  for (const std::string& name : found->second) release(name);
  by_pod_.erase(found);
  ended_.erase(uid);
}

void ClaimBook::reserve(ExecutorId id, std::vector<std::string> names) {
  release_reserved(id);
  for (const std::string& name : names) hold(name);
  reserved_.emplace(id, std::move(names));
}

void ClaimBook::making(ExecutorId id, std::string name, ClaimShape shape, Instant now) {
  if (claims_.size() >= limits::claims) return;
  if (!claims_.try_emplace(name, Entry{std::move(shape), now, now, false}).second) return;
  making_[id].push_back(std::move(name));
}

void ClaimBook::made(ExecutorId id, Instant now) {
  const auto found = making_.find(id);
  if (found == making_.end()) return;
  for (const std::string& name : found->second)
    if (const auto at = claims_.find(name); at != claims_.end()) {
      at->second.exists = true;
      at->second.known_at = now;
      link(name);
    }
  making_.erase(found);
}

void ClaimBook::dropped(ExecutorId id, bool some_made) {
  if (const auto found = making_.find(id); found != making_.end()) {
    for (const std::string& name : found->second) claims_.erase(name);
    making_.erase(found);
    if (some_made) listed_at_.reset();
  }
  release_reserved(id);
}

void ClaimBook::listed(const std::vector<Claim>& claims, const PodUid& owner, Instant asked_at, Instant now,
                       WallMillis now_ms) {
  listed_at_ = asked_at;
  blind_until_ = {};
  std::map<std::string_view, const Claim*> theirs;
  for (const Claim& claim : claims)
    if (claim.usable && claim.owner_uid == owner && !owner.empty()) theirs.emplace(claim.name, &claim);
  for (auto at = claims_.begin(); at != claims_.end();) {
    const bool newer = !at->second.exists || at->second.known_at >= asked_at;
    if (newer || theirs.contains(at->first)) {
      ++at;
      continue;
    }
    idle_.erase({at->second.shape, at->first});
    at = claims_.erase(at);
  }
  for (const auto& [name, claim] : theirs) {
    const std::string key(name);
    unlink(key);
    if (!claims_.contains(key) && claims_.size() >= limits::claims) continue;
    const Millis age(std::max<WallMillis>(0, now_ms - claim->created_at_ms));
    const auto [entry, added] = claims_.try_emplace(key, Entry{claim->shape, now - age, asked_at, true});
    // One of ours whose answer is still on its way counts when that has come.
    if (!added) entry->second.shape = claim->shape;
    link(key);
  }
}

bool ClaimBook::fresh(Instant now) const {
  return listed_at_ && now - *listed_at_ < Millis(limits::claim_view_ms);
}

const std::string* ClaimBook::find(const ClaimShape& wish, Millis age, Instant now,
                                   const std::set<std::string>& picked) const {
  for (auto at = idle_.lower_bound({wish, ""}); at != idle_.end() && at->first.first.serves(wish); ++at)
    if (now - at->second > age && !picked.contains(at->first.second)) return &at->first.second;
  return nullptr;
}

std::size_t ClaimBook::leaving(const ClaimShape& wish, Millis age, Instant now, Instant& until) const {
  std::size_t count = 0;
  for (const auto& [uid, ended_at] : ended_) {
    const Instant over = ended_at + Millis(limits::claim_release_ms);
    if (now >= over) continue;
    for (const std::string& name : by_pod_.at(uid)) {
      const auto at = claims_.find(name);
      if (at == claims_.end() || !at->second.exists || !at->second.shape.serves(wish)) continue;
      if (now - at->second.made_at <= age || users_.at(name) != 1) continue;
      ++count;
      if (until == Instant{} || over < until) until = over;
    }
  }
  return count;
}

Instant ClaimBook::next_ripe(const ClaimShape& wish, Millis age, Instant now) const {
  Instant next{};
  for (auto at = idle_.lower_bound({wish, ""}); at != idle_.end() && at->first.first.serves(wish); ++at) {
    const Instant ripe = at->second + age + Millis(1);
    if (ripe > now && (next == Instant{} || ripe < next)) next = ripe;
  }
  return next;
}

}  // namespace outrigger::core
