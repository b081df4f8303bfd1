#include "agent/core/delete_book.h"

namespace outrigger::core {

void DeleteBook::sent(const PodUid& uid) {
  Entry& entry = entries_[uid];
  // A fresh entry is in flight already by its default, but was not counted.
  if (entry.stage == Stage::in_flight && entry.counted) return;
  entry.stage = Stage::in_flight;
  entry.counted = true;
  ++in_flight_;
}

void DeleteBook::accepted(const PodUid& uid) {
  const auto found = entries_.find(uid);
  if (found == entries_.end()) return;
  land(found->second);
  found->second.stage = Stage::accepted;
}

void DeleteBook::failed(const PodUid& uid, Instant retry_at) {
  const auto found = entries_.find(uid);
  if (found == entries_.end()) return;
  land(found->second);
  found->second.stage = Stage::failed;
  found->second.retry_at = retry_at;
  ++found->second.attempts;
}

void DeleteBook::land(Entry& entry) {
  if (!entry.counted) return;
  entry.counted = false;
  --in_flight_;
}

bool DeleteBook::may_send(const PodUid& uid, Instant now) const {
  const auto found = entries_.find(uid);
  if (found == entries_.end()) return true;
  return found->second.stage == Stage::failed && now >= found->second.retry_at;
}

Instant DeleteBook::retry_at(const PodUid& uid) const {
  const auto found = entries_.find(uid);
  return found != entries_.end() && found->second.stage == Stage::failed ? found->second.retry_at : Instant{};
}

bool DeleteBook::in_flight(const PodUid& uid) const {
  const auto found = entries_.find(uid);
  return found != entries_.end() && found->second.stage == Stage::in_flight;
}

std::uint32_t DeleteBook::attempts(const PodUid& uid) const {
  const auto found = entries_.find(uid);
  return found == entries_.end() ? 0 : found->second.attempts;
}

void DeleteBook::forget(const PodUid& uid) {
  const auto found = entries_.find(uid);
  if (found == entries_.end()) return;
  land(found->second);
  entries_.erase(found);
}

}  // namespace outrigger::core
