// `state` as typed areas over a span of bytes. Both sides use it: over a file's mapping, or over plain memory
// in tests.
#pragma once
#include <cstddef>
#include <span>

#include "ipc/layout.h"
#include "ipc/outcome.h"

namespace outrigger::ipc {

// Non-owning; the bytes outlive it. `Const` readers only load.
struct StateView {
  StateHeader* header = nullptr;
  RecordCell* slots = nullptr;
  ColdCell* cold = nullptr;
  RecordCell* ring = nullptr;
  ResultCell* results = nullptr;
  MarkCell* marks = nullptr;
  Geometry shape;
};

struct StateIdentity {
  std::uint64_t generation = 0;  // random, not 0
  std::uint64_t boot_id[2] = {0, 0};
  std::int64_t now_ns = 0;  // monotonic
};

// Writes a header into zeroed, page-aligned memory of geometry(capacity).file_bytes. Not ready yet.
StateView format_state(std::span<std::byte> bytes, std::uint32_t capacity, const StateIdentity& identity);
// Makes a formatted state attachable: the last store, with release.
void mark_ready(const StateView& view);

struct CheckOptions {
  std::uint64_t boot_id[2] = {0, 0};  // zeros: not checked
  bool accept_retired = false;
  bool accept_stale = true;
  std::int64_t now_ns = 0;  // monotonic; for staleness
};
// The staged checks of C23 over any bytes at all: too_short, wrong_magic, wrong_major, wrong_layout,
// not_ready, other_boot, retired, stale. What comes back is safe to read: every area lies inside `bytes`.
Outcome<StateView> check_state(std::span<std::byte> bytes, const CheckOptions& options);

}  // namespace outrigger::ipc
