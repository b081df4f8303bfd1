// What the agent remembers of a pod: what the driver, the allocator and the exit class need, nothing else.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/ids.h"
#include "agent/core/time.h"

namespace outrigger::core {

enum class PodPhase : std::uint8_t { unknown = 0, pending, running, succeeded, failed };
enum class ContainerState : std::uint8_t { unknown = 0, waiting, running, terminated };

// An IPv6 address, or an IPv4 one in its mapped form (::ffff:a.b.c.d). All zero = none.
using PodIp = std::array<std::uint8_t, 16>;

// State of the executor's own container: found by name (spark.kubernetes.executor.podTemplateContainerName or
// "spark-kubernetes-executor"), else the only container, never simply the first.
struct ExecutorContainer {
  ContainerState state = ContainerState::unknown;
  bool ready = false;
  std::int32_t exit_code = 0;  // meaningful when state == terminated
  std::int32_t signal = 0;     // likewise; 0 = none
  std::string
      reason;  // waiting.reason or terminated.reason: ImagePullBackOff, OOMKilled, Error, Completed ...
  std::string message;  // waiting.message or terminated.message, truncated to limits::message_bytes
  WallMillis started_at_ms = 0;
  WallMillis finished_at_ms = 0;
  bool operator==(const ExecutorContainer&) const = default;
};

struct Pod {
  PodUid uid;
  std::string name;
  std::uint64_t resource_version = 0;  // 0 = not a number of 64 bits (then never compared)
  ExecutorId executor_id;              // label spark-exec-id
  ProfileId profile;                   // label spark-exec-resourceprofile-id
  PodUid owner_uid;                    // uid of the controller ownerReference, else of the first one
  std::string nonce;  // label outrigger-nonce: the driver incarnation that asked for it (idempotency key)
  std::string application;  // label spark-app-selector
  bool inactive = false;    // label spark-exec-inactive=true
  std::vector<std::string>
      claims;  // PersistentVolumeClaims that its volumes name; limits::pod_claims of them

  PodPhase phase = PodPhase::unknown;
  std::string reason;   // status.reason: Evicted, NodeLost, NodeShutdown, Preempting ...
  std::string message;  // status.message, truncated
  std::string node;
  PodIp ip{};
  bool scheduled = false;           // condition PodScheduled = True
  std::string unscheduled_reason;   // reason of PodScheduled = False (Unschedulable, SchedulingGated)
  std::string unscheduled_message;  // and its message, truncated: "0/3 nodes are available ..."
  std::string disruption_reason;    // reason of condition DisruptionTarget = True

  ExecutorContainer executor;
  bool other_container_failed =
      false;                   // an init or sidecar container ended with a code other than 0, or can't start
  std::string startup_reason;  // waiting reason of any container that can't start (ErrImagePull,
                               // CreateContainerConfigError ...)
  bool other_container_running = false;

  WallMillis created_at_ms = 0;
  WallMillis scheduled_at_ms = 0;  // lastTransitionTime of PodScheduled = True
  WallMillis started_at_ms = 0;    // status.startTime
  WallMillis deletion_at_ms = 0;   // deletionTimestamp: when the grace period ends; 0 = not being deleted

  bool deleting() const { return deletion_at_ms != 0; }
  bool operator==(const Pod&) const = default;
};

std::string_view to_string(PodPhase phase);  // as Kubernetes writes it: "Pending"
std::string_view to_string(ContainerState state);

}  // namespace outrigger::core
