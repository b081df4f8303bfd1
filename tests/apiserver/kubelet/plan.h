// What the simulated kubelet will do with a pod: read from its annotations, prefix sim.outrigger/.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/base/text.h"
#include "tests/apiserver/kubelet/cause.h"
#include "tests/apiserver/store/object.h"

namespace outrigger::apiserver {

struct KubeletSettings {
  DurationRange schedule{Millis(1), Millis(5)};     // created -> bound
  DurationRange create{Millis(1), Millis(5)};       // bound -> ContainerCreating
  DurationRange start{Millis(20), Millis(60)};      // ContainerCreating -> Running
  DurationRange terminate{Millis(10), Millis(40)};  // SIGTERM -> exit
  Millis pull_back_off{10'000};                     // ErrImagePull -> ImagePullBackOff
  int nodes = 3;
  bool enabled = true;
};

struct PodPlan {
  std::optional<Millis> schedule;      // sim.outrigger/schedule-delay: 200ms
  std::optional<Millis> start;         // sim.outrigger/start-delay: 2s
  std::optional<Millis> run;           // sim.outrigger/run-time: 5s; without it the pod runs until deleted
  Cause end{.kind = CauseKind::exit};  // sim.outrigger/end: CAUSE, or exit-code: N with exit-reason: TEXT
  std::string end_name;                // as the record shows it
  std::optional<Millis> terminate;     // sim.outrigger/terminate-time: 3s
  bool ignores_sigterm = false;        // sim.outrigger/ignore-sigterm: "true": killed when the grace is over
  bool never_scheduled = false;        // sim.outrigger/never-schedule: "true"
  std::string unschedulable_message;   // sim.outrigger/unschedulable-message
  bool image_pull_fails = false;       // sim.outrigger/image-pull-failure: "true"
  bool init_fails = false;             // sim.outrigger/init-failure: "true"
  bool sidecar = false;  // sim.outrigger/sidecar: "true": another container that outlives the executor's
  std::vector<std::string> complaints;  // annotations that could not be read
};

PodPlan plan_of(const Labels& annotations);

}  // namespace outrigger::apiserver
