#include "ipc/state_view.h"

#include <cstdio>

#include "ipc/command_queue_layout.h"
#include "ipc/liveness.h"

namespace outrigger::ipc {
namespace {

StateView view_of(std::span<std::byte> bytes, const Geometry& shape) {
  StateView view;
  std::byte* base = bytes.data();
  view.header = reinterpret_cast<StateHeader*>(base);
  view.slots = reinterpret_cast<RecordCell*>(base + shape.slots_offset);
  view.cold = reinterpret_cast<ColdCell*>(base + shape.cold_offset);
  view.ring = reinterpret_cast<RecordCell*>(base + shape.ring_offset);
  view.results = reinterpret_cast<ResultCell*>(base + shape.results_offset);
  view.marks = reinterpret_cast<MarkCell*>(base + shape.marks_offset);
  view.shape = shape;
  return view;
}

std::string hex(std::uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::string version(std::uint32_t major, std::uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

bool fits(const StateHeader& h, const Geometry& g) {
  return h.slots.load_relaxed() == g.slots && h.ring_entries.load_relaxed() == g.ring_entries &&
         h.results.load_relaxed() == limits::results && h.marks.load_relaxed() == limits::in_flight_marks &&
         h.slots_offset.load_relaxed() == g.slots_offset && h.cold_offset.load_relaxed() == g.cold_offset &&
         h.ring_offset.load_relaxed() == g.ring_offset &&
         h.results_offset.load_relaxed() == g.results_offset &&
         h.marks_offset.load_relaxed() == g.marks_offset &&
         h.prefix.file_bytes.load_relaxed() == g.file_bytes;
}

}  // namespace

StateView format_state(std::span<std::byte> bytes, std::uint32_t capacity, const StateIdentity& identity) {
  const Geometry g = geometry(capacity);
  const StateView view = view_of(bytes, g);
  StateHeader& h = *view.header;
  // Relaxed: nobody else maps the file before mark_ready() and the rename.
  h.prefix.magic.store_relaxed(state_magic);
  h.prefix.major.store_relaxed(layout_major);
  h.prefix.minor.store_relaxed(layout_minor);
  h.prefix.layout_hash.store_relaxed(layout_hash);
  h.prefix.generation.store_relaxed(identity.generation);
  h.prefix.file_bytes.store_relaxed(g.file_bytes);
  h.boot_id[0].store_relaxed(identity.boot_id[0]);
  h.boot_id[1].store_relaxed(identity.boot_id[1]);
  h.started_ns.store_relaxed(static_cast<std::uint64_t>(identity.now_ns));
  h.heartbeat_ns.store_relaxed(static_cast<std::uint64_t>(identity.now_ns));
  h.capacity.store_relaxed(capacity);
  h.slots.store_relaxed(g.slots);
  h.ring_entries.store_relaxed(g.ring_entries);
  h.results.store_relaxed(limits::results);
  h.marks.store_relaxed(limits::in_flight_marks);
  h.slots_offset.store_relaxed(g.slots_offset);
  h.cold_offset.store_relaxed(g.cold_offset);
  h.ring_offset.store_relaxed(g.ring_offset);
  h.results_offset.store_relaxed(g.results_offset);
  h.marks_offset.store_relaxed(g.marks_offset);
  return view;
}

// Release: whoever acquires `ready` in check_state() sees the whole header.
void mark_ready(const StateView& view) {
  view.header->prefix.file_state.store_release(static_cast<std::uint64_t>(FileState::ready));
}

Outcome<StateView> check_state(std::span<std::byte> bytes, const CheckOptions& options) {
  if (bytes.size() < header_bytes) {
    return Failure{Reason::too_short,
                   "state has " + std::to_string(bytes.size()) + " bytes, less than its header"};
  }
  const StateHeader& h = *reinterpret_cast<const StateHeader*>(bytes.data());
  if (h.prefix.magic.load_relaxed() != state_magic) {
    return Failure{Reason::wrong_magic,
                   "not an Outrigger state file: magic " + hex(h.prefix.magic.load_relaxed())};
  }
  // Acquire: pairs with mark_ready(). Before it, the fields below may not be there yet.
  const bool ready = h.prefix.file_state.load_acquire() == static_cast<std::uint64_t>(FileState::ready);
  const std::uint32_t major = h.prefix.major.load_relaxed();
  const std::string found = "state is of layout " + version(major, h.prefix.minor.load_relaxed());
  const std::string ours =
      ", this side reads " + version(layout_major, 0) + " to " + version(layout_major, layout_minor);
  if (major != layout_major) {
    return Failure{Reason::wrong_major, found + ours + ": use agent and shim of one release"};
  }
  if (h.prefix.layout_hash.load_relaxed() != layout_hash) {
    return Failure{Reason::wrong_layout, found + " with hash " + hex(h.prefix.layout_hash.load_relaxed()) +
                                             ours + " with hash " + hex(layout_hash) +
                                             ": use agent and shim of one release"};
  }
  if (!ready) return Failure{Reason::not_ready, "state is still being built"};
  const std::uint64_t capacity = h.capacity.load_relaxed();
  if (capacity < limits::capacity_min || capacity > limits::capacity_max) {
    return Failure{Reason::wrong_layout, "state says capacity " + std::to_string(capacity)};
  }
  const Geometry g = geometry(static_cast<std::uint32_t>(capacity));
  if (!fits(h, g)) return Failure{Reason::wrong_layout, "the areas of state don't follow from its capacity"};
  if (bytes.size() < g.file_bytes) {
    return Failure{Reason::too_short, "state has " + std::to_string(bytes.size()) + " bytes and says " +
                                          std::to_string(g.file_bytes)};
  }
  const bool know_boot = options.boot_id[0] != 0 || options.boot_id[1] != 0;
  const bool same_boot =
      h.boot_id[0].load_relaxed() == options.boot_id[0] && h.boot_id[1].load_relaxed() == options.boot_id[1];
  if (know_boot && !same_boot) return Failure{Reason::other_boot, "state was written before the last boot"};
  if (!options.accept_retired && h.prefix.retired.load_acquire() != 0) {
    return Failure{Reason::retired, "a newer agent has replaced this state"};
  }
  if (!options.accept_stale) {
    const std::int64_t age = options.now_ns - static_cast<std::int64_t>(h.heartbeat_ns.load_acquire());
    if (!is_alive(h.liveness.load_acquire()))
      return Failure{Reason::stale, "the agent of this state is dead"};
    if (age > limits::heartbeat_stale_ns) {
      return Failure{Reason::stale,
                     "the agent of this state has not moved for " + std::to_string(age / 1'000'000) + " ms"};
    }
  }
  return view_of(bytes, g);
}

const char* counter_name(Counter counter) {
  static constexpr const char* names[] = {
      "published",        "commits",          "reader_wakes",       "tombstones_dropped", "table_full",
      "results_written",  "commands_drained", "commands_malformed", "queue_breaches",     "sessions_opened",
      "sessions_refused", "hellos_timed_out", "api_requests",       "api_errors",         "watch_restarts",
      "relists",          "pods_created",     "creates_failed",     "pods_deleted"};
  static_assert(sizeof names / sizeof *names == static_cast<std::size_t>(Counter::count_));
  return counter < Counter::count_ ? names[static_cast<std::size_t>(counter)] : "unknown";
}

}  // namespace outrigger::ipc
