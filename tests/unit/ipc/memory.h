// Plain memory in the shape of `state` and of the command queue, so that both roles run in one process.
#pragma once
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "ipc/command_queue.h"
#include "ipc/record.h"
#include "ipc/state_view.h"

namespace outrigger::ipc::test {

class Memory {
 public:
  explicit Memory(std::size_t bytes)
      : bytes_((bytes + 4095) / 4096 * 4096), data_(std::aligned_alloc(4096, bytes_)) {
    std::memset(data_.get(), 0, bytes_);
  }
  std::span<std::byte> bytes() const { return {static_cast<std::byte*>(data_.get()), bytes_}; }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::size_t bytes_;
  std::unique_ptr<void, Free> data_;
};

struct StateMemory {
  explicit StateMemory(std::uint32_t capacity = limits::capacity_min, std::uint64_t generation = 77)
      : memory(geometry(capacity).file_bytes),
        view(format_state(memory.bytes(), capacity, {generation, {1, 2}, 1})) {
    mark_ready(view);
  }
  Memory memory;
  StateView view;
};

struct QueueMemory {
  explicit QueueMemory(std::uint64_t epoch = 5) : memory(queue_bytes) {
    format_queue(memory.bytes(), 77, epoch);
  }
  QueueHeader* header() const { return reinterpret_cast<QueueHeader*>(memory.bytes().data()); }
  CommandSlot& slot(std::uint32_t i) const {
    return reinterpret_cast<CommandSlot*>(memory.bytes().data() + queue_slots_offset)[i];
  }
  Word64* arena() const { return reinterpret_cast<Word64*>(memory.bytes().data() + queue_arena_offset); }
  Memory memory;
};

inline PodRecord pod(std::uint64_t executor, std::uint64_t version = 1, bool with_uid = true) {
  PodRecord p;
  p.executor_id = executor;
  p.resource_version = version;
  if (with_uid) p.uid = {executor, ~executor};
  return p;
}
inline PodRecord gone(PodRecord p) {
  p.flags |= flag::gone;
  return p;
}
inline ColdText named(const std::string& name) {
  return {name, "node", "", "", false};
}

}  // namespace outrigger::ipc::test
