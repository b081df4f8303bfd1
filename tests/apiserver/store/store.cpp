#include "tests/apiserver/store/store.h"

#include <algorithm>

namespace outrigger::apiserver {
namespace {

std::string key_of(std::string_view name_space, std::string_view name) {
  std::string key(name_space);
  key.append("/").append(name);
  return key;
}

// What differed at `query.at` from now: key -> version then (null = not there).
std::map<std::string, SnapshotPtr> undone(const std::deque<Event>& history,
                                          std::deque<Event>::const_iterator from, Resource resource) {
  std::map<std::string, SnapshotPtr> then;
  for (; from != history.end(); ++from) {
    if (from->object->resource == resource) then.try_emplace(from->object->key(), from->previous);
  }
  return then;
}

}  // namespace

SnapshotPtr Store::find(Resource resource, std::string_view name_space, std::string_view name) const {
  const auto& objects = index(resource);
  const auto found = objects.find(key_of(name_space, name));
  return found == objects.end() ? nullptr : found->second;
}

SnapshotPtr Store::put(Draft draft) {
  auto& objects = index_[static_cast<std::size_t>(draft.resource)];
  SnapshotPtr made = encode(std::move(draft), ++rv_);
  SnapshotPtr& slot = objects[made->key()];
  SnapshotPtr previous = std::exchange(slot, made);
  publish({rv_, previous ? EventType::modified : EventType::added, made, previous});
  return made;
}

SnapshotPtr Store::remove(const Snapshot& object) {
  auto& objects = index_[static_cast<std::size_t>(object.resource)];
  const auto found = objects.find(object.key());
  if (found == objects.end()) return nullptr;
  const SnapshotPtr previous = found->second;
  objects.erase(found);
  SnapshotPtr last = encode(edit(*previous), ++rv_);
  publish({rv_, EventType::deleted, last, previous});
  return last;
}

void Store::publish(Event event) {
  history_.push_back(event);
  while (history_.size() > window_.events) {
    compacted_ = history_.front().rv;
    history_.pop_front();
  }
  for (const auto& listener : listeners_) listener(event);
}

void Store::compact(Rv up_to) {
  compacted_ = std::max(compacted_, std::min(up_to, rv_));
  while (!history_.empty() && history_.front().rv <= compacted_) history_.pop_front();
}

void Store::clear() {
  for (auto& objects : index_) objects.clear();
  history_.clear();
  compacted_ = ++rv_;
}

std::deque<Event>::const_iterator Store::after(Rv rv) const {
  return std::upper_bound(history_.begin(), history_.end(), rv,
                          [](Rv at, const Event& event) { return at < event.rv; });
}

ListPage Store::list(const ListQuery& query) const {
  const auto& objects = index(query.resource);
  const auto then = undone(history_, after(query.at), query.resource);
  const std::string prefix = query.name_space.empty() ? std::string() : query.name_space + "/";
  const std::string first = std::max(prefix, query.start);
  const auto in_range = [&](const std::string& key) { return key.compare(0, prefix.size(), prefix) == 0; };

  ListPage page;
  bool full = false;
  const bool counted = query.selection == nullptr || query.selection->empty();
  auto now = objects.lower_bound(first);
  auto past = then.lower_bound(first);
  while (true) {
    const bool has_now = now != objects.end() && in_range(now->first);
    const bool has_past = past != then.end() && in_range(past->first);
    if (!has_now && !has_past) break;
    SnapshotPtr object;
    if (has_past && (!has_now || past->first <= now->first)) {
      if (has_now && past->first == now->first) ++now;
      object = (past++)->second;
    } else {
      object = (now++)->second;
    }
    if (object == nullptr) continue;
    if (query.selection != nullptr && !query.selection->matches(*object)) continue;
    if (full) {
      ++page.remaining;
      if (!counted) break;  // one more is enough to know that there is more
      continue;
    }
    page.items.push_back(std::move(object));
    full = query.limit > 0 && page.items.size() == query.limit;
  }
  if (page.remaining > 0) page.next = page.items.back()->key();
  return page;
}

}  // namespace outrigger::apiserver
