// What the caller has been told of each executor, over all generations of `state`: gives every change its
// place in one increasing sequence, says of pods that vanished unseen that they are gone, and maps
// acknowledgements back. Pure bookkeeping.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "shim/record.h"

namespace outrigger::shim {

struct Change {
  std::uint64_t sequence = 0;
  Record record;
};

class Feed {
 public:
  static constexpr std::size_t tombstones_kept = 65'536;  // for a caller that never acknowledges
  static constexpr std::size_t spans_kept = 256;

  // Another file: its ring numbers start anew. What was told stays until settle().
  void begin_generation();
  // The whole table follows. What is not in it and not gone by the next settle() has vanished.
  void begin_table();
  // A record of the current generation; one already told is dropped.
  void apply(Record record);
  // The table is complete as of all that was applied: vanished pods become gone, once for each begin_table().
  void settle();
  bool unsettled() const { return unsettled_; }

  bool empty() const { return pending_.empty(); }
  bool take(Change& change);
  std::uint64_t last_taken() const { return taken_; }

  // The ring sequence of the current generation that `sequence` acknowledges; nullopt: nothing to say.
  // Tombstones up to it are forgotten.
  std::optional<std::uint64_t> acknowledge(std::uint64_t sequence);

  // Every record told, by executor id.
  std::size_t size() const { return told_.size(); }
  void copy_all(std::vector<Change>& out) const;
  const Record* find(std::uint64_t executor_id) const;

 private:
  // A pod without an executor id is told apart by its uid.
  struct Key {
    std::uint64_t executor_id = 0;
    Uid uid{};
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return (key.executor_id * 0x9E3779B97F4A7C15ull) ^ key.uid[0] ^ key.uid[1];
    }
  };
  struct Told {
    Change change;
    std::uint64_t table = 0;       // the table read in which it was last seen
    std::uint64_t generation = 0;  // in which its ring sequence counts
  };
  // From this sequence on: ring = sequence - offset, or (what has no place in the ring) ring = at.
  struct Span {
    std::uint64_t from = 0;
    std::uint64_t offset = 0;
    std::uint64_t at = 0;
    bool fixed = false;
  };

  static Key key_of(const Record& record);
  void tell(const Key& key, Record record, std::uint64_t sequence);
  void tell_gone(const Key& key, Record record);
  void add_span(const Span& span);

  std::unordered_map<Key, Told, KeyHash> told_;
  std::map<std::uint64_t, Key> tombstones_;  // sequence of the gone change -> whose
  std::deque<Change> pending_;
  std::deque<Span> spans_;   // of the current generation
  std::uint64_t last_ = 0;   // sequence given last
  std::uint64_t ring_ = 0;   // highest ring sequence applied
  std::uint64_t acked_ = 0;  // ring sequence acknowledged; both of the current generation
  std::uint64_t generation_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t table_ = 0;
  bool unsettled_ = false;
};

}  // namespace outrigger::shim
