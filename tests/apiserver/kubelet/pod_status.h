// Pod statuses as a kubelet and the control plane write them: values in, values out.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/base/json.h"

namespace outrigger::apiserver {

struct ContainerInfo {
  std::string name;
  std::string image;
};

struct PodFacts {
  std::string uid;
  std::string node;
  std::string host_ip;
  std::string pod_ip;
  std::vector<ContainerInfo> containers;  // the executor's first
  bool sidecar = false;
};

struct Ending {
  int exit_code = 0;
  std::string container_reason;  // Completed, Error, OOMKilled
  std::string pod_reason;        // status.reason, or empty
  std::string message;           // status.message, or empty
  bool failed = false;           // phase Failed whatever the exit code
  bool sidecar_lives = false;
};

namespace pod_status {

// Members in the order in which the real server writes them.
void reorder(Json& status);

void set_condition(Json& status, std::string_view type, bool value, const std::string& now,
                   std::string_view reason = {}, std::string_view message = {});
void scheduled(Json& status, const std::string& now);
void unschedulable(Json& status, const std::string& now, std::string_view message);
void creating(Json& status, const PodFacts& facts, const std::string& now);
void waiting(Json& status, std::string_view reason, std::string_view message);
void running(Json& status, const PodFacts& facts, const std::string& now);
void ended(Json& status, const PodFacts& facts, const Ending& ending, const std::string& now);
void init_failed(Json& status, const PodFacts& facts, const std::string& now);
void disrupted(Json& status, const std::string& now, std::string_view reason, std::string_view message);

}  // namespace pod_status
}  // namespace outrigger::apiserver
