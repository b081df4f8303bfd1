#include <gtest/gtest.h>

#include "tests/apiserver/kubelet/process_status.h"

namespace outrigger::apiserver {
namespace {

using Phase = ContainerView::Phase;

ContainerView container(const char* name, Phase phase, int code = 0) {
  ContainerView view;
  view.name = name;
  view.image = "i";
  view.phase = phase;
  view.started = view.ready = phase == Phase::running;
  if (phase == Phase::terminated)
    view.end = ContainerEnd{.exit_code = code, .reason = code == 0 ? "Completed" : "Error"};
  return view;
}

PodView pod(std::vector<ContainerView> app) {
  PodView view;
  view.app = std::move(app);
  view.sandbox = view.initialized = true;
  return view;
}

Json shown(const PodView& view) {
  Json status = Json::object();
  show(view, status, "now");
  return status;
}

std::string condition(const Json& status, const char* type, const char* member = "status") {
  for (const auto& condition : status["conditions"]) {
    if (condition["type"] == type) return string_member(condition, member);
  }
  return {};
}

TEST(PodOfProcesses, is_pending_until_a_container_has_run) {
  PodView view = pod({container("a", Phase::waiting)});
  EXPECT_EQ(phase_of(view), "Pending");
  view.app.front() = container("a", Phase::running);
  EXPECT_EQ(phase_of(view), "Running");
  EXPECT_EQ(condition(shown(view), "Ready"), "True");
}

TEST(PodOfProcesses, ends_by_the_exit_codes_of_its_containers_and_not_of_its_sidecars) {
  PodView view = pod({container("a", Phase::terminated), container("b", Phase::terminated)});
  view.init = {container("side", Phase::terminated, 143)};
  view.init.front().sidecar = true;
  EXPECT_EQ(phase_of(view), "Running") << "not before everything has ended";
  view.over = true;
  EXPECT_EQ(phase_of(view), "Succeeded");
  EXPECT_EQ(condition(shown(view), "Ready", "reason"), "PodCompleted");
  view.app.back() = container("b", Phase::terminated, 3);
  EXPECT_EQ(phase_of(view), "Failed");
  EXPECT_EQ(shown(view)["containerStatuses"][1]["state"]["terminated"]["exitCode"], 3);
}

TEST(PodOfProcesses, is_ready_only_with_its_sidecars) {
  PodView view = pod({container("a", Phase::running)});
  view.init = {container("side", Phase::running)};
  view.init.front().sidecar = true;
  view.init.front().ready = false;
  EXPECT_EQ(condition(shown(view), "ContainersReady", "message"), "containers with unready status: [side]");
}

TEST(PodOfProcesses, names_the_init_containers_that_are_not_through) {
  PodView view = pod({container("a", Phase::waiting)});
  view.initialized = false;
  view.init = {container("one", Phase::terminated), container("two", Phase::running)};
  EXPECT_EQ(condition(shown(view), "Initialized", "message"), "containers with incomplete status: [two]");
}

TEST(PodOfProcesses, keeps_what_others_wrote) {
  Json status =
      parse_json(R"({"conditions":[{"type":"DisruptionTarget","status":"True"}],"qosClass":"Burstable"})");
  show(pod({container("a", Phase::running)}), status, "now");
  EXPECT_EQ(condition(status, "DisruptionTarget"), "True");
  EXPECT_EQ(status["qosClass"], "Burstable");
}

}  // namespace
}  // namespace outrigger::apiserver
