// Which claims an executor gets (S14). One object serves one decide(): it remembers what it has given away.
#pragma once
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "agent/core/allocator.h"

namespace outrigger::core {

// The claims on demand of this executor: of its template, or of the pod rendered for it.
const std::vector<ClaimSlot>& claim_slots(const TemplateShelf& templates, ProfileId profile, ExecutorId id);

struct ClaimVerdict {
  std::vector<ClaimChoice> chosen;  // none: it gets new ones
  bool waits = false;
  Instant retry_at{};  // of a wait that may be over by itself
  bool list = false;   // the wait is for what the server says
};

class ClaimChooser {
 public:
  // Both borrowed.
  ClaimChooser(const Books& books, const Moment& moment);

  // How many executors of this profile had better wait, because a pod that has ended is about to give up a claim. `until`:
  // the first of them no longer than that.
  std::uint64_t leaving(ProfileId profile, Instant& until) const;
  // What is free and old enough serves; nobody waits for a claim unless the user has said so, as in Spark.
  ClaimVerdict choose(ProfileId profile, ExecutorId id) const;
  void take(const CreateOrder& order);
  // A driver that began its ids anew in the same pod finds the claims of its predecessor.
  bool name_taken(ProfileId profile, ExecutorId id) const;

 private:
  bool reuses() const;
  Instant next_ripe(const std::vector<ClaimSlot>& slots) const;

  const Books& books_;
  const Moment& moment_;
  const AllocationPolicy& policy_;
  std::set<std::string> picked_;
  std::size_t fresh_ = 0;  // claims that the creates of this decide() make
};

}  // namespace outrigger::core
