#include "agent/kube/pod_decoder.h"

#include <gtest/gtest.h>

#include "agent/core/limits.h"
#include "tests/unit/kube/streams.h"

namespace outrigger::kube::testing {
namespace {

using core::ContainerState;
using core::PodPhase;

Status decode_frame(std::string text, WatchFrame& out) {
  PodDecoder decoder;
  return decoder.frame(Padded::of(text), out);
}
std::string fault_of_frame(std::string text) {
  WatchFrame frame;
  const Status read = decode_frame(std::move(text), frame);
  return read ? "" : read.error().text;
}
core::Pod pod_from(std::string text, DecoderOptions options = {}) {
  PodDecoder decoder(std::move(options));
  core::Pod pod;
  const Status read = decoder.pod(Padded::of(text), pod);
  EXPECT_TRUE(read.has_value()) << (read ? "" : read.error().text) << "\n" << text;
  return pod;
}
std::string fault_of_pod(std::string text) {
  PodDecoder decoder;
  core::Pod pod;
  const Status read = decoder.pod(Padded::of(text), pod);
  return read ? "" : read.error().text;
}
// A pod with more fields after uid and name.
std::string pod_text(const std::string& metadata, const std::string& rest = "") {
  return R"({"kind":"Pod","metadata":{"name":"p","uid":")" + std::string(some_uid) + "\"" +
         (metadata.empty() ? "" : "," + metadata) + "}" + (rest.empty() ? "" : "," + rest) + "}";
}

TEST(PodDecoder, labels_of_spark_become_ids) {
  const core::Pod pod = pod_from(pod_text(
      R"("resourceVersion":"17","labels":{"spark-exec-id":"42","spark-exec-resourceprofile-id":"3","spark-app-selector":"spark-é",)"
      R"("outrigger-nonce":"abc12345","spark-exec-inactive":"true","other":"x"})"));
  EXPECT_EQ(pod.executor_id.value, 42u);
  EXPECT_EQ(pod.profile.value, 3u);
  EXPECT_EQ(pod.application, "spark-é");
  EXPECT_EQ(pod.nonce, "abc12345");
  EXPECT_TRUE(pod.inactive);
  EXPECT_EQ(pod.resource_version, 17u);
}

TEST(PodDecoder, S14_the_claims_that_its_volumes_name_are_read_up_to_the_bound) {
  const auto volumes = [](std::size_t count) {
    std::string all = R"({"name":"tmp","emptyDir":{}})";
    for (std::size_t i = 0; i < count; ++i)
      all += R"(,{"name":"v","persistentVolumeClaim":{"readOnly":false,"claimName":"c-)" + std::to_string(i) +
             "\"}}";
    return pod_text("", R"("spec":{"volumes":[)" + all + R"(],"nodeName":"n1"})");
  };
  EXPECT_EQ(pod_from(volumes(2)).claims, (std::vector<std::string>{"c-0", "c-1"}));
  EXPECT_EQ(pod_from(volumes(2)).node, "n1");
  EXPECT_TRUE(pod_from(volumes(0)).claims.empty());
  EXPECT_EQ(pod_from(volumes(core::limits::pod_claims)).claims.size(), core::limits::pod_claims);
  EXPECT_EQ(pod_from(volumes(core::limits::pod_claims + 1)).claims.size(), core::limits::pod_claims);
  EXPECT_NE(fault_of_pod(pod_text("", R"("spec":{"volumes":[{"persistentVolumeClaim":{"claimName":7}}]})")),
            "");
}

TEST(PodDecoder, a_label_that_is_no_number_is_no_executor) {
  for (const char* value : {"", "abc", "-1", "1x", "99999999999999999999999"})
    EXPECT_EQ(
        pod_from(pod_text(R"("labels":{"spark-exec-id":")" + std::string(value) + "\"}")).executor_id.value,
        0u)
        << value;
}

TEST(PodDecoder, the_owner_is_the_controller_else_the_first) {
  const std::string a = "00000000-0000-4000-8000-00000000000a", b = "00000000-0000-4000-8000-00000000000b";
  const auto owners = [&](const char* first, const char* second) {
    return pod_from(pod_text(R"("ownerReferences":[{"uid":")" + a + "\"" + first + R"(},{"uid":")" + b +
                             "\"" + second + "}]"))
        .owner_uid;
  };
  EXPECT_EQ(owners("", ""), core::parse_uid(a));
  EXPECT_EQ(owners("", R"(,"controller":true)"), core::parse_uid(b));
  EXPECT_EQ(owners(R"(,"controller":true)", R"(,"controller":false)"), core::parse_uid(a));
}

