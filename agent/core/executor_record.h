// What the driver sees: one record per pod, one per resource profile, one of control. Values; the bytes are
// ipc's.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/core/api_error.h"
#include "agent/core/exit_class.h"
#include "agent/core/ids.h"
#include "agent/core/pod.h"

namespace outrigger::core {

// The state of an executor as Spark needs it. The numbers are part of the byte map: append only.
enum class ExecutorState : std::uint8_t {
  none = 0,
  creating,       // its POST is in flight or answered and not yet seen
  create_failed,  // final: error class and message say why; no pod exists
  pending,        // pod exists, not running
  running,
  terminating,  // deletionTimestamp set, still there
  succeeded,    // final
  failed,       // final: exit class, exit code
  deleted,      // final: gone without an exit code of its own
  unknown,
  wanted,  // rendering=driver: the agent wants this id rendered (need-pod)
  count_
};
constexpr bool is_final(ExecutorState s) {
  return s == ExecutorState::create_failed || s == ExecutorState::succeeded || s == ExecutorState::failed ||
         s == ExecutorState::deleted;
}

struct ExecutorRecord {
  ExecutorState state = ExecutorState::none;
  Pod pod;           // for creating/create_failed/wanted: only name, executor_id, profile
  ExitVerdict exit;  // for final states
  ApiErrorClass create_error = ApiErrorClass::none;  // for create_failed; the message is in pod.message
  bool delete_proposed = false;  // surplus: the driver confirms with ConfirmDelete or keeps it
  bool gone = false;             // the pod no longer exists: the record is a tombstone
  CommandId owner_command;       // 0: not caused by a command
};

// Why a profile is not at its target right now. The numbers are part of the byte map: append only.
enum class WaitReason : std::uint8_t {
  none = 0,
  no_driver,        // nobody attached, or resync not finished
  no_template,      // no usable template for the next id's length
  no_ids,           // every granted id is used
  creating,         // creates are in flight, up to the concurrency limit
  pending_limit,    // maxPendingPods or maxPendingPodsPerRp
  maximum_reached,  // allocation.maximum
  backoff,          // last creates failed: error class, until when
  throttled,        // 429 / Retry-After gate
  not_synced,       // first list not complete
  scheduling,       // pods exist and wait for a node or an image
  draining,
  confirming,      // surplus: waits for the driver's confirmation
  readiness_gate,  // S12
  claims,          // until a claim is free, or it is known which are (S14)
  count_
};

struct ProfileStatus {
  ProfileId profile;
  std::uint32_t target = 0;
  std::uint32_t creating = 0, pending = 0, running = 0, terminating = 0;
  std::uint32_t template_revision = 0;  // newest accepted
  std::uint16_t template_digits = 0;    // bit d set: a template for ids of d digits is in force
  std::uint16_t template_wanted = 0;    // bit d set: need-template for ids of d digits
  WaitReason wait = WaitReason::none;
  ApiErrorClass last_error = ApiErrorClass::none;
  std::string last_error_message;  // truncated
  std::int64_t retry_at_monotonic_ns = 0;
  std::uint64_t created_total = 0, create_failed_total = 0;
};

enum class SessionState : std::uint8_t {
  no_driver = 0,
  attached,
  resyncing,
  ready,
  draining,
  drained,
  orphaned,
  count_
};

struct ControlStatus {
  SessionState session = SessionState::no_driver;
  bool synced = false;                             // the pod table is complete as of resource_version
  bool stale = false;                              // no contact with the API server within the bound
  std::uint64_t resource_version = 0;              // newest version applied
  std::uint32_t ids_wanted = 0;                    // need-ids: how many more the targets ask for
  std::uint32_t drain_left = 0;                    // pods still there while draining
  ApiErrorClass last_error = ApiErrorClass::none;  // of the watch or list
  std::string last_error_message;
};

std::string_view to_string(ExecutorState state);
std::string_view to_string(WaitReason reason);
std::string_view to_string(SessionState state);

}  // namespace outrigger::core
