#include "tests/apiserver/kubelet/plan.h"

#include <charconv>

namespace outrigger::apiserver {

PodPlan plan_of(const Labels& annotations) {
  PodPlan plan;
  constexpr std::string_view prefix = "sim.outrigger/";
  const auto truth = [](const std::string& value) { return value == "true"; };
  const auto time = [&](const std::string& name, const std::string& value) {
    const auto duration = parse_duration(value);
    if (!duration)
      plan.complaints.push_back(name + ": '" + value + "' is not a duration such as 250ms or 2s");
    return duration;
  };
  for (auto it = annotations.lower_bound(prefix); it != annotations.end() && it->first.starts_with(prefix);
       ++it) {
    const std::string name = it->first.substr(prefix.size());
    const std::string& value = it->second;
    if (name == "schedule-delay") {
      plan.schedule = time(name, value);
    } else if (name == "start-delay") {
      plan.start = time(name, value);
    } else if (name == "run-time") {
      plan.run = time(name, value);
    } else if (name == "terminate-time") {
      plan.terminate = time(name, value);
    } else if (name == "end") {
      const auto cause = parse_cause(value);
      if (cause) plan.end = *cause;
      plan.end_name = value;
      if (!cause) plan.complaints.push_back("end: '" + value + "' is not one of " + known_causes());
    } else if (name == "exit-code") {
      if (std::from_chars(value.data(), value.data() + value.size(), plan.end.exit_code).ec != std::errc())
        plan.complaints.push_back("exit-code: '" + value + "' is not a number");
    } else if (name == "exit-reason") {
      plan.end.exit_reason = value;
    } else if (name == "ignore-sigterm") {
      plan.ignores_sigterm = truth(value);
    } else if (name == "never-schedule") {
      plan.never_scheduled = truth(value);
    } else if (name == "unschedulable-message") {
      plan.unschedulable_message = value;
    } else if (name == "image-pull-failure") {
      plan.image_pull_fails = truth(value);
    } else if (name == "init-failure") {
      plan.init_fails = truth(value);
    } else if (name == "sidecar") {
      plan.sidecar = truth(value);
    } else {
      plan.complaints.push_back("unknown annotation " + it->first);
    }
  }
  if (plan.end_name.empty()) plan.end_name = "exit-" + std::to_string(plan.end.exit_code);
  return plan;
}

}  // namespace outrigger::apiserver
