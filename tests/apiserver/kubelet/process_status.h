// The status of a pod of processes: what the kubelet knows, as the API shows it. Values in, values out.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tests/apiserver/base/json.h"

namespace outrigger::apiserver {

struct ContainerEnd {
  int exit_code = 0;
  int signal = 0;
  std::string reason;
  std::string message;
  std::string started_at;
  std::string finished_at;
};

struct ContainerView {
  enum class Phase { waiting, running, terminated };
  std::string name;
  std::string image;
  std::string id;
  bool sidecar = false;  // an init container that is restarted always
  Phase phase = Phase::waiting;
  std::string waiting_reason = "PodInitializing";
  std::string waiting_message;
  std::string started_at;
  bool started = false;  // its startup probe, if any, has succeeded
  bool ready = false;
  int restarts = 0;
  std::optional<ContainerEnd> end;   // phase terminated
  std::optional<ContainerEnd> last;  // of the run before
};

struct PodView {
  std::vector<ContainerView> init;
  std::vector<ContainerView> app;
  std::string host_ip;
  std::string pod_ip;
  std::string start_time;
  bool sandbox = false;      // volumes are there, containers may start
  bool initialized = false;  // init containers are through, sidecars started
  bool over = false;         // no container will run again
  std::string reason;        // status.reason and .message, as of an eviction
  std::string message;
  bool failed = false;  // phase Failed whatever the exit codes
};

std::string phase_of(const PodView& pod);
// Changes `status`; conditions keep their transition times and what others wrote stays.
void show(const PodView& pod, Json& status, const std::string& now);

}  // namespace outrigger::apiserver
