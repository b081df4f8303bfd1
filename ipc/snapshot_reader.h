// Reading `state`: whole table, changes, texts, history, freshness. The same code for an agent that lives and
// for one that is dead, and safe over any bytes that check_state() let through.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "ipc/record.h"
#include "ipc/state_view.h"

namespace outrigger::ipc {

struct Cursor {
  std::uint64_t generation = 0;
  std::uint64_t sequence = 0;  // newest one consumed
  bool operator==(const Cursor&) const = default;
};

struct Freshness {
  bool alive = false;    // the agent's robust word is held
  bool retired = false;  // a newer agent has replaced it
  std::int64_t started_ns = 0, heartbeat_ns = 0;
  std::int64_t contact_ns = 0;  // last contact with the API server; 0 = never
};

// Keeps no position; const members may run in several threads, resync() and read_table() in one.
class SnapshotReader {
 public:
  explicit SnapshotReader(const StateView& view) : view_(view) {}

  struct Resync {
    Cursor cursor;  // continue with poll() from here
    bool consistent =
        true;  // false: lapped in each of limits::resync_laps tries; records are right one by one
    std::uint32_t laps = 0;
  };
  // Attach and resync (C9). Calls `visit` with the record of each used slot in slot order, then with what changed
  // meanwhile: the last visit of a slot counts. Copies nothing else, so the caller's table is the only copy.
  Resync resync(const std::function<void(const Record&)>& visit);
  // The same into a vector: one record per used slot, in slot order (pods, profiles, control). An executor may have
  // several records (a tombstone and a living pod): the higher sequence is the newer.
  Resync read_table(std::vector<Record>& table);

  struct Poll {
    std::size_t count = 0;
    bool lapped = false;  // entries after the last one returned are gone: resync
  };
  // Copies the changes after `cursor` into `out`, in order, and moves the cursor. 0 and not lapped: nothing
  // new. A cursor of another generation counts as lapped. Includes what is published but not yet committed.
  Poll poll(Cursor& cursor, std::span<Record> out) const;

  // The texts of the record's slot, at least as new as the record. nullopt: the slot has been given to
  // another record since, so a newer change is on its way; or the writer died inside them.
  std::optional<ColdText> text(const Record& record) const;

  // Visits what the ring still holds of one executor (0: of every record), oldest first; returns how many.
  // Works while the agent is dead. Entries that the writer overtakes meanwhile are left out.
  std::size_t history(std::uint64_t executor_id, const std::function<void(const Record&)>& visit) const;

  // The newest record of one slot, for profiles and control. nullopt: none yet, or its writer died inside it.
  std::optional<Record> slot(std::uint32_t index) const;

  Freshness freshness() const;
  std::uint64_t applied() const { return view_.header->applied.load_acquire(); }
  std::uint64_t generation() const { return view_.header->prefix.generation.load_relaxed(); }
  std::uint64_t counter(Counter counter) const;
  const StateView& view() const { return view_; }

 private:
  enum class Entry { ready, not_yet, lapped };
  enum class Slot { used, unused, torn };
  Entry read_entry(std::uint64_t sequence, Record& out) const;
  Slot read_slot(std::uint32_t slot, Record& out, std::uint32_t& retries) const;

  StateView view_;
  std::vector<std::uint64_t> seen_;  // resync: sequence visited per slot
};

}  // namespace outrigger::ipc
