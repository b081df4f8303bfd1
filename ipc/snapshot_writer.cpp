#include "ipc/snapshot_writer.h"

#include <algorithm>
#include <cstring>

#include "ipc/futex.h"

namespace outrigger::ipc {
namespace {

// Busy, payload, ready (C6, C7). Every payload store releases the busy store before it, and the reader's payload loads
// acquire: a reader that got one new payload word therefore finds at least busy(n) when it re-checks word 0. The ready
// store releases the payload to the reader's first, acquiring load of word 0.
template <std::size_t N>
void write_cell(Word64 (&cell)[N], const std::array<std::uint64_t, N>& words, std::uint64_t number) {
  cell[0].store_relaxed(number << 1 | 1);
  for (std::size_t i = 1; i < N; ++i) cell[i].store_release(words[i]);
  cell[0].store_release(number << 1);
}

constexpr std::array<std::uint64_t, 2> no_uid{};

}  // namespace

SnapshotWriter::SnapshotWriter(const StateView& view) : view_(view), book_(view.shape.slots) {
  for (std::uint32_t i = limits::in_flight_marks; i-- > 0;) {
    const MarkCell& mark = view_.marks[i];
    // Marks that a new file inherited are there already.
    if (const std::uint64_t id = mark.executor_id.load_relaxed()) {
      marks_.emplace(id, i);
    } else {
      free_marks_.push_back(i);
    }
  }
}

std::uint64_t SnapshotWriter::publish(std::uint32_t slot, const Record& record) {
  if (replaced()) return 0;
  const std::uint64_t n = ++sequence_;
  auto words = record.words;
  words[1] = std::uint64_t{slot} | std::uint64_t{book_[slot].generation} << 32;
  // Ring entry before slot (C6): a slot that is busy(n) or torn by a crash can be taken from entry n.
  write_cell(view_.ring[n & (view_.shape.ring_entries - 1)].words, words, n);
  write_cell(view_.slots[slot].words, words, n);
  book_[slot].last_seq = n;
  // A batch longer than the ring would leave nothing to replay from: `applied` follows at least this closely. No wake:
  // commit() does that. Release: whoever starts a replay here finds everything up to it.
  if (n - applied_ >= view_.shape.ring_entries / 4) {
    view_.header->applied.store_release(n);
    applied_ = n;
  }
  return n;
}

void SnapshotWriter::write_cold(std::uint32_t slot, const ColdText& text) {
  if (replaced()) return;
  ColdWords words = pack(text);
  words[1] |= book_[slot].generation;
  auto& cell = view_.cold[slot].words;
  bool same = cell[0].load_relaxed() != 0;
  for (std::size_t i = 1; same && i < cold_words; ++i) same = cell[i].load_relaxed() == words[i];
  if (!same) write_cell(cell, words, sequence_ + 1);  // the change these texts belong to comes next
}

std::uint32_t SnapshotWriter::find(const PodRecord& pod) const {
  const bool gone = pod.flags & flag::gone;
  if (pod.uid != no_uid) {
    if (const auto it = by_uid_.find(pod.uid); it != by_uid_.end()) return it->second;
  }
  const auto it = pod.executor_id != 0 ? by_executor_.find(pod.executor_id) : by_executor_.end();
  if (it == by_executor_.end()) return none;
  const Book& book = book_[it->second];
  const bool other_pod = pod.uid != no_uid && book.uid != no_uid;
  // A final state survives in its own slot (S18), even if the executor's pod shows up after all.
  const bool keep_tombstone = book.tombstone && !gone;
  return other_pod || keep_tombstone ? none : it->second;
}

std::uint32_t SnapshotWriter::allocate() {
  if (never_used_ < view_.shape.capacity) {
    ++living_;
    book_[never_used_].used = true;
    return never_used_++;
  }
  // Tombstones are chained by sequence, so the front is the oldest, and acknowledged if any is (C8).
  const std::uint32_t slot = oldest_;
  if (slot == none) {
    count(Counter::table_full);
    return none;
  }
  if (book_[slot].last_seq > acknowledged_) count(Counter::tombstones_dropped);
  unbury(slot);
  release(slot);
  return slot;
}

void SnapshotWriter::release(std::uint32_t slot) {
  Book& book = book_[slot];
  if (const auto it = by_uid_.find(book.uid); it != by_uid_.end() && it->second == slot) by_uid_.erase(it);
  if (const auto it = by_executor_.find(book.executor_id); it != by_executor_.end() && it->second == slot) {
    by_executor_.erase(it);
  }
  book.uid = no_uid;
  book.executor_id = 0;
}

void SnapshotWriter::bind(std::uint32_t slot, const PodRecord& pod) {
  Book& book = book_[slot];
  if (pod.uid != no_uid && book.uid != pod.uid) {
    by_uid_[pod.uid] = slot;
    book.uid = pod.uid;
  }
  if (pod.executor_id != 0) {
    by_executor_[pod.executor_id] = slot;
    book.executor_id = pod.executor_id;
  }
}

void SnapshotWriter::bury(std::uint32_t slot) {
  Book& book = book_[slot];
  book.tombstone = true;
  book.previous = newest_;
  book.next = none;
  (newest_ == none ? oldest_ : book_[newest_].next) = slot;
  newest_ = slot;
  --living_;
  ++tombstones_;
}

void SnapshotWriter::unbury(std::uint32_t slot) {
  Book& book = book_[slot];
  (book.previous == none ? oldest_ : book_[book.previous].next) = book.next;
  (book.next == none ? newest_ : book_[book.next].previous) = book.previous;
  book.tombstone = false;
  ++living_;
  --tombstones_;
}

std::optional<std::uint32_t> SnapshotWriter::upsert(const PodRecord& pod, const ColdText& text) {
  if (pod.uid == no_uid && pod.executor_id == 0) return std::nullopt;  // nothing to know it by again
  std::uint32_t slot = find(pod);
  if (slot == none) {
    slot = allocate();
    if (slot == none) return std::nullopt;
    ++book_[slot].generation;
  }
  bind(slot, pod);
  write_cold(slot, text);
  publish(slot, pack(pod));
  if (book_[slot].tombstone) unbury(slot);  // to the end of the chain, or back to life
  if (pod.flags & flag::gone) bury(slot);
  return slot;
}

std::optional<std::uint32_t> SnapshotWriter::upsert(const ProfileRecord& profile, const ColdText& text) {
  const auto it = std::find(profiles_.begin(), profiles_.end(), profile.profile);
  if (it == profiles_.end() && profiles_.size() == limits::profile_slots) return std::nullopt;
  const auto n = static_cast<std::uint32_t>(it - profiles_.begin());
  if (it == profiles_.end()) profiles_.push_back(profile.profile);
  const std::uint32_t slot = view_.shape.profile_slot(n);
  book_[slot].generation = 1;
  write_cold(slot, text);
  publish(slot, pack(profile));
  return slot;
}

void SnapshotWriter::set_control(const ControlRecord& control, const ColdText& text) {
  const std::uint32_t slot = view_.shape.control_slot();
  book_[slot].generation = 1;
  write_cold(slot, text);
  publish(slot, pack(control));
}

void SnapshotWriter::commit() {
  if ((sequence_ == committed_ && !results_pending_) || replaced()) return;
  StateHeader& h = *view_.header;
  h.counters[static_cast<std::size_t>(Counter::published)].store_relaxed(sequence_);
  count(Counter::commits);
  // Sequentially consistent, then the flag: half of the four operations of C10; the other half is ReaderWait::wait().
  // Either this side sees the flag, or the reader sees these values. They release the batch, too.
  if (results_pending_) h.results_written.store_seq_cst(result_writes_);
  h.applied.store_seq_cst(sequence_);
  results_pending_ = false;
  applied_ = committed_ = sequence_;
  if (waiting_flag_ == nullptr || waiting_flag_->load_seq_cst() == 0) return;
  // Clear, count, wake: a reader that loads the new wake_seq (acquire) also sees the cleared flag, so what it raises
  // afterwards stays raised; one that has loaded the old one is woken or refused by the kernel.
  waiting_flag_->store_relaxed(0);
  h.prefix.wake_seq.add_release(1);
  futex_wake(h.prefix.wake_seq.futex_address(), limits::woken_per_commit);
  count(Counter::reader_wakes);
}

void SnapshotWriter::acknowledged(std::uint64_t sequence) {
  acknowledged_ = std::max(acknowledged_, std::min(sequence, sequence_));
}

void SnapshotWriter::result(std::uint64_t epoch, std::uint64_t command_id, std::uint16_t verdict,
                            std::string_view detail) {
  if (replaced()) return;
  std::size_t size = std::min(detail.size(), limits::detail_bytes);
  while (size < detail.size() && size > 0 && (static_cast<unsigned char>(detail[size]) & 0xC0) == 0x80)
    --size;
  std::array<std::uint64_t, 48> words{};
  words[1] = epoch;
  words[2] = command_id;
  words[3] = std::uint64_t{verdict} | std::uint64_t{size} << 16;
  static_assert(limits::detail_bytes <= 44 * 8);
  std::memcpy(&words[4], detail.data(), size);
  write_cell(view_.results[command_id % limits::results].words, words, ++result_writes_);
  results_pending_ = true;
  count(Counter::results_written);
}

bool SnapshotWriter::mark_in_flight(std::uint64_t executor_id, std::uint32_t profile,
                                    std::uint64_t nonce_hash) {
  if (marks_.contains(executor_id) || replaced()) return true;
  if (free_marks_.empty() || executor_id == 0) return false;
  const std::uint32_t i = free_marks_.back();
  free_marks_.pop_back();
  MarkCell& mark = view_.marks[i];
  // Release each: after the 0 of the mark's last use, before the id. A mark is there whole or not at all.
  mark.profile.store_release(profile);
  mark.nonce_hash.store_release(nonce_hash);
  mark.executor_id.store_release(executor_id);
  marks_.emplace(executor_id, i);
  return true;
}

void SnapshotWriter::clear_in_flight(std::uint64_t executor_id) {
  const auto it = marks_.find(executor_id);
  if (it == marks_.end()) return;
  if (!replaced()) view_.marks[it->second].executor_id.store_release(0);
  free_marks_.push_back(it->second);
  marks_.erase(it);
}

void SnapshotWriter::heartbeat(std::int64_t now_ns) {
  if (!replaced()) view_.header->heartbeat_ns.store_release(static_cast<std::uint64_t>(now_ns));
}
void SnapshotWriter::contact(std::int64_t when_ns) {
  if (!replaced()) view_.header->contact_ns.store_release(static_cast<std::uint64_t>(when_ns));
}
void SnapshotWriter::count(Counter counter, std::uint64_t by) {
  if (replaced()) return;
  Word64& word = view_.header->counters[static_cast<std::size_t>(counter)];
  word.store_relaxed(word.load_relaxed() + by);  // one writer
}

}  // namespace outrigger::ipc
