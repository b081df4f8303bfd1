// The agent's side of the state table and ring: publishes records, hands out slots, wakes readers.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ipc/record.h"
#include "ipc/state_view.h"

namespace outrigger::ipc {

// One thread; the only writer of the view's table, ring, results and marks. Publishing takes no lock, no
// system call and time independent of readers and pods. Private bookkeeping only: it never trusts what it
// reads from elsewhere.
class SnapshotWriter {
 public:
  explicit SnapshotWriter(const StateView& view);

  // Pods are known by uid, and by executor id as long as no uid is known. A record with flag::gone becomes a
  // tombstone: readable until its slot is needed (C8). nullopt: the table is full of living pods (counted).
  std::optional<std::uint32_t> upsert(const PodRecord& pod, const ColdText& text);
  // nullopt: more than limits::profile_slots profiles.
  std::optional<std::uint32_t> upsert(const ProfileRecord& profile, const ColdText& text);
  void set_control(const ControlRecord& control, const ColdText& text);

  // Ends a batch: `applied` moves, sleeping readers are woken, at most limits::woken_per_commit (C10, C11).
  void commit();
  // The driver has consumed everything up to `sequence`: tombstones up to it are reused before others.
  void acknowledged(std::uint64_t sequence);

  // Results (C17): the admission verdict. `detail` is cut to limits::detail_bytes. Visible at once, wakes at
  // commit.
  void result(std::uint64_t epoch, std::uint64_t command_id, std::uint16_t verdict, std::string_view detail);

  // In-flight marks (C19). False: all are taken. A replaced agent's are the new one's by now: none is made or cleared.
  bool mark_in_flight(std::uint64_t executor_id, std::uint32_t profile, std::uint64_t nonce_hash);
  void clear_in_flight(std::uint64_t executor_id);

  void heartbeat(std::int64_t now_ns);
  void contact(std::int64_t when_ns);
  void count(Counter counter, std::uint64_t by = 1);

  // The driver's waiting flag, in its queue; nullptr when no session is there. Hostile: only ever cleared and
  // tested.
  void set_waiting_flag(Word32* flag) { waiting_flag_ = flag; }

  // True once a newer agent has taken the name: nothing is written any more. A SIGSTOPped agent notices so.
  bool replaced() const { return view_.header->prefix.retired.load_acquire() != 0; }

  std::uint64_t sequence() const { return sequence_; }
  std::uint64_t generation() const { return view_.header->prefix.generation.load_relaxed(); }
  std::uint32_t living() const { return living_; }
  std::uint32_t tombstones() const { return tombstones_; }
  const StateView& view() const { return view_; }

  // One slot, by index: the building block of the above, and of benches. Pod slots are 0 .. capacity - 1.
  std::uint64_t publish(std::uint32_t slot, const Record& record);

 private:
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  struct UidHash {
    std::size_t operator()(const std::array<std::uint64_t, 2>& uid) const noexcept {
      return uid[0] ^ uid[1] * 0x9E3779B97F4A7C15ull;
    }
  };
  struct Book {  // what the writer knows of a slot; `previous` and `next` chain the tombstones, oldest first
    std::uint64_t last_seq = 0, executor_id = 0;
    std::array<std::uint64_t, 2> uid{};
    std::uint32_t generation = 0, previous = none, next = none;
    bool used = false, tombstone = false;
  };
  std::uint32_t find(const PodRecord& pod) const;
  std::uint32_t allocate();
  void bind(std::uint32_t slot, const PodRecord& pod);
  void release(std::uint32_t slot);
  void bury(std::uint32_t slot);
  void unbury(std::uint32_t slot);
  void write_cold(std::uint32_t slot, const ColdText& text);

  StateView view_;
  Word32* waiting_flag_ = nullptr;
  std::uint64_t sequence_ = 0, applied_ = 0, committed_ = 0, acknowledged_ = 0, result_writes_ = 0;
  bool results_pending_ = false;
  std::uint32_t never_used_ = 0;  // slots from here on are free
  std::uint32_t oldest_ = none, newest_ = none;
  std::uint32_t living_ = 0, tombstones_ = 0;
  std::vector<Book> book_;
  std::vector<std::uint32_t> profiles_;  // profile slot n -> profile id
  std::unordered_map<std::array<std::uint64_t, 2>, std::uint32_t, UidHash> by_uid_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_executor_;  // newest slot of the id
  std::unordered_map<std::uint64_t, std::uint32_t> marks_;        // executor id -> mark
  std::vector<std::uint32_t> free_marks_;
};

}  // namespace outrigger::ipc
