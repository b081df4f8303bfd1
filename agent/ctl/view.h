// What agentctl knows: one consistent read of the shared `state`, as values. Nothing here touches the agent.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/executor_record.h"
#include "agent/core/result.h"
#include "agent/core/time.h"

namespace outrigger::ctl {

struct Executor {
  core::ExecutorRecord record;
  std::uint64_t sequence = 0;  // its latest change
};

// What the file says about its writer.
struct AgentFacts {
  bool alive = false;    // its robust word is held
  bool retired = false;  // a newer agent has replaced it
  std::uint64_t generation = 0;
  std::string layout;                           // version of the byte map, "1.0"
  std::optional<core::Nanos> heartbeat_age;     // none: never beaten
  std::optional<core::Nanos> contact_age;       // of the last contact with the API server; none: never
  std::uint32_t capacity = 0, records = 0;      // of the table
  std::uint64_t applied = 0, ring_entries = 0;  // newest sequence, length of the history
};

struct View {
  std::string run_directory;
  AgentFacts agent;
  core::ControlStatus control;
  std::vector<core::ProfileStatus> profiles;                    // by profile id
  std::vector<Executor> executors;                              // by executor id
  std::vector<std::pair<std::string, std::uint64_t>> counters;  // of the header page, by name
  bool consistent = true;  // false: the writer was faster than this reader, records are right one by one
  core::WallMillis read_at_ms = 0;
  core::Instant read_at;

  // Empty when all is well; else one line: dead, hung, replaced, or out of touch with the API server.
  std::string warning() const;
  const Executor* find(core::ExecutorId id) const;
  // By name of the pod; nullptr when there is none.
  const Executor* find(const std::string& name) const;
};

inline constexpr core::Nanos hung_after{2'000'000'000};  // heartbeat older than this: the agent hangs (C13)

// The one word of the STATE column: "running", "pending" ...
std::string state_word(const core::ExecutorRecord& record);
// What a person wants to read beside it: OOMKilled, ImagePullBackOff, Unschedulable, the error class ...
std::string reason_word(const core::ExecutorRecord& record);

}  // namespace outrigger::ctl
