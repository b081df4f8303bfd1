// Deletes from proposal to answer (S9). What was sent is not sent again until its answer says so.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <unordered_map>

#include "agent/core/ids.h"
#include "agent/core/time.h"

namespace outrigger::core {

class DeleteBook {
 public:
  void propose(ExecutorId id, const PodUid& uid) { proposed_.insert_or_assign(id, uid); }
  void withdraw(ExecutorId id) { proposed_.erase(id); }
  const std::map<ExecutorId, PodUid>& proposed() const { return proposed_; }

  // The request (delete or label) has left.
  void sent(const PodUid& uid);
  // Accepted, or the pod was gone already: never again.
  void accepted(const PodUid& uid);
  // Refused or lost: again, not before `retry_at`.
  void failed(const PodUid& uid, Instant retry_at);
  // May a request for this pod leave now?
  bool may_send(const PodUid& uid, Instant now) const;
  Instant retry_at(const PodUid& uid) const;  // meaningful when may_send() is false
  bool in_flight(const PodUid& uid) const;
  std::uint32_t attempts(const PodUid& uid) const;  // failed ones
  std::size_t in_flight_count() const { return in_flight_; }
  void forget(const PodUid& uid);  // the pod left the table

 private:
  enum class Stage : std::uint8_t { in_flight, accepted, failed };
  struct Entry {
    Stage stage = Stage::in_flight;
    Instant retry_at{};
    std::uint32_t attempts = 0;
    bool counted = false;  // in in_flight_
  };
  void land(Entry& entry);
  std::map<ExecutorId, PodUid> proposed_;
  std::unordered_map<PodUid, Entry> entries_;
  std::size_t in_flight_ = 0;
};

}  // namespace outrigger::core
