// What the recorded watches say about one pod, step by step.
#include <gtest/gtest.h>

#include "tests/unit/kube/streams.h"

namespace outrigger::kube::testing {
namespace {

using core::ContainerState;
using core::PodPhase;

std::vector<WatchFrame> frames_of(const std::string& name) {
  Decoded found = decode(watch_body(name));
  EXPECT_EQ(found.error, "");
  return std::move(found.frames);
}

core::Pod last_pod_of(const std::string& name) {
  return pod_of(frames_of(name).back());
}

TEST(RecordedWatch, a_pod_lives_from_added_to_deleted) {
  const auto frames = frames_of("watch-pod-lifecycle");
  ASSERT_EQ(frames.size(), 8u);
  const core::Pod& added = pod_of(frames[0]);
  EXPECT_EQ(added.name, "spark-life-exec-1");
  EXPECT_EQ(core::to_string(added.uid), "296c5505-9687-4a42-a788-0623ee428443");
  EXPECT_EQ(added.executor_id.value, 1u);
  EXPECT_EQ(added.application, "spark-life");
  EXPECT_EQ(added.phase, PodPhase::pending);
  EXPECT_FALSE(added.scheduled);
  EXPECT_EQ(added.created_at_ms, 1795266521000);

  std::uint64_t version = 0;
  bool scheduled = false, running = false, deleting = false;
  for (const WatchFrame& frame : frames) {
    const core::Pod& pod = pod_of(frame);
    EXPECT_GT(pod.resource_version, version) << "versions of one watch only grow";
    EXPECT_EQ(std::to_string(pod.resource_version), frame.resource_version);
    version = pod.resource_version;
    EXPECT_GE(pod.scheduled, scheduled);
    scheduled = pod.scheduled;
    if (pod.executor.state == ContainerState::running && pod.phase == PodPhase::running) running = true;
    deleting = pod.deleting();
  }
  EXPECT_TRUE(scheduled && running && deleting);

  const core::Pod& last = pod_of(frames.back());
  EXPECT_EQ(frames.back().type, FrameType::deleted);
  EXPECT_EQ(last.executor.state, ContainerState::terminated);
  EXPECT_EQ(last.executor.exit_code, 143);
  EXPECT_FALSE(last.node.empty());
  EXPECT_NE(last.ip, core::PodIp{});
}

TEST(RecordedWatch, deletion_moves_back_to_now_on_the_final_delete) {
  const auto frames = frames_of("watch-pod-lifecycle");
  core::WallMillis first = 0;
  for (const WatchFrame& frame : frames) {
    if (first == 0) first = pod_of(frame).deletion_at_ms;
  }
  EXPECT_GT(first, pod_of(frames.back()).deletion_at_ms);
}

TEST(RecordedWatch, an_oom_kill_is_terminated_137_OOMKilled) {
  const core::Pod pod = last_pod_of("watch-exit-137-oomkilled");
  EXPECT_EQ(pod.phase, PodPhase::failed);
  EXPECT_EQ(pod.executor.exit_code, 137);
  EXPECT_EQ(pod.executor.reason, "OOMKilled");
  EXPECT_GE(pod.executor.finished_at_ms, pod.executor.started_at_ms);
  EXPECT_NE(pod.executor.started_at_ms, 0);
}

TEST(RecordedWatch, success_is_exit_code_0) {
  const core::Pod pod = last_pod_of("watch-exit-0-succeeded");
  EXPECT_EQ(pod.phase, PodPhase::succeeded);
  EXPECT_EQ(pod.executor.state, ContainerState::terminated);
  EXPECT_EQ(pod.executor.exit_code, 0);
}

TEST(RecordedWatch, an_eviction_by_the_kubelet_has_reason_and_disruption_target) {
  const core::Pod pod = last_pod_of("watch-evicted");
  EXPECT_EQ(pod.phase, PodPhase::failed);
  EXPECT_EQ(pod.reason, "Evicted");
  EXPECT_EQ(pod.disruption_reason, "TerminationByKubelet");
  EXPECT_FALSE(pod.message.empty());
}

TEST(RecordedWatch, an_eviction_by_api_shows_the_disruption_before_the_deletion) {
  const auto frames = frames_of("watch-eviction-api");
  bool disrupted = false;
  for (const WatchFrame& frame : frames) {
    const core::Pod& pod = pod_of(frame);
    if (pod.disruption_reason == "EvictionByEvictionAPI" && !pod.deleting()) disrupted = true;
    EXPECT_TRUE(disrupted || !pod.deleting());
  }
  EXPECT_TRUE(pod_of(frames.back()).deleting());
}

TEST(RecordedWatch, an_image_that_cannot_be_pulled_is_a_startup_reason) {
  const core::Pod pod = last_pod_of("watch-image-pull-error");
  EXPECT_EQ(pod.phase, PodPhase::pending);
  EXPECT_EQ(pod.executor.state, ContainerState::waiting);
  EXPECT_EQ(pod.executor.reason, "ErrImagePull");
  EXPECT_EQ(pod.startup_reason, "ErrImagePull");
  EXPECT_FALSE(pod.executor.message.empty());
  EXPECT_FALSE(pod.other_container_failed);
}

TEST(RecordedWatch, an_unschedulable_pod_says_why) {
  const core::Pod pod = last_pod_of("watch-unschedulable");
  EXPECT_FALSE(pod.scheduled);
  EXPECT_EQ(pod.unscheduled_reason, "Unschedulable");
  EXPECT_NE(pod.unscheduled_message.find("nodes are available"), std::string::npos);
  EXPECT_TRUE(pod.node.empty());
}

TEST(RecordedWatch, a_pod_that_leaves_the_selector_is_deleted_though_it_runs) {
  const auto frames = frames_of("watch-selector-leave-deleted");
  EXPECT_EQ(frames.back().type, FrameType::deleted);
  EXPECT_EQ(pod_of(frames.back()).phase, PodPhase::running);
  EXPECT_FALSE(pod_of(frames.back()).deleting());
}

TEST(RecordedWatch, the_end_of_the_initial_events_is_told_from_a_plain_bookmark) {
  const auto initial = frames_of("watchlist-initial-events");
  EXPECT_TRUE(initial.back().initial_events_end);
  for (std::size_t i = 0; i + 1 < initial.size(); ++i) EXPECT_FALSE(initial[i].initial_events_end);
  const auto plain = frames_of("watch-bookmarks-short-timeout");
  ASSERT_EQ(plain.size(), 1u);
  EXPECT_FALSE(plain[0].initial_events_end);
  EXPECT_NE(std::get<core::PodBookmark>(plain[0].event).resource_version, 0u);
}

TEST(RecordedWatch, metadata_only_events_carry_names_and_versions_but_no_status) {
  for (const WatchFrame& frame : frames_of("watch-metadata-only")) {
    EXPECT_FALSE(pod_of(frame).name.empty());
    EXPECT_NE(pod_of(frame).resource_version, 0u);
    EXPECT_NE(pod_of(frame).executor_id.value, 0u);
    EXPECT_EQ(pod_of(frame).phase, PodPhase::unknown);
  }
}

TEST(RecordedWatch, an_in_band_410_is_gone) {
  const auto frames = frames_of("watch-rv-1-410");
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].error.error_class, core::ApiErrorClass::gone);
  EXPECT_EQ(frames[0].error.message, "too old resource version: 1 (348)");
}

TEST(RecordedAnswer, a_dry_run_has_a_uid_and_no_version) {
  std::string body = support::load_transcript("post-dryrun-all").body;
  PodDecoder decoder;
  core::Pod pod;
  ASSERT_TRUE(decoder.pod(Padded::of(body), pod).has_value());
  EXPECT_FALSE(pod.uid.empty());
  EXPECT_EQ(pod.resource_version, 0u);
}

TEST(RecordedAnswer, a_page_says_what_remains_only_without_a_selector) {
  PodDecoder decoder;
  ListPage page;
  std::string plain = support::load_transcript("list-limit2-page1").body;
  std::string selected = support::load_transcript("list-limit2-selector-page1").body;
  ASSERT_TRUE(decoder.page(Padded::of(plain), page).has_value());
  EXPECT_EQ(page.remaining, 2);
  EXPECT_EQ(page.resource_version, "309");
  ASSERT_TRUE(decoder.page(Padded::of(selected), page).has_value());
  EXPECT_EQ(page.remaining, std::nullopt);
  EXPECT_FALSE(page.continue_token.empty());
}

}  // namespace
}  // namespace outrigger::kube::testing
