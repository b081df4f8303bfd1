// The bytes of the command queue (C16): a sealed memfd that the driver writes and the agent distrusts.
//
//   0       header page, 4 KiB: what the agent wrote for the driver, then the driver's own words
//   4096    1,024 slots of 256 B
//   266240  arena, 8 MiB, for lists and JSON
//
// The agent never reads back what it wrote here; the only driver words it reads are tail (a hint),
// reader_waiting (a hint), slots and arena ranges, each once, into private memory, before any check.
#pragma once
#include <cstddef>
#include <cstdint>

#include "ipc/layout.h"
#include "ipc/limits.h"
#include "ipc/word.h"

namespace outrigger::ipc {

inline constexpr std::uint64_t queue_magic = 0x45554555514F5554;  // "TUOQUEUE" as bytes

// Word 0: sequence, stored last with release. 1: epoch. 2: kind u16 | zero u16 | payload bytes u32.
// 3: arena offset (multiple of 64). 4: hash of the payload. 5..31: fixed fields of the kind.
struct alignas(line_bytes) CommandSlot {
  Word64 words[32];
};
static_assert(sizeof(CommandSlot) == 256);
inline constexpr std::size_t slot_fixed_word = 5;
inline constexpr std::size_t slot_fixed_words = 27;
inline constexpr std::size_t arena_unit_bytes = 64;

struct alignas(line_bytes) QueueHeader {
  Word64 magic;
  Word32 major, minor;
  Word64 layout_hash;
  Word64 state_generation;
  Word64 epoch;
  Word64 queue_bytes;
  Word64 reserved0[10];
  Word64 tail;  // 128: newest sequence posted
  Word64 reserved1[15];
  Word32 wake_seq;  // 256: the agent's futex
  Word32 reserved2[31];
  Word32 reader_waiting;  // 384: 1 while the driver sleeps for changes; the agent clears it
  Word32 reserved3[31];
  Word64 reserved4[448];
};
static_assert(sizeof(QueueHeader) == header_bytes);
static_assert(offsetof(QueueHeader, layout_hash) == 16 && offsetof(QueueHeader, epoch) == 32);
static_assert(offsetof(QueueHeader, tail) == 128 && offsetof(QueueHeader, wake_seq) == 256);
static_assert(offsetof(QueueHeader, reader_waiting) == 384);

inline constexpr std::size_t queue_slots_offset = header_bytes;
inline constexpr std::size_t queue_arena_offset =
    queue_slots_offset + limits::queue_slots * sizeof(CommandSlot);
inline constexpr std::size_t queue_bytes = queue_arena_offset + limits::arena_bytes;
static_assert(queue_arena_offset == 266'240 && queue_bytes % 4096 == 0);
static_assert(limits::command_payload_bytes <= limits::arena_bytes);

// Both sides must have the very same numbers (C23). Offsets that depend on the capacity are checked one by
// one.
inline constexpr std::uint64_t layout_hash = detail::hash_values({header_bytes,
                                                                  line_bytes,
                                                                  sizeof(RecordCell),
                                                                  sizeof(ColdCell),
                                                                  sizeof(ResultCell),
                                                                  sizeof(MarkCell),
                                                                  limits::profile_slots,
                                                                  limits::control_slots,
                                                                  limits::results,
                                                                  limits::in_flight_marks,
                                                                  limits::cold_bytes,
                                                                  limits::detail_bytes,
                                                                  counter_words,
                                                                  offsetof(StateHeader, capacity),
                                                                  offsetof(StateHeader, applied),
                                                                  offsetof(StateHeader, heartbeat_ns),
                                                                  offsetof(StateHeader, commands_sleeping),
                                                                  offsetof(StateHeader, liveness),
                                                                  offsetof(StateHeader, counters),
                                                                  limits::queue_slots,
                                                                  limits::arena_bytes,
                                                                  sizeof(CommandSlot),
                                                                  slot_fixed_word,
                                                                  arena_unit_bytes,
                                                                  offsetof(QueueHeader, tail),
                                                                  offsetof(QueueHeader, wake_seq),
                                                                  offsetof(QueueHeader, reader_waiting),
                                                                  queue_slots_offset,
                                                                  queue_arena_offset});

}  // namespace outrigger::ipc
