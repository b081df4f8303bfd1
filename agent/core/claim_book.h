// The driver's claims: which exist, who uses them, and which are free for another executor (S14).
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/core/claim.h"
#include "agent/core/pod.h"

namespace outrigger::core {

class ClaimBook {
 public:
  // ---- who uses what: a pod of the table until it is gone or marked inactive, a create until its pod is seen ----
  // `ended_at`: when it came to its final state.
  void pod_seen(const Pod& pod, std::optional<Instant> ended_at = {});
  void pod_gone(const PodUid& uid);
  // A create of `id` is on its way: with claims that exist, and with those it makes.
  void reserve(ExecutorId id, std::vector<std::string> names);
  void making(ExecutorId id, std::string name, ClaimShape shape, Instant now);
  void made(ExecutorId id, Instant now);  // the create went well: its claims exist
  // There is no pod. `some_made`: it was rolled back, so which of its claims exist is not known any more.
  void dropped(ExecutorId id, bool some_made = false);

  // ---- what the server said ------------------------------------------------------------------------------------
  // Everything it has, as of a list that was asked for at `asked_at`. What was made since then stays.
  // At most limits::claims are remembered.
  void listed(const std::vector<Claim>& claims, const PodUid& owner, Instant asked_at, Instant now,
              WallMillis now_ms);
  // The list failed: nothing is used again, and nobody waits for a claim, until then.
  void blind(Instant until) { blind_until_ = until; }

  bool is_blind(Instant now) const { return now < blind_until_; }
  bool listed_once() const { return listed_at_.has_value(); }
  // Free claims may have been deleted by somebody since: too old to choose from after limits::claim_view_ms.
  bool fresh(Instant now) const;

  bool known(std::string_view name) const { return claims_.find(name) != claims_.end(); }
  std::size_t size() const { return claims_.size(); }  // those on their way included
  std::size_t idle() const { return idle_.size(); }

  // The smallest free claim that serves, older than `age`, and of these the first by name; none that is in `picked`.
  const std::string* find(const ClaimShape& wish, Millis age, Instant now,
                          const std::set<std::string>& picked) const;
  // How many that serve, and are old enough, will be free as soon as a pod that has ended is gone, which takes a moment; not
  // counted after limits::claim_release_ms. `until`: when the first of them is over that.
  std::size_t leaving(const ClaimShape& wish, Millis age, Instant now, Instant& until) const;
  // When the next free one that serves will be old enough; 0 = none will.
  Instant next_ripe(const ClaimShape& wish, Millis age, Instant now) const;

 private:
  struct Entry {
    ClaimShape shape;
    Instant made_at{};
    Instant known_at{};   // it existed then
    bool exists = false;  // false: its POST has not been answered
  };
  using Idle = std::map<std::pair<ClaimShape, std::string>, Instant>;  // -> made_at
  void hold(const std::string& name);
  void release(const std::string& name);
  void link(const std::string& name);
  void unlink(const std::string& name);
  void release_reserved(ExecutorId id);
  bool used(const std::string& name) const { return users_.find(name) != users_.end(); }

  std::map<std::string, Entry, std::less<>> claims_;
  Idle idle_;  // exist, and nobody uses them
  std::unordered_map<std::string, std::uint32_t> users_;
  std::unordered_map<PodUid, std::vector<std::string>> by_pod_;
  std::map<PodUid, Instant> ended_;  // of these, the pods in a final state
  std::map<ExecutorId, std::vector<std::string>> reserved_;
  std::map<ExecutorId, std::vector<std::string>> making_;
  std::optional<Instant> listed_at_;
  Instant blind_until_{};
};

}  // namespace outrigger::core
