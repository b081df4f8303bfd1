// How objects leave, in the order of events of the real server.
#pragma once
#include <cstdint>
#include <optional>

#include "tests/apiserver/store/store.h"

namespace outrigger::apiserver {

struct DeletionResult {
  SnapshotPtr object;  // the answer's body: the last version written, or the unchanged one
  bool gone = false;
};

// A pod's graceful deletion, or the removal at once of anything else. `grace_s` unset = the pod's own. With a
// `finalizer` the object stays, marked, until someone takes it away.
DeletionResult delete_object(Store& store, const Snapshot& object, std::optional<std::int64_t> grace_s,
                             std::int64_t unix_ms, std::string_view finalizer = {});

// Removes an object that only its finalizers kept: after the last one was taken away. True when it is gone.
bool remove_if_released(Store& store, const Snapshot& object);

// What a DELETE of this pod would use as grace period.
std::int64_t grace_of(const Snapshot& pod, std::optional<std::int64_t> asked);

}  // namespace outrigger::apiserver
