// Owner references at work: what the garbage collector of kube-controller-manager does.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "tests/apiserver/base/clock.h"
#include "tests/apiserver/store/store.h"

namespace outrigger::apiserver {

inline constexpr std::string_view foreground_finalizer = "foregroundDeletion";

struct OwnerRef {
  std::string kind;
  std::string uid;
  bool blocks = false;  // blockOwnerDeletion
};
std::vector<OwnerRef> owners_of(const Meta& meta);

// Takes references to this owner off everything that has one.
void orphan_dependents(Store& store, const std::string& owner_uid);

// Deletes what has no owner left, drops references to owners that are gone while another one lives, and ends deletions
// in the foreground. Owners of a kind that this server does not store are taken to be there.
class GarbageCollector {
 public:
  GarbageCollector(Store& store, Clock& clock, Millis delay = Millis(20));
  void reset();

 private:
  struct Id {
    Resource resource = Resource::pods;
    std::string key;  // "namespace/name"
    friend auto operator<=>(const Id&, const Id&) = default;
  };

  void on_event(const Event& event);
  void index(const Id& id, const Snapshot& object);
  void forget(const Id& id);
  void check_later(const Id& id);
  void check(const Id& id);
  void check_foreground(const std::string& owner_uid);
  bool is_absent(const OwnerRef& owner) const;
  SnapshotPtr current(const Id& id) const;

  Store& store_;
  Clock& clock_;
  Millis delay_;
  std::unordered_set<std::string> live_;            // uids
  std::map<std::string, Id> foreground_;            // owners that wait for their dependents, by uid
  std::map<std::string, std::set<Id>> dependents_;  // by the owner's uid
  std::map<Id, std::vector<OwnerRef>> owners_;      // of objects that have any
};

}  // namespace outrigger::apiserver
