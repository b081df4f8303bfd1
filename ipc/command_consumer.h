// The agent's side of the command queue: copies once, then checks, bounded in slots and bytes (C16).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ipc/command_wire.h"
#include "ipc/state_view.h"

namespace outrigger::ipc {

struct Drained {
  std::uint64_t id = 0;
  std::uint16_t kind = 0;
  std::optional<wire::Body> body;  // nullopt: well framed and malformed inside; give a refusal
  std::string malformed;
};

// One thread. Whatever the driver does to `queue` meanwhile: no crash, no read outside it, bounded time.
class CommandConsumer {
 public:
  // Starts at sequence 1 of `epoch`; `state` gets commands_consumed.
  CommandConsumer(std::span<std::byte> queue, const StateView& state, std::uint64_t epoch);

  // Appends at most `max` (and limits::drain_commands) commands; at least one if one is there. Returns how
  // many.
  std::size_t drain(std::size_t max, std::vector<Drained>& out);
  // Not empty: the framing was broken; the reason. Nothing is drained any more: close the connection.
  const std::string& breach() const { return breach_; }
  // The next slot looks filled: drain again. A hint from hostile memory.
  bool more() const;
  std::uint64_t consumed() const { return head_; }
  std::uint64_t epoch() const { return epoch_; }

 private:
  bool take_one(std::vector<Drained>& out, std::size_t& budget);

  QueueHeader* header_;
  CommandSlot* slots_;
  Word64* arena_;
  StateView state_;
  std::uint64_t epoch_;
  std::uint64_t head_ = 0;  // private: nothing the driver writes moves it
  std::string breach_;
  std::vector<std::uint64_t> copy_;  // reused
};

}  // namespace outrigger::ipc
