// The driver's commands as values, already copied out of shared memory and checked for shape (spark-shim
// contract, section 5).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/core/ids.h"
#include "agent/core/time.h"

namespace outrigger::core {

struct Hello {
  std::string
      nonce;  // made by the driver incarnation: [a-z0-9]{8,32}; becomes a label of every pod it asks for
  std::string client_version;  // "spark-4.3.0", "example-0.1"; for logs
  std::string application_id;  // checked against the agent's own; a difference is refused
};
struct ResyncBegin {};
struct ResyncEnd {};
struct GrantIds {
  ExecutorId first;
  std::uint32_t count = 0;
};

// Every setting of the allocator, by value, so that the agent reads no Spark configuration (S9 to S15).
struct AllocationPolicy {
  std::uint32_t max_pending_pods = 0x7FFFFFFF;              // spark.kubernetes.allocation.maxPendingPods
  std::uint32_t max_pending_pods_per_profile = 0x7FFFFFFF;  // ...maxPendingPodsPerRp
  std::uint64_t maximum_id =
      0x7FFFFFFF;                     // spark.kubernetes.allocation.maximum: ids >= this are never created
  Millis creation_timeout{600'000};   // spark.kubernetes.allocation.executor.timeout
  Millis idle_timeout{60'000};        // spark.dynamicAllocation.executorIdleTimeout
  std::uint32_t batch_size = 0;       // allocation.batch.size, only if set; 0 = not limited by a batch
  Millis batch_delay{0};              // allocation.batch.delay, only if set
  bool delete_on_termination = true;  // spark.kubernetes.executor.deleteOnTermination
  Millis driver_grace{30'000};        // after the driver is gone, before its executors are deleted
  std::uint32_t termination_grace_s = 30;  // gracePeriodSeconds of deletes
  bool reuse_claims = false;               // claims on demand of executors that are gone serve new ones (S14)
  bool wait_for_claims = false;            // spark.kubernetes.driver.waitToReusePersistentVolumeClaim
  std::uint32_t maximum_claims = 0x7FFFFFFF;  // how many there may be when executors wait for them
  bool operator==(const AllocationPolicy&) const = default;
};

struct RenderedSample {
  ExecutorId id;
  std::string pod_json;
  std::vector<std::string> extra_json;  // PersistentVolumeClaims and the like, POSTed after the pod
};
struct PostTemplate {
  ProfileId profile;
  std::uint32_t revision = 0;
  std::uint8_t id_digits = 0;           // ids with this many decimal digits
  std::vector<RenderedSample> samples;  // at least two, ids that differ in every digit
};
struct PostRendered {
  ProfileId profile;
  RenderedSample sample;
};
struct SetTarget {
  ProfileId profile;
  std::uint32_t executors = 0;
};
struct KnownDelta {
  bool full = false;  // replaces the set instead of changing it
  std::vector<ExecutorId> added;
  std::vector<ExecutorId> removed;
};
struct ConfirmDelete {
  std::vector<ExecutorId> ids;
};
struct DeleteExecutors {
  std::vector<ExecutorId> ids;
};
struct Ack {
  std::uint64_t sequence = 0;
};
struct Drain {};
struct Detach {};

using CommandBody =
    std::variant<Hello, ResyncBegin, ResyncEnd, GrantIds, AllocationPolicy, PostTemplate, PostRendered,
                 SetTarget, KnownDelta, ConfirmDelete, DeleteExecutors, Ack, Drain, Detach>;
struct Command {
  CommandId id;
  CommandBody body;
};

// The admission verdict, given at once (C17). The numbers are part of the byte map: append only.
enum class Verdict : std::uint16_t {
  none = 0,
  accepted,
  refused_malformed,  // shape, counts, lengths
  refused_identity,   // hello differs from the agent's own configuration
  refused_order,      // not in this state: no hello, no resync, after drain
  refused_ids,        // a block that overlaps one granted before, or an unknown id
  refused_template,   // does not derive from the id, or over a bound; detail names the JSON path
  refused_policy,     // the pod policy forbids it; detail names path and value
  refused_limit,      // a bound of the agent: profiles, known ids, queue
  count_
};
struct CommandResult {
  CommandId id;
  Verdict verdict = Verdict::none;
  std::string detail;  // truncated to limits::result_detail_bytes in the channel
};

std::string_view to_string(Verdict verdict);

}  // namespace outrigger::core
