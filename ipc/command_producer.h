// The driver's side of the command queue.
#pragma once
#include <cstdint>
#include <deque>
#include <span>

#include "ipc/command_wire.h"
#include "ipc/results.h"
#include "ipc/state_view.h"

namespace outrigger::ipc {

// One thread at a time (the shim serialises). Ids are the slot sequence: 1, 2, 3 ... within the epoch;
// (epoch, id) is unique. Never blocks.
class CommandProducer {
 public:
  // `queue` is the mapped memfd, `state` the agent's state of the same generation.
  CommandProducer(std::span<std::byte> queue, const StateView& state, std::uint64_t epoch);

  struct Posted {
    enum class Status : std::uint8_t {
      ok,
      full,    // no slot, no room in the arena, or the result window is full: take results, then try again
      invalid  // over a bound; text says which
    } status = Status::ok;
    std::uint64_t id = 0;
    std::string text;
  };
  // The result of Ack is not waited for (it has none); every other kind holds its id and arena range until
  // take_result() has returned it.
  Posted post(const wire::Body& body);
  // Wakes the agent if it sleeps; once after a batch of posts (C10).
  void flush();
  // The next result in order of id, if it is there.
  std::optional<Result> take_result();
  std::size_t unanswered() const { return pending_.size(); }
  std::uint64_t epoch() const { return epoch_; }
  Word32* waiting_flag() { return &header_->reader_waiting; }

 private:
  struct Pending {
    std::uint64_t id;
    std::uint64_t arena_end;  // of the arena counter; 0 = no payload
  };
  std::optional<std::uint64_t> reserve(std::size_t bytes);

  QueueHeader* header_;
  CommandSlot* slots_;
  Word64* arena_;
  StateView state_;
  std::uint64_t epoch_;
  std::uint64_t posted_ = 0, flushed_ = 0;
  std::uint64_t arena_head_ = 0, arena_tail_ = 0;  // counters of bytes ever taken and ever given back
  std::deque<Pending> pending_;
};

}  // namespace outrigger::ipc
