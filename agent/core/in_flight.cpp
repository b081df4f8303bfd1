#include "agent/core/in_flight.h"

namespace outrigger::core {

std::uint64_t nonce_hash(std::string_view nonce) {
  std::uint64_t hash = 0xCBF29CE484222325ull;
  for (const char c : nonce) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001B3ull;
  }
  return hash;
}

bool FlightMarks::mark(const FlightMark& mark) {
  if (mark.id.value == 0 || marks_.size() >= limits::creates_in_flight) return false;
  return marks_.emplace(mark.id, mark).second;
}

bool FlightMarks::clear(ExecutorId id) {
  return marks_.erase(id) != 0;
}

CrashMarks::CrashMarks(std::vector<FlightMark> marks, Instant now, Millis settle_deadline)
    : deadline_(now + settle_deadline) {
  for (const FlightMark& mark : marks)
    if (mark.id.value != 0 && open_.size() < limits::creates_in_flight) open_.emplace(mark.id, mark);
}

}  // namespace outrigger::core
