// The bytes of `state`. This header and README.md are the specification; nothing is implied by a compiler.
//
//   0          header page, 4 KiB: a prefix of 64 bytes that never changes across majors, then this layout's
//   fields slots      capacity pods + 64 profiles + 1 control, 128 B each cold       as many, 512 B each ring
//   power of two >= 4 x capacity, 128 B each results    1,024 of 384 B marks      256 of 32 B
#pragma once
#include <cstddef>
#include <cstdint>

#include "ipc/limits.h"
#include "ipc/word.h"

namespace outrigger::ipc {

inline constexpr std::uint64_t state_magic = 0x5245474749525455;  // "UTRIGGER" as bytes
inline constexpr std::uint32_t layout_major = 1;
inline constexpr std::uint32_t layout_minor = 0;
inline constexpr std::size_t line_bytes = 128;  // literal: two cache lines, for adjacent-line prefetch
inline constexpr std::size_t header_bytes = 4096;
inline constexpr std::size_t prefix_bytes = 64;
inline constexpr std::size_t counter_words = 64;

enum class FileState : std::uint64_t { building = 0, ready = 1 };

// Never changes, across major versions (C14): any agent may retire any agent's file.
struct StatePrefix {
  Word64 magic;
  Word32 major, minor;
  Word64 layout_hash;
  Word64 file_state;  // FileState; stored last at creation, with release
  Word32 retired;     // 1: a newer file has this name. Stored by the newer agent
  Word32 wake_seq;    // the readers' futex
  Word64 generation;  // random, never 0
  Word64 file_bytes;
  Word64 reserved;
};
static_assert(sizeof(StatePrefix) == prefix_bytes);
static_assert(offsetof(StatePrefix, major) == 8 && offsetof(StatePrefix, minor) == 12);
static_assert(offsetof(StatePrefix, layout_hash) == 16 && offsetof(StatePrefix, file_state) == 24);
static_assert(offsetof(StatePrefix, retired) == 32 && offsetof(StatePrefix, wake_seq) == 36);
static_assert(offsetof(StatePrefix, generation) == 40 && offsetof(StatePrefix, file_bytes) == 48);

// Word 0: sequence << 1 | busy.
struct alignas(line_bytes) RecordCell {
  Word64 words[16];
};
struct alignas(line_bytes) ColdCell {
  Word64 words[64];
};
// Word 0: number of the write << 1 | busy; 1: epoch; 2: command id; 3: verdict u16 | text length u16; 4..:
// text.
struct alignas(line_bytes) ResultCell {
  Word64 words[48];
};
// executor_id is stored last when set and first when cleared; 0 = free.
struct MarkCell {
  Word64 executor_id, profile, nonce_hash, reserved;
};
static_assert(sizeof(RecordCell) == 128 && sizeof(ColdCell) == 512 && sizeof(ResultCell) == 384);
static_assert(sizeof(MarkCell) == 32);

// The header page of this major. Every group that one side writes often has its own 128 bytes.
struct alignas(line_bytes) StateHeader {
  StatePrefix prefix;
  Word64 reserved0[8];
  // 128: constant once ready
  Word64 boot_id[2];
  Word64 started_ns;  // monotonic
  Word64 capacity, slots, ring_entries, results, marks;
  Word64 slots_offset, cold_offset, ring_offset, results_offset, marks_offset;
  Word64 reserved1[3];
  // 256: written per commit
  Word64 applied;          // newest sequence of a finished batch
  Word64 results_written;  // number of the newest result
  Word64 reserved2[14];
  // 384: written by a timer
  Word64 heartbeat_ns;  // monotonic
  Word64 contact_ns;    // monotonic, last contact with the API server; 0 = never
  Word64 reserved3[14];
  // 512: the agent's side of the command queue
  Word32 commands_sleeping;  // 1: the agent sleeps until the queue's wake word moves
  Word32 reserved4;
  Word64 commands_consumed;  // newest sequence copied out, of commands_epoch
  Word64 commands_epoch;
  Word64 reserved5[13];
  // 640: robust futex; tid | FUTEX_WAITERS while the agent lives, FUTEX_OWNER_DIED set by the kernel
  Word32 liveness;
  Word32 reserved6[31];
  // 768
  Word64 counters[counter_words];
  Word64 reserved7[352];
};
static_assert(sizeof(StateHeader) == header_bytes);
static_assert(offsetof(StateHeader, boot_id) == 128 && offsetof(StateHeader, started_ns) == 144);
static_assert(offsetof(StateHeader, capacity) == 152 && offsetof(StateHeader, slots) == 160);
static_assert(offsetof(StateHeader, ring_entries) == 168 && offsetof(StateHeader, results) == 176);
static_assert(offsetof(StateHeader, marks) == 184 && offsetof(StateHeader, slots_offset) == 192);
static_assert(offsetof(StateHeader, cold_offset) == 200 && offsetof(StateHeader, ring_offset) == 208);
static_assert(offsetof(StateHeader, results_offset) == 216 && offsetof(StateHeader, marks_offset) == 224);
static_assert(offsetof(StateHeader, applied) == 256 && offsetof(StateHeader, results_written) == 264);
static_assert(offsetof(StateHeader, heartbeat_ns) == 384 && offsetof(StateHeader, contact_ns) == 392);
static_assert(offsetof(StateHeader, commands_sleeping) == 512 &&
              offsetof(StateHeader, commands_consumed) == 520);
static_assert(offsetof(StateHeader, commands_epoch) == 528 && offsetof(StateHeader, liveness) == 640);
static_assert(offsetof(StateHeader, counters) == 768);

// Where the areas lie, a function of the capacity alone.
struct Geometry {
  std::uint32_t capacity = 0, slots = 0, ring_entries = 0;
  std::size_t slots_offset = 0, cold_offset = 0, ring_offset = 0, results_offset = 0, marks_offset = 0;
  std::size_t file_bytes = 0;
  std::uint32_t profile_slot(std::uint32_t n) const { return capacity + n; }
  std::uint32_t control_slot() const { return capacity + limits::profile_slots; }
  bool operator==(const Geometry&) const = default;
};
// `capacity` within limits::capacity_min .. capacity_max.
constexpr Geometry geometry(std::uint32_t capacity) {
  Geometry g;
  g.capacity = capacity;
  g.slots = capacity + limits::profile_slots + limits::control_slots;
  g.ring_entries = 1;
  while (g.ring_entries < 4 * capacity) g.ring_entries *= 2;
  g.slots_offset = header_bytes;
  g.cold_offset = g.slots_offset + std::size_t{g.slots} * sizeof(RecordCell);
  g.ring_offset = g.cold_offset + std::size_t{g.slots} * sizeof(ColdCell);
  g.results_offset = g.ring_offset + std::size_t{g.ring_entries} * sizeof(RecordCell);
  g.marks_offset = g.results_offset + std::size_t{limits::results} * sizeof(ResultCell);
  g.file_bytes = g.marks_offset + std::size_t{limits::in_flight_marks} * sizeof(MarkCell);
  g.file_bytes = (g.file_bytes + header_bytes - 1) / header_bytes * header_bytes;
  return g;
}
static_assert(geometry(limits::capacity_default).file_bytes < (6u << 20), "default: about 5 MiB of tmpfs");

// The counters block, for agentctl and the shim. Numbers are append-only; names by counter_name().
enum class Counter : std::uint32_t {
  published,
  commits,
  reader_wakes,
  tombstones_dropped,  // reused before the driver had acknowledged them
  table_full,
  results_written,
  commands_drained,
  commands_malformed,
  queue_breaches,
  sessions_opened,
  sessions_refused,
  hellos_timed_out,
  api_requests,
  api_errors,
  watch_restarts,
  relists,
  pods_created,
  creates_failed,
  pods_deleted,
  count_
};
static_assert(static_cast<std::size_t>(Counter::count_) <= counter_words);
const char* counter_name(Counter counter);

namespace detail {
constexpr std::uint64_t hash_values(std::initializer_list<std::uint64_t> values) {
  std::uint64_t h = 0xCBF29CE484222325;
  for (std::uint64_t v : values) {
    for (int byte = 0; byte < 8; ++byte) h = (h ^ (v >> (8 * byte) & 0xFF)) * 0x100000001B3;
  }
  return h;
}
}  // namespace detail

}  // namespace outrigger::ipc