TEST(PodDecoder, the_executor_is_found_by_name_and_never_is_simply_the_first) {
  const std::string spec =
      R"("spec":{"containers":[{"name":"sidecar"},{"name":"spark-kubernetes-executor"}]},)";
  const core::Pod pod = pod_from(pod_text("", spec + R"("status":{"containerStatuses":[
      {"name":"sidecar","ready":true,"state":{"running":{"startedAt":"2026-11-21T13:08:41Z"}}},
      {"name":"spark-kubernetes-executor","state":{"terminated":{"exitCode":137,"signal":9,"reason":"OOMKilled",
        "message":"m","startedAt":"2026-11-21T13:08:41Z","finishedAt":"2026-11-21T13:08:42Z"}}}]})"));
  EXPECT_EQ(pod.executor.state, ContainerState::terminated);
  EXPECT_EQ(pod.executor.exit_code, 137);
  EXPECT_EQ(pod.executor.signal, 9);
  EXPECT_EQ(pod.executor.reason, "OOMKilled");
  EXPECT_EQ(pod.executor.message, "m");
  EXPECT_EQ(pod.executor.finished_at_ms - pod.executor.started_at_ms, 1000);
  EXPECT_TRUE(pod.other_container_running);
  EXPECT_FALSE(pod.other_container_failed);

  const core::Pod stranger = pod_from(pod_text("", spec + R"("status":{"containerStatuses":[
      {"name":"sidecar","state":{"terminated":{"exitCode":1}}}]})"));
  EXPECT_EQ(stranger.executor.state, ContainerState::unknown)
      << "one of two containers has a status: not the only one";
  EXPECT_TRUE(stranger.other_container_failed);
}

TEST(PodDecoder, the_only_container_is_the_executor_whatever_its_name) {
  const std::string text =
      pod_text("", R"("spec":{"containers":[{"name":"other"}]},"status":{"containerStatuses":[
      {"name":"other","ready":true,"state":{"terminated":{"exitCode":3}}}]})");
  const core::Pod pod = pod_from(text);
  EXPECT_EQ(pod.executor.exit_code, 3);
  EXPECT_TRUE(pod.executor.ready);
  EXPECT_FALSE(pod.other_container_failed);
}

TEST(PodDecoder, the_name_of_the_executors_container_is_an_option) {
  const std::string text = pod_text("", R"("spec":{"containers":[{},{}]},"status":{"containerStatuses":[
      {"name":"spark-kubernetes-executor","state":{"running":{}}},{"name":"mine","state":{"waiting":{"reason":"ErrImagePull"}}}]})");
  const core::Pod pod = pod_from(text, {.container_name = "mine"});
  EXPECT_EQ(pod.executor.state, ContainerState::waiting);
  EXPECT_EQ(pod.startup_reason, "ErrImagePull");
  EXPECT_TRUE(pod.other_container_running);
}

TEST(PodDecoder, a_container_that_waits_for_a_normal_start_is_no_failure) {
  for (const char* reason : {"ContainerCreating", "PodInitializing", ""}) {
    const core::Pod pod = pod_from(
        pod_text("", R"("status":{"initContainerStatuses":[{"name":"i","state":{"waiting":{"reason":")" +
                         std::string(reason) + R"("}}}]})"));
    EXPECT_FALSE(pod.other_container_failed) << reason;
    EXPECT_EQ(pod.startup_reason, "");
  }
  const core::Pod broken = pod_from(pod_text("", R"("status":{"initContainerStatuses":[
      {"name":"i","state":{"waiting":{"reason":"CreateContainerConfigError"}}}]})"));
  EXPECT_TRUE(broken.other_container_failed);
  EXPECT_EQ(broken.startup_reason, "CreateContainerConfigError");
}

TEST(PodDecoder, an_init_container_that_succeeded_is_no_failure) {
  const auto with_code = [](int code) {
    return pod_from(
               pod_text(
                   "",
                   R"("status":{"initContainerStatuses":[{"name":"i","state":{"terminated":{"exitCode":)" +
                       std::to_string(code) + "}}}]}"))
        .other_container_failed;
  };
  EXPECT_FALSE(with_code(0));
  EXPECT_TRUE(with_code(1));
}

