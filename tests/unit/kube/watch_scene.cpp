#include "tests/unit/kube/watch_scene.h"

#include <gtest/gtest.h>

#include <chrono>

#include "agent/kube/resource_version.h"

namespace outrigger::kube::testing {

using namespace std::chrono_literals;

Scene::Scene(StartMode mode)
    : config{.requests = Requests::in_namespace("spark").value(),
             .label_selector = "spark-role=executor",
             .start_mode = mode},
      now(core::Instant(1h)) {}

Scene& Scene::feed(const WatchInput& input) {
  last = step(std::move(machine), input, now, entropy, config);
  machine = std::move(last.machine);
  // One exchange or one timer, never both.
  int running = 0;
  for (const WatchEffect& one : last.effects) {
    running += std::holds_alternative<watch_effect::SendList>(one) ||
               std::holds_alternative<watch_effect::SendWatch>(one) ||
               std::holds_alternative<watch_effect::StartTimer>(one);
  }
  EXPECT_LE(running, 1);
  return *this;
}

Scene& Scene::pass(core::Millis time) {
  now += time;
  return *this;
}
Scene& Scene::timer() {
  EXPECT_TRUE(waits());
  return pass(delay()).feed(watch_input::Timer{});
}
Scene& Scene::page(const std::string& version, const std::string& continue_token) {
  ListPage page;
  page.resource_version = version;
  page.continue_token = continue_token;
  return feed(watch_input::Page{&page});
}
Scene& Scene::pod(FrameType type, const std::string& version) {
  WatchFrame frame;
  frame.type = type;
  frame.event = core::PodApplied{};
  frame.resource_version = version;
  return feed(watch_input::Frame{&frame});
}
Scene& Scene::bookmark(const std::string& version, bool initial_events_end) {
  WatchFrame frame;
  frame.type = FrameType::bookmark;
  frame.event = core::PodBookmark{to_u64(version)};
  frame.resource_version = version;
  frame.initial_events_end = initial_events_end;
  return feed(watch_input::Frame{&frame});
}

namespace {
core::ApiError error_of(core::ApiErrorClass error_class, std::uint16_t code,
                        std::optional<int> retry_after_s) {
  core::ApiError error;
  error.error_class = error_class;
  error.http_code = code;
  if (retry_after_s) error.retry_after = core::Millis(1000 * *retry_after_s);
  return error;
}
}  // namespace

Scene& Scene::in_band(core::ApiErrorClass error, std::uint16_t code, std::optional<int> retry_after_s) {
  WatchFrame frame;
  frame.type = FrameType::error;
  frame.error = error_of(error, code, retry_after_s);
  return feed(watch_input::Frame{&frame});
}
Scene& Scene::failed(core::ApiErrorClass error, std::uint16_t code, std::optional<int> retry_after_s) {
  return feed(watch_input::Failed{error_of(error, code, retry_after_s)});
}

Scene& Scene::watching() {
  return start().page("100").opened().pass(10s);
}
Scene& Scene::listing_page_2() {
  return start().page("100", "token-2");
}

std::string Scene::sent() const {
  if (const auto* list = effect<watch_effect::SendList>()) return list->request.target;
  if (const auto* watch = effect<watch_effect::SendWatch>()) return watch->request.target;
  return {};
}
core::Millis Scene::delay() const {
  const auto* timer = effect<watch_effect::StartTimer>();
  return timer == nullptr ? core::Millis(0) : timer->delay;
}
RestartReason Scene::reason() const {
  const auto* report = effect<watch_effect::Report>();
  return report == nullptr ? RestartReason::none : report->reason;
}
bool Scene::relists() const {
  const auto* report = effect<watch_effect::Report>();
  return report != nullptr && report->relist;
}

bool has(const std::string& target, const std::string& part) {
  return target.find(part) != std::string::npos;
}
bool is_list(const std::string& target) {
  return has(target, "/pods?") && !has(target, "watch=1");
}
bool is_watch_from(const std::string& target, const std::string& version) {
  return has(target, "watch=1") && has(target, "&resourceVersion=" + version + "&");
}

}  // namespace outrigger::kube::testing
