// One executor's record as a value, compact enough to keep one for each pod the caller has been told of.
#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "outrigger/shim.h"

namespace outrigger::shim {

using Uid = std::array<std::uint64_t, 2>;

struct Record {
  std::uint64_t ring_sequence = 0;  // of its generation
  std::uint64_t executor_id = 0;
  std::uint32_t profile = 0;
  std::uint32_t flags = 0;  // OUTRIGGER_CHANGE_*
  std::uint8_t state = 0;
  std::uint8_t phase = 0;
  std::uint8_t exit_class = 0;
  std::uint8_t create_error = 0;
  std::uint8_t container_state = 0;
  std::int32_t exit_code = 0;
  Uid uid{};
  std::array<std::uint8_t, 16> ip{};
  std::uint64_t resource_version = 0;
  std::uint64_t owner_command = 0;  // the channel's command id
  std::int64_t created_at_ms = 0, scheduled_at_ms = 0, started_at_ms = 0, finished_at_ms = 0,
               deletion_at_ms = 0;
  std::string name, node, reason, message;

  bool gone() const { return (flags & OUTRIGGER_CHANGE_GONE) != 0; }
};

// Fills every byte of the ABI's struct.
void to_change(const Record& record, std::uint64_t sequence, outrigger_change& change);

// Copies at most bytes-1, cut at a UTF-8 character, and fills the rest with zeros. True: it was cut. Bytes
// below 0x20 become spaces: the text comes from elsewhere and goes to terminals and logs.
bool copy_text(const std::string& text, char* out, std::size_t bytes);

}  // namespace outrigger::shim