TEST(PodDecoder, conditions_are_read_in_any_order_of_their_fields) {
  const core::Pod pod = pod_from(pod_text(
      "", R"("status":{"phase":"Failed","reason":"Evicted","message":"The node was low","conditions":[
      {"reason":"TerminationByKubelet","status":"True","type":"DisruptionTarget"},
      {"lastTransitionTime":"2026-11-21T13:08:41Z","status":"True","lastProbeTime":null,"type":"PodScheduled"},
      {"type":"Ready","status":"False","reason":"PodFailed"}]})"));
  EXPECT_EQ(pod.phase, PodPhase::failed);
  EXPECT_EQ(pod.reason, "Evicted");
  EXPECT_EQ(pod.disruption_reason, "TerminationByKubelet");
  EXPECT_TRUE(pod.scheduled);
  EXPECT_EQ(pod.scheduled_at_ms, 1795266521000);
  EXPECT_EQ(pod.unscheduled_reason, "");
}

TEST(PodDecoder, a_disruption_target_that_is_not_true_is_none) {
  EXPECT_EQ(
      pod_from(
          pod_text("",
                   R"("status":{"conditions":[{"type":"DisruptionTarget","status":"False","reason":"x"}]})"))
          .disruption_reason,
      "");
}

TEST(PodDecoder, messages_are_cut_at_a_characters_boundary) {
  std::string message(core::limits::message_bytes - 1, 'x');
  const core::Pod fits = pod_from(pod_text("", R"("status":{"message":")" + message + "y\"}"));
  EXPECT_EQ(fits.message, message + "y");
  const core::Pod cut = pod_from(pod_text("", R"("status":{"message":")" + message + "é\"}"));
  EXPECT_EQ(cut.message, message);
  const core::Pod escaped = pod_from(pod_text("", R"("status":{"message":")" + message + "\\n\\n\"}"));
  EXPECT_EQ(escaped.message, message + "\n");
}

TEST(PodDecoder, escapes_are_resolved) {
  EXPECT_EQ(pod_from(pod_text("", R"("status":{"reason":"a\"\\\u00e9\ud83d\ude00\n"})")).reason,
            "a\"\\é😀\n");
}

TEST(PodDecoder, a_skeleton_of_nulls_is_a_bookmark) {
  WatchFrame frame;
  ASSERT_TRUE(
      decode_frame(
          R"({"type":"BOOKMARK","object":{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"385",)"
          R"("creationTimestamp":null},"spec":{"containers":null},"status":{}}})",
          frame)
          .has_value());
  EXPECT_EQ(frame.type, FrameType::bookmark);
  EXPECT_EQ(frame.resource_version, "385");
  EXPECT_EQ(std::get<core::PodBookmark>(frame.event).resource_version, 385u);
  EXPECT_FALSE(frame.initial_events_end);
}

TEST(PodDecoder, every_field_that_is_read_may_be_null) {
  const core::Pod pod = pod_from(pod_text(
      R"("resourceVersion":null,"creationTimestamp":null,"deletionTimestamp":null,"labels":{"spark-exec-id":null,"outrigger-nonce":null},)"
      R"("annotations":null,"ownerReferences":null)",
      R"("spec":{"nodeName":null,"containers":null},"status":{"phase":null,"podIP":null,"conditions":null,"containerStatuses":null,)"
      R"("initContainerStatuses":null,"message":null,"reason":null,"startTime":null})"));
  core::Pod expected;
  expected.name = "p";
  expected.uid = *core::parse_uid(some_uid);
  EXPECT_EQ(pod, expected);
  const core::Pod empty = pod_from(pod_text(R"("labels":null)", R"("spec":null,"status":null)"));
  EXPECT_EQ(empty, expected);
  const core::Pod states = pod_from(pod_text("", R"("status":{"conditions":[null,{}],"containerStatuses":[
      {"name":null,"ready":null,"state":null},{"state":{"running":null,"waiting":null,"terminated":null}}]})"));
  EXPECT_EQ(states.executor.state, ContainerState::unknown);
}

