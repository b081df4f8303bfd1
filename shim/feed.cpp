#include "shim/feed.h"

#include <algorithm>
#include <utility>

#include "outrigger/shim.h"

namespace outrigger::shim {
namespace {

bool no_uid(const Uid& uid) {
  return uid[0] == 0 && uid[1] == 0;
}

bool is_final(std::uint8_t state) {
  return state == OUTRIGGER_EXECUTOR_CREATE_FAILED || state == OUTRIGGER_EXECUTOR_SUCCEEDED ||
         state == OUTRIGGER_EXECUTOR_FAILED || state == OUTRIGGER_EXECUTOR_DELETED;
}

// What is known of a pod whose end nobody saw: no exit code, so it does not count against the application.
Record vanished(Record record) {
  record.flags &= ~(OUTRIGGER_CHANGE_REPLAY | OUTRIGGER_CHANGE_DELETE_PROPOSED);
  record.flags |= OUTRIGGER_CHANGE_GONE | OUTRIGGER_CHANGE_SYNTHETIC;
  if (!is_final(record.state)) {
    record.state = OUTRIGGER_EXECUTOR_DELETED;
    record.exit_class = OUTRIGGER_EXIT_DELETED_EXTERNAL;
    record.flags &= ~OUTRIGGER_CHANGE_CAUSED_BY_APP;
    record.exit_code = 0;
    record.message = "vanished while no agent or reader was looking";
  }
  return record;
}

}  // namespace

Feed::Key Feed::key_of(const Record& record) {
  return record.executor_id != 0 ? Key{record.executor_id, {}} : Key{0, record.uid};
}

void Feed::begin_generation() {
  spans_.clear();
  ring_ = acked_ = 0;
  ++generation_;
}

void Feed::begin_table() {
  ++table_;
  unsettled_ = true;
}

void Feed::add_span(const Span& span) {
  if (spans_.size() == spans_kept) spans_.pop_front();
  spans_.push_back(span);
}

void Feed::apply(Record record) {
  const Key key = key_of(record);
  const auto found = told_.find(key);
  const bool told_here = found != told_.end() && found->second.generation == generation_;
  if (told_here && record.ring_sequence <= found->second.change.record.ring_sequence) {  // after a lap
    found->second.table = table_;
    return;
  }
  if (found == told_.end() && record.gone() && record.ring_sequence <= acked_) return;  // told and dealt with
  if (found != told_.end()) {
    const Record& old = found->second.change.record;
    if (!old.gone() && !no_uid(old.uid) && !no_uid(record.uid) && old.uid != record.uid)
      tell_gone(key, vanished(old));  // the same id, another pod (C20): the old one ended unseen
    else if (record.name.empty())     // its texts were overwritten meanwhile; a newer change is on its way
      record.name = old.name, record.node = old.node;
  }
  // A tombstone of a pod never told of is told all the same: it may be a final state (S18).
  // Late: an inconsistent table went past it. It is told out of the ring's order.
  if (record.ring_sequence <= ring_) {
    if (spans_.empty() || !spans_.back().fixed) add_span(Span{last_ + 1, 0, ring_, true});
    tell(key, std::move(record), ++last_);
    return;
  }
  if (spans_.empty() || spans_.back().fixed) add_span(Span{last_ + 1, last_ - ring_, 0, false});
  ring_ = record.ring_sequence;
  last_ = spans_.back().offset + ring_;
  tell(key, std::move(record), last_);
}

void Feed::tell(const Key& key, Record record, std::uint64_t sequence) {
  auto& told = told_[key];
  if (told.change.record.gone()) tombstones_.erase(told.change.sequence);
  told.table = table_;
  told.generation = generation_;
  told.change = Change{sequence, std::move(record)};
  pending_.push_back(told.change);
  if (!told.change.record.gone()) return;
  tombstones_.emplace(sequence, key);
  if (tombstones_.size() <= tombstones_kept) return;
  told_.erase(tombstones_.begin()->second);
  tombstones_.erase(tombstones_.begin());
}

void Feed::tell_gone(const Key& key, Record record) {
  ++last_;
  record.ring_sequence = 0;  // it has none in this generation
  if (spans_.empty() || !spans_.back().fixed) add_span(Span{last_, 0, ring_, true});
  tell(key, std::move(record), last_);
}

void Feed::settle() {
  if (!unsettled_) return;
  unsettled_ = false;
  std::vector<std::pair<std::uint64_t, Key>> missing;  // in the order they were told
  for (const auto& [key, told] : told_)
    if (!told.change.record.gone() && told.table != table_) missing.emplace_back(told.change.sequence, key);
  std::sort(missing.begin(), missing.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [sequence, key] : missing) tell_gone(key, vanished(told_.at(key).change.record));
}

bool Feed::take(Change& change) {
  if (pending_.empty()) return false;
  change = std::move(pending_.front());
  pending_.pop_front();
  taken_ = change.sequence;
  return true;
}

std::optional<std::uint64_t> Feed::acknowledge(std::uint64_t sequence) {
  sequence = std::min(sequence, taken_);
  while (!tombstones_.empty() && tombstones_.begin()->first <= sequence) {
    told_.erase(tombstones_.begin()->second);
    tombstones_.erase(tombstones_.begin());
  }
  const auto after =
      std::find_if(spans_.begin(), spans_.end(), [&](const Span& span) { return span.from > sequence; });
  if (after == spans_.begin()) return std::nullopt;  // of a generation that is over
  const Span span = *std::prev(after);
  spans_.erase(spans_.begin(), std::prev(after));
  const std::uint64_t ring = span.fixed ? span.at : sequence - span.offset;
  if (ring <= acked_) return std::nullopt;
  acked_ = ring;
  return ring;
}

void Feed::copy_all(std::vector<Change>& out) const {
  out.clear();
  out.reserve(told_.size());
  for (const auto& [key, told] : told_) out.push_back(told.change);
  std::sort(out.begin(), out.end(), [](const Change& a, const Change& b) {
    return std::pair{a.record.executor_id, a.sequence} < std::pair{b.record.executor_id, b.sequence};
  });
}

const Record* Feed::find(std::uint64_t executor_id) const {
  const auto found = told_.find(Key{executor_id, {}});
  return found == told_.end() ? nullptr : &found->second.change.record;
}

}  // namespace outrigger::shim
