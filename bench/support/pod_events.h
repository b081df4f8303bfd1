// Watch events and list pages of executor pods as a real API server writes them: field order, managedFields, conditions;
// about 6.3 KB an event, 6.9 KB a running pod.
#pragma once
#include <cstdint>
#include <string>

namespace outrigger::bench {

enum class PodStep { pending, scheduled, creating, running };

struct EventPod {
  std::uint64_t id = 1;
  std::uint64_t version = 1;
  PodStep step = PodStep::running;
};

std::string pod_json(const EventPod& pod, bool list_item = false);  // list items carry no kind and apiVersion
std::string event_json(const char* type, const EventPod& pod);      // with LF at its end
std::string uid_of(std::uint64_t id);

}  // namespace outrigger::bench