TEST(PodDecoder, nothing_of_the_pod_before_is_left_over) {
  PodDecoder decoder;
  WatchFrame frame;
  std::string full =
      R"({"type":"MODIFIED","object":)" +
      pod_text(
          R"("resourceVersion":"9","creationTimestamp":"2026-11-21T13:08:41Z","deletionTimestamp":"2026-11-21T13:08:41Z",)"
          R"("ownerReferences":[{"uid":")" +
              std::string(some_uid) +
              R"("}],"labels":{"spark-exec-id":"1",)"
              R"("spark-exec-resourceprofile-id":"2","outrigger-nonce":"n","spark-app-selector":"a","spark-exec-inactive":"true"})",
          R"("spec":{"nodeName":"n","containers":[{},{}]},"status":{"phase":"Running","reason":"r","message":"m",
       "podIP":"1.2.3.4","startTime":"2026-11-21T13:08:41Z","conditions":[{"type":"PodScheduled","status":"False","reason":"r","message":"m",
       "lastTransitionTime":"2026-11-21T13:08:41Z"},{"type":"PodScheduled","status":"True","lastTransitionTime":"2026-11-21T13:08:41Z"},
       {"type":"DisruptionTarget","status":"True","reason":"d"}],"containerStatuses":[{"name":"x","state":{"running":{}}},{"name":"y","state":{"waiting":
       {"reason":"ErrImagePull","message":"m"}}},{"name":"spark-kubernetes-executor","ready":true,"state":{"terminated":{"exitCode":1,"signal":2,
       "reason":"r","message":"m","startedAt":"2026-11-21T13:08:41Z","finishedAt":"2026-11-21T13:08:41Z"}}}]})") +
      "}";
  ASSERT_TRUE(decoder.frame(Padded::of(full), frame).has_value());
  const core::Pod& seen = pod_of(frame);
  EXPECT_TRUE(seen.scheduled && seen.other_container_failed && seen.other_container_running && seen.inactive);
  EXPECT_EQ(seen.startup_reason, "ErrImagePull");
  EXPECT_EQ(seen.unscheduled_message, "m");
  std::string small = R"({"type":"MODIFIED","object":)" + pod_text(R"("resourceVersion":"10")") + "}";
  ASSERT_TRUE(decoder.frame(Padded::of(small), frame).has_value());
  core::Pod expected;
  expected.name = "p";
  expected.uid = *core::parse_uid(some_uid);
  expected.resource_version = 10;
  EXPECT_EQ(pod_of(frame), expected);
}

TEST(PodDecoder, the_object_may_come_before_its_type) {
  WatchFrame frame;
  ASSERT_TRUE(
      decode_frame(R"({"object":)" + pod_text(R"("resourceVersion":"10")") + R"(,"type":"DELETED"})", frame)
          .has_value());
  EXPECT_EQ(frame.type, FrameType::deleted);
  EXPECT_EQ(pod_of(frame).name, "p");
}

TEST(PodDecoder, an_error_event_is_a_classified_status) {
  WatchFrame frame;
  ASSERT_TRUE(
      decode_frame(
          R"({"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)"
          R"("message":"too old resource version","reason":"Expired","code":410
}
})",
          frame)
          .has_value());
  EXPECT_EQ(frame.type, FrameType::error);
  EXPECT_EQ(frame.error.error_class, core::ApiErrorClass::gone);
  EXPECT_EQ(frame.error.http_code, 410);
}

TEST(PodDecoder, a_read_field_of_the_wrong_type_refuses_the_whole_pod_and_is_named) {
  EXPECT_EQ(fault_of_pod(pod_text(R"("labels":[])")), "pod: metadata.labels is not an object");
  EXPECT_EQ(fault_of_pod(pod_text(R"("creationTimestamp":"yesterday")")),
            "pod: metadata.creationTimestamp is not a timestamp");
  EXPECT_EQ(fault_of_pod(pod_text("", R"("status":{"containerStatuses":{}})")),
            "pod: status.containerStatuses is not an array");
  EXPECT_EQ(fault_of_pod(pod_text("", R"("status":{"containerStatuses":[{"ready":1}]})")),
            "pod: status.containerStatuses[].ready is not a boolean");
  EXPECT_EQ(fault_of_pod(pod_text(
                "", R"("status":{"containerStatuses":[{"state":{"terminated":{"exitCode":"1"}}}]})")),
            "pod: state.terminated.exitCode is not an integer");
  EXPECT_EQ(fault_of_pod(pod_text(
                "", R"("status":{"containerStatuses":[{"state":{"terminated":{"exitCode":2147483648}}}]})")),
            "pod: state.terminated.exitCode is out of range");
  EXPECT_EQ(fault_of_pod(R"({"kind":"Pod","metadata":{"name":"p","uid":"not-a-uid"}})"),
            "pod: metadata.uid is not a uid");
  EXPECT_EQ(fault_of_pod(R"({"kind":"Pod","metadata":{"name":"p"}})"), "pod: metadata.uid is missing");
  EXPECT_EQ(fault_of_pod(R"({"kind":"Pod","metadata":{"uid":")" + std::string(some_uid) + "\"}}"),
            "pod: metadata.name is missing");
  EXPECT_EQ(
      fault_of_pod(R"({"kind":"Status","metadata":{"name":"p","uid":")" + std::string(some_uid) + "\"}}"),
      "pod: kind is not Pod");
}

