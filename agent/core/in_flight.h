// The marks that make a crash harmless (C19): an id is marked before its POST leaves and cleared when its
// outcome is settled. The bytes are in the agent-owned part of `state`; this is their bookkeeping.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "agent/core/ids.h"
#include "agent/core/limits.h"
#include "agent/core/time.h"

namespace outrigger::core {

// Names the driver incarnation of a mark in 64 bits (FNV-1a).
std::uint64_t nonce_hash(std::string_view nonce);

struct FlightMark {
  ExecutorId id;
  ProfileId profile;
  std::uint64_t nonce_hash = 0;
  bool operator==(const FlightMark&) const = default;
};

class FlightMarks {
 public:
  // false: no free mark (limits::creates_in_flight), or marked already. Then the POST must not leave.
  bool mark(const FlightMark& mark);
  bool clear(ExecutorId id);  // false: was not marked
  bool marked(ExecutorId id) const { return marks_.contains(id); }
  std::size_t size() const { return marks_.size(); }
  std::size_t free() const { return limits::creates_in_flight - marks_.size(); }

 private:
  std::map<ExecutorId, FlightMark> marks_;
};

// What a crashed incarnation left: each is asked for by GET until it is settled, and never posted.
class CrashMarks {
 public:
  CrashMarks() = default;
  CrashMarks(std::vector<FlightMark> marks, Instant now, Millis settle_deadline);
  bool settle(ExecutorId id) { return open_.erase(id) != 0; }
  const std::map<ExecutorId, FlightMark>& open() const { return open_; }
  bool expired(Instant now) const { return now >= deadline_; }
  Instant deadline() const { return deadline_; }

 private:
  std::map<ExecutorId, FlightMark> open_;
  Instant deadline_{};
};

}  // namespace outrigger::core
