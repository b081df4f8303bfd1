#include "tests/apiserver/controllers/garbage_collector.h"

#include <algorithm>

#include "tests/apiserver/store/deletion.h"

namespace outrigger::apiserver {
namespace {

bool waits_in_foreground(const Meta& meta) {
  return meta.terminating() && std::find(meta.finalizers.begin(), meta.finalizers.end(),
                                         foreground_finalizer) != meta.finalizers.end();
}

void keep_owners(Store& store, const Snapshot& object, const std::function<bool(const std::string&)>& keep) {
  const Json refs = parse_json(object.meta.owner_references);
  Json kept = Json::array();
  for (const auto& ref : refs) {
    if (keep(string_member(ref, "uid"))) kept.push_back(ref);
  }
  Draft draft = edit(object);
  draft.meta.owner_references = kept.empty() ? std::string() : dump(kept);
  store.put(std::move(draft));
}

}  // namespace

std::vector<OwnerRef> owners_of(const Meta& meta) {
  std::vector<OwnerRef> owners;
  if (meta.owner_references.empty()) return owners;
  const Json refs = parse_json(meta.owner_references);
  if (!refs.is_array()) return owners;
  for (const auto& ref : refs) {
    if (!ref.is_object()) continue;
    const auto blocks = ref.find("blockOwnerDeletion");
    owners.push_back({string_member(ref, "kind"), string_member(ref, "uid"),
                      blocks != ref.end() && blocks->is_boolean() && blocks->get<bool>()});
  }
  return owners;
}

void orphan_dependents(Store& store, const std::string& owner_uid) {
  std::vector<SnapshotPtr> found;
  for (std::size_t i = 0; i < resource_count; ++i) {
    for (const auto& [key, object] : store.index(static_cast<Resource>(i))) {
      if (object->meta.owner_references.find(owner_uid) != std::string::npos) found.push_back(object);
    }
  }
  for (const auto& object : found)
    keep_owners(store, *object, [&](const std::string& uid) { return uid != owner_uid; });
}

GarbageCollector::GarbageCollector(Store& store, Clock& clock, Millis delay)
    : store_(store), clock_(clock), delay_(delay) {
  store_.on_event([this](const Event& event) { on_event(event); });
}

void GarbageCollector::reset() {
  live_.clear();
  foreground_.clear();
  dependents_.clear();
  owners_.clear();
}

SnapshotPtr GarbageCollector::current(const Id& id) const {
  const auto& objects = store_.index(id.resource);
  const auto found = objects.find(id.key);
  return found == objects.end() ? nullptr : found->second;
}

bool GarbageCollector::is_absent(const OwnerRef& owner) const {
  return resource_by_kind(owner.kind).has_value() && !live_.contains(owner.uid);
}

void GarbageCollector::on_event(const Event& event) {
  const Meta& meta = event.object->meta;
  const Id id{event.object->resource, event.object->key()};
  if (event.type == EventType::deleted) {
    live_.erase(meta.uid);
    foreground_.erase(meta.uid);
    for (const OwnerRef& owner : owners_of(meta)) {
      if (foreground_.contains(owner.uid))
        clock_.after(delay_, [this, uid = owner.uid] { check_foreground(uid); });
    }
    forget(id);
    if (const auto found = dependents_.find(meta.uid); found != dependents_.end()) {
      for (const Id& dependent : found->second) check_later(dependent);
    }
    return;
  }
  if (event.type == EventType::added) live_.insert(meta.uid);
  const bool owners_changed =
      event.type == EventType::added || event.previous->meta.owner_references != meta.owner_references;
  if (owners_changed) {
    forget(id);
    index(id, *event.object);
  }
  if (waits_in_foreground(meta) && foreground_.emplace(meta.uid, id).second) {
    if (const auto found = dependents_.find(meta.uid); found != dependents_.end()) {
      for (const Id& dependent : found->second) check_later(dependent);
    }
    clock_.after(delay_, [this, uid = meta.uid] { check_foreground(uid); });
  }
}

void GarbageCollector::index(const Id& id, const Snapshot& object) {
  auto owners = owners_of(object.meta);
  if (owners.empty()) return;
  bool absent = false;
  for (const OwnerRef& owner : owners) {
    dependents_[owner.uid].insert(id);
    absent = absent || is_absent(owner);
  }
  owners_[id] = std::move(owners);
  if (absent) check_later(id);
}

void GarbageCollector::forget(const Id& id) {
  const auto found = owners_.find(id);
  if (found == owners_.end()) return;
  for (const OwnerRef& owner : found->second) {
    const auto at = dependents_.find(owner.uid);
    if (at == dependents_.end()) continue;
    at->second.erase(id);
    if (at->second.empty()) dependents_.erase(at);
  }
  owners_.erase(found);
}

void GarbageCollector::check_later(const Id& id) {
  clock_.after(delay_, [this, id] { check(id); });
}

void GarbageCollector::check(const Id& id) {
  const auto object = current(id);
  const auto found = owners_.find(id);
  if (!object || found == owners_.end() || object->meta.terminating()) return;
  bool lives = false;
  bool gone = false;
  for (const OwnerRef& owner : found->second) {
    const bool lost = is_absent(owner) || foreground_.contains(owner.uid);
    (lost ? gone : lives) = true;
  }
  if (!gone) return;
  if (!lives) {
    delete_object(store_, *object, {}, clock_.unix_ms());
    return;
  }
  std::set<std::string> absent;
  for (const OwnerRef& owner : found->second) {
    if (is_absent(owner)) absent.insert(owner.uid);
  }
  if (!absent.empty())
    keep_owners(store_, *object, [&](const std::string& uid) { return !absent.contains(uid); });
}

void GarbageCollector::check_foreground(const std::string& owner_uid) {
  const auto waiting = foreground_.find(owner_uid);
  if (waiting == foreground_.end()) return;
  if (const auto found = dependents_.find(owner_uid); found != dependents_.end()) {
    for (const Id& dependent : found->second) {
      const auto owners = owners_.find(dependent);
      if (owners == owners_.end()) continue;
      for (const OwnerRef& owner : owners->second) {
        if (owner.uid == owner_uid && owner.blocks) return;
      }
    }
  }
  const auto object = current(waiting->second);
  foreground_.erase(waiting);
  if (!object || object->meta.uid != owner_uid) return;
  Draft draft = edit(*object);
  std::erase(draft.meta.finalizers, foreground_finalizer);
  const auto released = store_.put(std::move(draft));
  remove_if_released(store_, *released);
}

}  // namespace outrigger::apiserver
