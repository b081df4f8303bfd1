// One mapping for both roles. Rounds: OUTRIGGER_STRESS multiplies them.
#pragma once
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/unit/ipc/memory.h"

namespace outrigger::ipc::test {

inline std::uint64_t rounds(std::uint64_t base) {
  const char* factor = std::getenv("OUTRIGGER_STRESS");
  return base * (factor != nullptr ? std::strtoull(factor, nullptr, 10) : 1);
}

// A pod whose every field follows from one number, so that a mixture of two shows.
inline PodRecord telling(std::uint64_t executor, std::uint64_t number) {
  PodRecord p;
  p.executor_id = executor;
  p.uid = {executor, 1};
  p.resource_version = number;
  p.created_at_ms = p.scheduled_at_ms = p.started_at_ms = p.finished_at_ms = p.deletion_at_ms =
      static_cast<std::int64_t>(number * 3);
  p.owner_command = ~number;
  p.exit_code = static_cast<std::int32_t>(number & 0x7FFFFFFF);
  return p;
}
inline bool whole(const PodRecord& p) {
  return p == telling(p.executor_id, p.resource_version);
}
inline ColdText telling_text(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string message;
  for (int i = 0; i < 12; ++i) message += digits + ";";
  return {digits, digits, digits, message, false};
}
inline bool whole(const ColdText& t) {
  if (t.name.empty()) return false;
  return t == telling_text(std::strtoull(t.name.c_str(), nullptr, 10));
}

}  // namespace outrigger::ipc::test
