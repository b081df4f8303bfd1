#include "ipc/snapshot_reader.h"

#include <algorithm>

#include "ipc/liveness.h"

namespace outrigger::ipc {
namespace {

// The reader's half of write_cell() in snapshot_writer.cpp. The first load acquires ready(n) and with it the payload of
// n; each payload load acquires whatever it sees, so if that is newer, the relaxed re-check can't miss the newer word 0.
template <std::size_t N>
bool copy_cell(const Word64 (&cell)[N], std::uint64_t word0, std::array<std::uint64_t, N>& out) {
  out[0] = word0;
  for (std::size_t i = 1; i < N; ++i) out[i] = cell[i].load_acquire();
  return cell[0].load_relaxed() == word0;
}

}  // namespace

SnapshotReader::Entry SnapshotReader::read_entry(std::uint64_t sequence, Record& out) const {
  const RecordCell& cell = view_.ring[sequence & (view_.shape.ring_entries - 1)];
  const std::uint64_t word0 = cell.words[0].load_acquire();
  if (word0 >> 1 > sequence) return Entry::lapped;
  if (word0 != sequence << 1) return Entry::not_yet;
  return copy_cell(cell.words, word0, out.words) ? Entry::ready : Entry::lapped;
}

SnapshotReader::Slot SnapshotReader::read_slot(std::uint32_t slot, Record& out,
                                               std::uint32_t& retries) const {
  const RecordCell& cell = view_.slots[slot];
  for (;;) {
    const std::uint64_t word0 = cell.words[0].load_acquire();
    if (word0 == 0) return Slot::unused;
    if (word0 & 1) {
      // The writer is inside, or died there. The ring entry of that change was finished before; this acquire of busy(n)
      // does not order it (the busy store is relaxed), but a ready word 0 in the ring does.
      if (read_entry(word0 >> 1, out) == Entry::ready && out.slot() == slot) return Slot::used;
    } else if (copy_cell(cell.words, word0, out.words) && out.slot() == slot) {
      return Slot::used;
    }
    if (retries == 0) return Slot::torn;
    --retries;
  }
}

SnapshotReader::Resync SnapshotReader::resync(const std::function<void(const Record&)>& visit) {
  Resync result;
  result.cursor.generation = generation();
  const auto see = [&](const Record& record) {
    seen_[record.slot()] = record.sequence();
    visit(record);
  };
  for (result.laps = 1; result.laps <= limits::resync_laps; ++result.laps) {
    const std::uint64_t first = applied();
    std::uint64_t reach = first;
    std::uint32_t retries = limits::slot_retries;
    bool whole = true;
    seen_.assign(view_.shape.slots, 0);
    Record record;
    for (std::uint32_t slot = 0; slot < view_.shape.slots; ++slot) {
      const Slot found = read_slot(slot, record, retries);
      if (found == Slot::torn) whole = false;
      if (found != Slot::used) continue;
      reach = std::max(reach, record.sequence());
      see(record);
    }
    // Whatever the scan saw of change n, ring entry n and all before it are finished: the replay can reach it.
    std::uint64_t n = first;
    while (whole && n < reach) {
      if (read_entry(n + 1, record) != Entry::ready) {
        whole = false;
        break;
      }
      ++n;
      if (record.slot() < view_.shape.slots && record.sequence() > seen_[record.slot()]) see(record);
    }
    result.cursor.sequence = whole ? n : first;
    result.consistent = whole;
    if (whole) return result;
  }
  --result.laps;
  return result;
}

SnapshotReader::Resync SnapshotReader::read_table(std::vector<Record>& table) {
  table.assign(view_.shape.slots, Record{});
  const Resync result = resync([&](const Record& record) { table[record.slot()] = record; });
  std::erase_if(table, [](const Record& record) { return record.words[0] == 0; });
  return result;
}

SnapshotReader::Poll SnapshotReader::poll(Cursor& cursor, std::span<Record> out) const {
  Poll result;
  if (cursor.generation != generation()) {
    result.lapped = true;
    return result;
  }
  while (result.count < out.size()) {
    const Entry entry = read_entry(cursor.sequence + 1, out[result.count]);
    if (entry == Entry::ready) {
      ++cursor.sequence;
      // A slot outside the table only comes from a damaged file; nobody may index with it.
      if (out[result.count].slot() < view_.shape.slots) ++result.count;
      continue;
    }
    result.lapped = entry == Entry::lapped;
    break;
  }
  return result;
}

std::optional<ColdText> SnapshotReader::text(const Record& record) const {
  if (record.slot() >= view_.shape.slots) return std::nullopt;
  const ColdCell& cell = view_.cold[record.slot()];
  ColdWords words;
  for (std::uint32_t tries = 0; tries < limits::slot_retries; ++tries) {
    const std::uint64_t word0 = cell.words[0].load_acquire();
    if (word0 & 1) continue;
    if (!copy_cell(cell.words, word0, words)) continue;
    if (static_cast<std::uint32_t>(words[1]) != record.slot_generation()) return std::nullopt;
    return unpack_cold(words);
  }
  return std::nullopt;
}

std::size_t SnapshotReader::history(std::uint64_t executor_id,
                                    const std::function<void(const Record&)>& visit) const {
  const std::uint64_t newest = applied();
  const std::uint64_t ring = view_.shape.ring_entries;
  const std::uint64_t oldest = newest > ring ? newest - ring + 1 : 1;
  std::size_t visited = 0;
  Record record;
  // One lap: entries published meanwhile past it have overwritten what this walk has passed already.
  for (std::uint64_t n = oldest; n < oldest + ring; ++n) {
    const Entry entry = read_entry(n, record);
    if (entry == Entry::not_yet && n > newest) break;
    if (entry != Entry::ready || record.slot() >= view_.shape.slots) continue;
    if (executor_id != 0 && record.executor_id() != executor_id) continue;
    visit(record);
    ++visited;
  }
  return visited;
}

std::optional<Record> SnapshotReader::slot(std::uint32_t index) const {
  Record record;
  std::uint32_t retries = limits::slot_retries;
  if (index >= view_.shape.slots || read_slot(index, record, retries) != Slot::used) return std::nullopt;
  return record;
}

Freshness SnapshotReader::freshness() const {
  const StateHeader& h = *view_.header;
  Freshness f;
  f.alive = is_alive(h.liveness.load_acquire());
  f.retired = h.prefix.retired.load_acquire() != 0;
  f.started_ns = static_cast<std::int64_t>(h.started_ns.load_relaxed());
  f.heartbeat_ns = static_cast<std::int64_t>(h.heartbeat_ns.load_acquire());
  f.contact_ns = static_cast<std::int64_t>(h.contact_ns.load_acquire());
  return f;
}

std::uint64_t SnapshotReader::counter(Counter counter) const {
  return view_.header->counters[static_cast<std::size_t>(counter)].load_relaxed();
}

}  // namespace outrigger::ipc
