// What a watch or a list says, as values. A list is init, applied*, init_done; a watch is applied | deleted |
// bookmark.
#pragma once
#include <string>
#include <variant>

#include "agent/core/pod.h"

namespace outrigger::core {

struct PodInit {};  // a list begins: collect into the side table
struct PodApplied {
  Pod pod;
};  // ADDED, MODIFIED or a list item
struct PodDeleted {
  Pod pod;
};  // DELETED: the last state, with the deletion's resource version
struct PodInitDone {
  std::uint64_t resource_version = 0;
};  // the list is complete as of this version: swap once
struct PodBookmark {
  std::uint64_t resource_version = 0;
};  // nothing older than this version is missing

using PodEvent = std::variant<PodInit, PodApplied, PodDeleted, PodInitDone, PodBookmark>;

}  // namespace outrigger::core
