#include "tests/apiserver/store/deletion.h"

#include <algorithm>
#include <charconv>

#include "tests/apiserver/base/text.h"

namespace outrigger::apiserver {
namespace {

std::int64_t own_grace(const Snapshot& pod) {
  constexpr std::string_view name = "\"terminationGracePeriodSeconds\":";
  const auto text = pod.members();
  const auto at = text.rfind(name);
  std::int64_t value = 30;
  if (at != std::string_view::npos)
    std::from_chars(text.data() + at + name.size(), text.data() + text.size(), value);
  return value;
}

SnapshotPtr mark(Store& store, const Snapshot& object, std::int64_t grace_s, std::int64_t unix_ms,
                 std::string_view finalizer) {
  Draft draft = edit(object);
  auto& finalizers = draft.meta.finalizers;
  if (!finalizer.empty() && std::find(finalizers.begin(), finalizers.end(), finalizer) == finalizers.end())
    finalizers.emplace_back(finalizer);
  if (!object.meta.terminating() && draft.meta.generation > 0) ++draft.meta.generation;
  draft.meta.deletion_timestamp = rfc3339(unix_ms + grace_s * 1000);
  draft.meta.deletion_grace_s = grace_s;
  return store.put(std::move(draft));
}

}  // namespace

std::int64_t grace_of(const Snapshot& pod, std::optional<std::int64_t> asked) {
  const bool never_ran = pod.fields.node_name.empty();
  const bool ended = pod.fields.phase == "Succeeded" || pod.fields.phase == "Failed";
  if (never_ran || ended) return 0;
  const std::int64_t grace = asked ? *asked : pod.meta.deletion_grace_s.value_or(own_grace(pod));
  return grace < 0 ? 1 : grace;
}

DeletionResult delete_object(Store& store, const Snapshot& object, std::optional<std::int64_t> grace_s,
                             std::int64_t unix_ms, std::string_view finalizer) {
  SnapshotPtr current = store.find(object.resource, object.meta.name_space, object.meta.name);
  if (object.resource != Resource::pods) {
    if (current->meta.finalizers.empty() && finalizer.empty()) return {store.remove(object), true};
    if (current->meta.terminating()) return {current, false};
    return {mark(store, *current, 0, unix_ms, finalizer), false};
  }
  const std::int64_t grace = grace_of(*current, grace_s);
  // Only a shorter grace period changes a deletion that has begun.
  if (current->meta.terminating() && grace >= current->meta.deletion_grace_s.value_or(0)) {
    const bool stuck = current->meta.deletion_grace_s.value_or(0) > 0 || !current->meta.finalizers.empty();
    if (stuck) return {current, false};
  }
  if (!current->meta.terminating() || grace < current->meta.deletion_grace_s.value_or(0))
    current = mark(store, *current, grace, unix_ms, finalizer);
  if (grace > 0 || !current->meta.finalizers.empty()) return {current, false};
  return {store.remove(*current), true};
}

bool remove_if_released(Store& store, const Snapshot& object) {
  if (!object.meta.terminating() || !object.meta.finalizers.empty()) return false;
  if (object.meta.deletion_grace_s.value_or(0) != 0) return false;
  store.remove(object);
  return true;
}

}  // namespace outrigger::apiserver
