// Objects, their resource versions and the recent history. Used on the server's thread only.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/store/object.h"
#include "tests/apiserver/store/selector.h"

namespace outrigger::apiserver {

enum class EventType : std::uint8_t { added, modified, deleted };

struct Event {
  Rv rv = 0;
  EventType type = EventType::added;
  SnapshotPtr object;    // for deleted: the last state with the resource version of the deletion
  SnapshotPtr previous;  // null for added
};

struct ListQuery {
  Resource resource = Resource::pods;
  std::string name_space;  // empty = all
  Rv at = 0;               // must lie in [compacted(), rv()]
  std::string start;       // key "namespace/name" from which on, inclusive; empty = from the beginning
  std::size_t limit = 0;   // 0 = all
  const Selection* selection = nullptr;  // nullptr = all
};

struct ListPage {
  std::vector<SnapshotPtr> items;
  std::string next;           // key of the last item when there may be more, else empty
  std::size_t remaining = 0;  // objects after the page; counted only without a selection
};

class Store {
 public:
  struct Window {
    std::size_t events = 20'000;  // kept at most; older ones are compacted
  };
  Store(Rv first_rv, Window window) : rv_(first_rv), compacted_(0), window_(window) {}

  Rv rv() const { return rv_; }
  // Everything up to here is forgotten: watches and exact lists from below are answered with 410.
  Rv compacted() const { return compacted_; }
  void compact(Rv up_to);

  SnapshotPtr find(Resource resource, std::string_view name_space, std::string_view name) const;
  SnapshotPtr put(Draft draft);  // creates or replaces
  SnapshotPtr remove(const Snapshot& object);
  ListPage list(const ListQuery& query) const;
  std::size_t size(Resource resource) const { return index(resource).size(); }
  const std::map<std::string, SnapshotPtr>& index(Resource resource) const {
    return index_[static_cast<std::size_t>(resource)];
  }
  // Forgets all objects, silently; watchers have to be dropped by the caller.
  void clear();

  // Events after `rv`, oldest first.
  std::deque<Event>::const_iterator after(Rv rv) const;
  const std::deque<Event>& history() const { return history_; }
  void on_event(std::function<void(const Event&)> listener) { listeners_.push_back(std::move(listener)); }

 private:
  void publish(Event event);

  Rv rv_;
  Rv compacted_;
  Window window_;
  std::map<std::string, SnapshotPtr> index_[resource_count];
  std::deque<Event> history_;
  std::vector<std::function<void(const Event&)>> listeners_;
};

}  // namespace outrigger::apiserver