TEST(PodDecoder, an_event_needs_a_known_type_an_object_and_a_version) {
  EXPECT_EQ(fault_of_frame(R"({"type":"UPDATED","object":{}})"),
            "watch event: type is none of ADDED, MODIFIED, DELETED, BOOKMARK, ERROR");
  EXPECT_EQ(fault_of_frame(R"({"object":{}})"), "watch event: type is missing");
  EXPECT_EQ(fault_of_frame(R"({"type":"ADDED"})"), "watch event: object is missing");
  EXPECT_EQ(fault_of_frame(R"({"type":"ADDED","object":null})"), "watch event: object is null");
  EXPECT_EQ(fault_of_frame(R"({"type":"BOOKMARK","object":{"kind":"Pod","metadata":{}}})"),
            "watch event: object.metadata.resourceVersion is missing");
  EXPECT_EQ(fault_of_frame(R"({"type":"ADDED","object":)" + pod_text("") + "}"),
            "watch event: object.metadata.resourceVersion is missing");
  EXPECT_EQ(
      fault_of_frame(R"({"type":"BOOKMARK","object":{"kind":"Service","metadata":{"resourceVersion":"1"}}})"),
      "watch event: object.kind is not Pod");
}

TEST(PodDecoder, text_that_is_no_json_or_more_than_one_document_is_refused) {
  for (const std::string& bad :
       {std::string(""), std::string("{"), std::string("[]"), std::string("{}{}"), std::string("{}x"),
        std::string("nul"), pod_text("") + "}", std::string("{\"a\":[}"), std::string("{\"a\":\"b}")})
    EXPECT_NE(fault_of_pod(bad), "") << bad;
}

TEST(PodDecoder, a_pod_cut_anywhere_is_refused) {
  std::string event = watch_body("watch-unschedulable");
  event.resize(event.find('\n'));
  ASSERT_EQ(fault_of_frame(event), "");
  for (std::size_t size = 0; size < event.size(); ++size)
    ASSERT_NE(fault_of_frame(event.substr(0, size)), "") << size;
}

TEST(PodDecoder, bytes_that_are_no_utf8_are_refused_wherever_they_stand) {
  const std::string event = pod_event("ADDED", "a", "1");
  ASSERT_EQ(fault_of_frame(event), "");
  // An unread field: name of a label nobody knows.
  for (const char* bad : {"\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC0\x80", "\xED\xA0\x80"}) {
    std::string text = event;
    text.insert(text.find("\"kind\""), R"("unread":")" + std::string(bad) + "\",");
    EXPECT_NE(fault_of_frame(text), "") << bad;
  }
}

TEST(PodDecoder, a_list_needs_its_kind_and_its_version) {
  PodDecoder decoder;
  ListPage page;
  const auto fault = [&](std::string text) {
    const Status read = decoder.page(Padded::of(text), page);
    return read ? std::string() : read.error().text;
  };
  EXPECT_EQ(fault(R"({"kind":"PodList","metadata":{"resourceVersion":"1"},"items":null})"), "");
  EXPECT_EQ(page.count, 0u);
  EXPECT_EQ(fault(R"({"kind":"PodList","metadata":{},"items":[]})"),
            "list page: metadata.resourceVersion of the list is missing");
  EXPECT_EQ(fault(R"({"kind":"Table","metadata":{"resourceVersion":"1"},"rows":[]})"),
            "list page: kind is not PodList");
  EXPECT_EQ(
      fault(R"({"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a"}}]})"),
      "list page: metadata.uid is missing");
  EXPECT_EQ(fault(R"({"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[)" + pod_text("") +
                  R"(],"x":{})"),
            "list page: list is malformed");
}

TEST(PodDecoder, a_page_is_decoded_again_into_the_same_value) {
  PodDecoder decoder;
  ListPage page;
  std::string two = support::load_transcript("list-limit2-page1").body,
              none = support::load_transcript("list-empty").body;
  ASSERT_TRUE(decoder.page(Padded::of(two), page).has_value());
  EXPECT_EQ(page.count, 2u);
  EXPECT_EQ(page.remaining, 2);
  EXPECT_NE(page.continue_token, "");
  ASSERT_TRUE(decoder.page(Padded::of(none), page).has_value());
  EXPECT_EQ(page.count, 0u);
  EXPECT_EQ(page.remaining, std::nullopt);
  EXPECT_EQ(page.continue_token, "");
  decoder.release();
  ASSERT_TRUE(decoder.page(Padded::of(two), page).has_value()) << "a released decoder works on";
}

}  // namespace
}  // namespace outrigger::kube::testing
