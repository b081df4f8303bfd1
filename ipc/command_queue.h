// The queue's memory: a memfd, sealed against shrinking, growing and unsealing, every byte reserved (C1).
#pragma once
#include <cstdint>
#include <span>

#include "ipc/command_queue_layout.h"
#include "ipc/outcome.h"
#include "ipc/region.h"
#include "ipc/system.h"

namespace outrigger::ipc {

struct CommandQueue {
  Fd fd;
  Region region;
  std::uint64_t epoch = 0;
  QueueHeader* header() const { return reinterpret_cast<QueueHeader*>(region.bytes().data()); }
};

// Agent.
Outcome<CommandQueue> create_queue(std::uint64_t state_generation, std::uint64_t epoch);
// Driver: seals, size, magic, version, layout hash, generation and epoch are checked before the mapping is
// used.
Outcome<CommandQueue> open_queue(Fd fd, std::uint64_t state_generation, std::uint64_t epoch);
// Writes the header into zeroed memory of queue_bytes; for create_queue() and for tests over plain memory.
void format_queue(std::span<std::byte> bytes, std::uint64_t state_generation, std::uint64_t epoch);

}  // namespace outrigger::ipc
