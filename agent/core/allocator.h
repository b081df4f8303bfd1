// decide(): what to do now so that the pods approach the targets. Pure: the same books and the same moment
// give the same actions, and after commit() a second decide() has nothing to add. Rules S7-S11, S13, S18,
// S20.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/backoff.h"
#include "agent/core/claim_book.h"
#include "agent/core/delete_book.h"
#include "agent/core/executor_record.h"
#include "agent/core/expectations.h"
#include "agent/core/id_book.h"
#include "agent/core/pod_table.h"
#include "agent/core/resync.h"
#include "agent/core/template_shelf.h"

namespace outrigger::core {

// allocation.batch.*: only when the user has set it (S11). A window of batch_delay, of each profile.
struct BatchWindow {
  Instant ends{};
  std::uint32_t used = 0;
};

// Everything decide() reads and commit() writes. The flow owns one; answers of the server and commands of the
// driver go into the books by their own members.
struct Books {
  PodTable pods;
  Expectations expected;
  IdBook ids;
  Desired desired;
  TemplateShelf templates;
  DeleteBook deletes;
  CreateBackoff backoff;
  ClaimBook claims;
  std::map<ProfileId, BatchWindow> batch;
};

// What a pod event changed, after the books have taken note of it.
struct Observation {
  std::vector<PodDelta> deltas;       // borrowed rows: until the next observe()
  std::vector<Expectation> vanished;  // answered, never seen, and the table is complete past them
  // Of this driver, Pending and naming claims, when nobody expected them any more: their POST had been given up, and
  // nobody has made what belongs to them (S6).
  std::vector<ExecutorId> landed;
};
// The one way for pod events into the books: table, expectations and deletes stay in step.
Observation observe(Books& books, PodEvent event, std::string_view nonce, Instant now);

// What is true only at this moment.
struct Moment {
  Instant now{};
  SessionState session = SessionState::no_driver;
  std::string_view nonce;  // of the current driver
  PodUid owner_uid;        // the driver pod; empty in client mode
  std::string_view application_id;
  std::size_t create_slots = 0;  // POSTs that may leave now (concurrency)
  std::size_t delete_slots = limits::deletes_in_flight;
  Instant gate{};      // Retry-After: no write leaves before
  Instant ready_at{};  // S12: no create before
};

struct CreateOrder {
  ExecutorId id;
  ProfileId profile;
  std::vector<ClaimChoice> claims = {};  // of executors that are gone, in place of new ones (S14)
  bool operator==(const CreateOrder&) const = default;
};

enum class DeleteWhy : std::uint8_t {
  foreign,    // asked for by an earlier driver incarnation (S8)
  requested,  // DeleteExecutors
  confirmed,  // surplus, proposed and confirmed; only while Pending
  final,      // it has ended (S20)
  unseen,     // answered, but not seen within the creation timeout
};
std::string_view to_string(DeleteWhy why);

struct DeleteOrder {
  ExecutorId id;
  PodUid uid;  // precondition, always
  std::string name;
  DeleteWhy why = DeleteWhy::final;
  // Precondition as well where it is not 0: the pod must still be as it was seen, that is, Pending (S9).
  std::uint64_t resource_version = 0;
  std::uint32_t grace_s = 30;
};

struct LabelOrder {  // spark-exec-inactive=true instead of a delete
  ExecutorId id;
  PodUid uid;
  std::string name;
};

struct ProfileWait {
  WaitReason reason = WaitReason::none;
  Instant retry_at{};  // when the reason may be over by itself; 0 = only by a change
};

struct Actions {
  std::vector<CreateOrder> creates;  // stamp or take the rendered pod, mark, POST
  std::vector<CreateOrder> wanted;   // need-pod: publish as `wanted`
  std::vector<DeleteOrder> deletes;
  std::vector<LabelOrder> labels;
  std::vector<ExecutorId> proposals;    // publish with delete_proposed
  std::vector<ExecutorId> withdrawals;  // publish without it: kept after all, or gone
  std::vector<ExecutorId> dropped;      // confirmed or requested, but it no longer applies (running, gone)
  std::vector<ExecutorId> cancelled;    // wanted, and no longer needed: publish as gone
  std::vector<ExecutorId> skipped_ids;  // names taken by pods of another driver (S8): retired
  std::vector<std::pair<ProfileId, std::uint8_t>> templates;  // need-template (profile, digits)
  std::uint64_t ids_taken = 0;   // from the book, in its order: creates, wanted and skipped
  std::uint64_t ids_wanted = 0;  // need-ids: how many more the targets ask for
  bool list_claims = false;      // a create waits for what the server says of the claims (S14)
  std::map<ProfileId, ProfileWait> waits;
  Instant wake_at{};  // decide again then, even if nothing changes; 0 = no need
  bool idle() const {
    return creates.empty() && wanted.empty() && deletes.empty() && labels.empty() && proposals.empty() &&
           withdrawals.empty() && dropped.empty() && cancelled.empty() && skipped_ids.empty();
  }
};

// How long one batch lasts: Spark's default where only the size was set.
Nanos batch_window(const AllocationPolicy& policy);

Actions decide(const Books& books, const Moment& moment);

// Records that the actions are being carried out: ids taken, POSTs in flight, deletes sent, proposals made.
// The flow then reports each outcome to expected, deletes and backoff.
void commit(Books& books, const Actions& actions, const Moment& moment);

}  // namespace outrigger::core
