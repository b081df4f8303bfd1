// Every pod of the application, keyed by uid, with the counts and orders that decide() reads without
// scanning.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/core/executor_state.h"
#include "agent/core/ids.h"
#include "agent/core/pod.h"
#include "agent/core/pod_event.h"
#include "agent/core/time.h"

namespace outrigger::core {

enum class DeltaKind : std::uint8_t {
  upserted,  // new, or changed
  removed,   // DELETED, or a list as of a later version no longer has it
  replaced,  // removed, because another uid has its name: an upserted follows
};

struct PodRow {
  Pod pod;
  ExecutorStatus
      status;  // a final state is kept as it was first seen: later evidence is about our own clean-up
  Instant first_seen{};
  Instant final_at{};  // when the state became final
};

// `row` is borrowed until the next call of a non-const member.
struct PodDelta {
  DeltaKind kind = DeltaKind::upserted;
  const PodRow* row = nullptr;
  const Pod& pod() const { return row->pod; }
};

struct StateCounts {
  std::uint32_t pending = 0, running = 0, terminating = 0, succeeded = 0, failed = 0, unknown = 0;
  std::uint32_t alive = 0;  // see counts_as_alive()
  std::uint32_t final() const { return succeeded + failed; }
  bool operator==(const StateCounts&) const = default;
};

// Pods that one driver incarnation asked for (label outrigger-nonce); pods without executor id are in none.
struct PodCohort {
  struct Profile {
    StateCounts counts;
    std::map<ExecutorId, const PodRow*> pending;  // state pending, so not being deleted
  };
  std::map<ProfileId, Profile> profiles;
  std::map<ExecutorId, const PodRow*> live;      // not final, not being deleted
  std::map<ExecutorId, const PodRow*> finished;  // final, not being deleted, not labelled inactive
  std::size_t pods = 0;
};

class PodTable {
 public:
  PodTable() = default;
  PodTable(const PodTable&) = delete;
  PodTable& operator=(const PodTable&) = delete;

  // In the order of what happened. An event older than what is known of the same uid, or about a uid that was
  // DELETED, changes nothing. A list is collected aside and swapped in once, at PodInitDone; it removes
  // nothing that is newer than the list itself (S7).
  std::vector<PodDelta> apply(PodEvent event, Instant now);
  // Our own delete was accepted: the pod's end will be `requested`.
  void deleted_by_us(const PodUid& uid);
  bool was_deleted_by_us(const PodUid& uid) const { return ours_.contains(uid); }

  bool synced() const { return synced_; }  // one list is complete
  bool listing() const { return side_.has_value(); }
  std::uint64_t resource_version() const { return version_; }  // newest applied

  std::size_t size() const { return rows_.size(); }
  const PodRow* find(const PodUid& uid) const;
  const PodRow* find_name(std::string_view name) const;
  // The pod of this executor; with `nonce`, only of that driver incarnation.
  const PodRow* find(ExecutorId id) const;
  const PodRow* find(ExecutorId id, std::string_view nonce) const;

  const std::map<std::string, PodCohort, std::less<>>& cohorts() const { return cohorts_; }
  const PodCohort& cohort(std::string_view nonce) const;  // an empty one if there is none
  StateCounts counts(std::string_view nonce, ProfileId profile) const;

  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [uid, row] : rows_) visit(row);
  }

 private:
  struct SideList {
    std::unordered_map<PodUid, Pod> pods;
    std::vector<PodUid> order;
  };
  void upsert(Pod pod, Instant now, std::vector<PodDelta>& out);
  void remove(const PodUid& uid, DeltaKind kind, const Pod* last, Instant now, std::vector<PodDelta>& out);
  void swap_in(std::uint64_t version, Instant now, std::vector<PodDelta>& out);
  void link(PodRow& row);
  void unlink(const PodRow& row);
  void bury(const PodUid& uid);

  std::unordered_map<PodUid, PodRow> rows_;
  std::unordered_map<std::string, PodUid> by_name_;
  std::unordered_multimap<ExecutorId, const PodRow*> by_id_;
  std::map<std::string, PodCohort, std::less<>> cohorts_;
  std::unordered_set<PodUid> ours_;
  std::unordered_set<PodUid> buried_;  // uids that were DELETED: an older list must not bring them back
  std::deque<PodUid> burials_;
  std::deque<PodRow> departed_;  // what the last deltas point to
  std::optional<SideList> side_;
  std::uint64_t version_ = 0;
  bool synced_ = false;
};

}  // namespace outrigger::core
