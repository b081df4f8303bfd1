#include "agent/core/pod_template.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "agent/core/limits.h"
#include "tests/unit/core/json_text.h"

namespace outrigger::core {
namespace {

using test::json;

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

// `text` with @ for the id, once per id.
std::vector<TemplateSample> samples(std::string_view text, std::vector<std::uint64_t> ids = {1111, 2222}) {
  std::vector<TemplateSample> out;
  for (const std::uint64_t id : ids)
    out.push_back({ExecutorId{id}, json(replaced(std::string(text), "@", std::to_string(id))), {}});
  return out;
}

PodIdentity identity() {
  PodIdentity out;
  out.name_space = "spark";
  out.application_id = "app";
  out.driver_pod_name = "driver";
  out.driver_pod_uid = "0f8fad5b-d9cb-469f-a165-70867728950e";
  out.profile = ProfileId{3};
  out.nonce = "nonce0001";
  return out;
}
PodPolicy policy() {
  PodPolicy out;
  out.name_space = "spark";
  return out;
}

constexpr std::string_view executor =
    R"({"kind":"Pod","metadata":{"name":"app-exec-@","labels":{"spark-exec-id":"@"}},
  "spec":{"hostname":"e-@-@","containers":[{"name":"executor","image":"spark:4","env":[{"name":"ID","value":"@"},
  {"name":"PORT","value":"7079"}]}]}})";

PodTemplate compiled(std::string_view text = executor) {
  auto slotted = diff_samples(samples(text));
  EXPECT_TRUE(slotted) << (slotted ? "" : slotted.error().text());
  auto made = PodTemplate::compile(std::move(*slotted), identity(), policy());
  EXPECT_TRUE(made) << (made ? "" : made.error().text());
  return std::move(*made);
}

TEST(TemplateDiff, runs_that_are_the_id_become_slots_wherever_they_stand) {
  const auto slotted = diff_samples(samples(executor));
  ASSERT_TRUE(slotted);
  EXPECT_EQ(slotted->digits, 4);
  EXPECT_EQ(slotted->slots,
            (std::vector<std::string>{"$.metadata.name", "$.metadata.labels[\"spark-exec-id\"]",
                                      "$.spec.hostname", "$.spec.containers[0].env[0].value"}));
}

TEST(TemplateDiff, a_number_that_is_the_id_becomes_a_slot_any_other_difference_is_refused) {
  EXPECT_TRUE(diff_samples(samples(R"({"a": @})")));
  const auto no = diff_samples(
      {{ExecutorId{1111}, json(R"({"a": 11110})"), {}}, {ExecutorId{2222}, json(R"({"a": 22220})"), {}}});
  ASSERT_FALSE(no);
  EXPECT_EQ(no.error().path, "$.a");
}

TEST(TemplateDiff, keys_may_hold_the_id_and_the_order_of_members_is_of_no_weight) {
  const auto slotted = diff_samples({{ExecutorId{1}, json(R"({"x": 5, "k1": "v1"})"), {}},
                                     {ExecutorId{2}, json(R"({"x": 5, "k2": "v2"})"), {}}});
  ASSERT_TRUE(slotted);
  const auto swapped = diff_samples({{ExecutorId{1}, json(R"({"x": 5, "y": "v1"})"), {}},
                                     {ExecutorId{2}, json(R"({"y": "v2", "x": 5})"), {}}});
  EXPECT_TRUE(swapped);
}

TEST(TemplateDiff, S3_a_refusal_names_the_path_and_both_values) {
  auto random = samples(executor);
  random[1]
      .pod.find("spec")
      ->find("containers")
      ->items()[0]
      .find("env")
      ->items()[1]
      .set("value", Json::string("7080"));
  const auto no = diff_samples(random);
  ASSERT_FALSE(no);
  EXPECT_EQ(no.error().path, "$.spec.containers[0].env[1].value");
  EXPECT_NE(no.error().why.find("7079"), std::string::npos);
  EXPECT_NE(no.error().why.find("7080"), std::string::npos);
  EXPECT_FALSE(no.error().by_policy);
}

TEST(TemplateDiff, differences_of_shape_are_refused_with_their_path) {
  const auto path = [](std::string_view a, std::string_view b) {
    const auto no = diff_samples({{ExecutorId{1}, json(a), {}}, {ExecutorId{2}, json(b), {}}});
    return no ? std::string("accepted") : no.error().path;
  };
  EXPECT_EQ(path(R"({"a": [1]})", R"({"a": [1, 1]})"), "$.a");
  EXPECT_EQ(path(R"({"a": "x"})", R"({"a": 5})"), "$.a");
  EXPECT_EQ(path(R"({"a": true})", R"({"a": false})"), "$.a");
  EXPECT_EQ(path(R"({"a": 1, "b": 1})", R"({"a": 1})"), "$.b");
  EXPECT_EQ(path(R"({"a": "x"})", R"({"a": "xx"})"), "$.a");
  EXPECT_EQ(path(R"({"a": "x1"})", R"({"a": "x3"})"), "$.a") << "not its id";
}

TEST(TemplateDiff, S2_every_sample_has_a_say) {
  std::vector<TemplateSample> three = samples(R"({"a": "b0", "id": "@"})", {3, 6, 7});
  EXPECT_TRUE(diff_samples(three));
  three[2].pod.set("a", Json::string("b1"));
  const auto no = diff_samples(three);
  ASSERT_FALSE(no);
  EXPECT_EQ(no.error().path, "$.a");
}

TEST(TemplateDiff, ids_must_have_the_same_length_and_differ_in_every_digit) {
  EXPECT_FALSE(diff_samples(samples("{}", {1111})));
  EXPECT_FALSE(diff_samples(samples("{}", {1, 22})));
  EXPECT_FALSE(diff_samples(samples("{}", {1234, 2334})));
  EXPECT_FALSE(diff_samples(samples("{}", {1111, 2222, 2111})));
  EXPECT_FALSE(diff_samples(samples("{}", {0, 1})));
  EXPECT_TRUE(diff_samples(samples("{}", {1'111'111'111, 2'222'222'222})));
  EXPECT_FALSE(diff_samples(samples("{}", {11'111'111'111, 22'222'222'222}))) << "11 digits";
  EXPECT_TRUE(diff_samples(samples("{}", {1, 2, 3, 4, 5, 6, 7, 8})));
  EXPECT_FALSE(diff_samples(samples("{}", {1, 2, 3, 4, 5, 6, 7, 8, 9}))) << "past limits::template_samples";
}

TEST(TemplateDiff, bytes_that_stand_for_slots_are_refused) {
  auto bad = samples(R"({"a": "x"})");
  for (TemplateSample& sample : bad) sample.pod.set("a", Json::string("x\xFF"));
  EXPECT_FALSE(diff_samples(bad));
}

TEST(TemplateDiff, members_of_one_object_are_bounded) {
  const auto with_members = [](std::size_t count) {
    Json many = Json::object();
    for (std::size_t i = 0; i < count; ++i) many.members().push_back({"k" + std::to_string(i), Json{}});
    return diff_samples({{ExecutorId{1}, many, {}}, {ExecutorId{2}, many, {}}}).has_value();
  };
  EXPECT_TRUE(with_members(limits::json_members));
  EXPECT_FALSE(with_members(limits::json_members + 1));
}

TEST(TemplateDiff, S6_extra_resources_must_match_and_are_bounded) {
  auto two = samples("{}");
  two[0].extras.push_back(json("{}"));
  EXPECT_FALSE(diff_samples(two));
  two[1].extras.push_back(json(R"({"x": 1})"));
  const auto no = diff_samples(two);
  ASSERT_FALSE(no);
  EXPECT_TRUE(no.error().path.starts_with("$extra[0]")) << no.error().path;
  auto many = samples("{}");
  for (TemplateSample& sample : many) sample.extras.assign(limits::template_extras, json("{}"));
  EXPECT_TRUE(diff_samples(many));
  for (TemplateSample& sample : many) sample.extras.push_back(json("{}"));
  EXPECT_FALSE(diff_samples(many));
}

TEST(PodTemplate, a_stamped_pod_equals_the_rendered_one_but_for_what_is_forced) {
  const auto stamped = compiled().stamp(ExecutorId{9876});
  ASSERT_TRUE(stamped);
  EXPECT_EQ(stamped->name, "app-exec-9876");
  const Json pod = json(stamped->body);
  const Json rendered = samples(executor, {9876})[0].pod;
  EXPECT_EQ(*pod.find("spec"), *rendered.find("spec"));
  EXPECT_EQ(compiled().pod_name(ExecutorId{9876}), "app-exec-9876");
}

TEST(PodTemplate, C22_namespace_owner_and_labels_are_forced_whatever_the_driver_says) {
  const PodTemplate made =
      compiled(R"({"metadata":{"name":"e-@","uid":"x","resourceVersion":"5","generateName":"g",
    "labels":{"spark-app-selector":"another","spark-role":"driver","team":"a"},
    "ownerReferences":[{"uid":"1"},{"uid":"2"}]},"spec":{"containers":[{"image":"i"}]},"status":{"phase":"Running"}})");
  const Json pod = json(made.stamp(ExecutorId{1234})->body);
  EXPECT_EQ(pod.text_at({"kind"}), "Pod");
  EXPECT_EQ(pod.text_at({"apiVersion"}), "v1");
  EXPECT_EQ(pod.find("status"), nullptr);
  EXPECT_EQ(pod.text_at({"metadata", "namespace"}), "spark");
  const Json& labels = *pod.at({"metadata", "labels"});
  EXPECT_EQ(labels.text_at({"spark-app-selector"}), "app");
  EXPECT_EQ(labels.text_at({"spark-role"}), "executor");
  EXPECT_EQ(labels.text_at({"spark-exec-id"}), "1234");
  EXPECT_EQ(labels.text_at({"spark-exec-resourceprofile-id"}), "3");
  EXPECT_EQ(labels.text_at({"outrigger-nonce"}), "nonce0001");
  EXPECT_EQ(labels.text_at({"team"}), "a");
  const auto& owners = pod.at({"metadata", "ownerReferences"})->items();
  ASSERT_EQ(owners.size(), 1u);
  EXPECT_EQ(owners[0].text_at({"uid"}), identity().driver_pod_uid);
  EXPECT_EQ(owners[0].text_at({"name"}), "driver");
  EXPECT_TRUE(owners[0].find("controller")->truth());
  for (const char* key : {"uid", "resourceVersion", "generateName"})
    EXPECT_EQ(pod.at({"metadata", key}), nullptr) << key;
}

TEST(PodTemplate, in_client_mode_a_pod_has_no_owner_at_all) {
  PodIdentity client = identity();
  client.driver_pod_uid.clear();
  auto slotted = diff_samples(samples(
      R"({"metadata":{"name":"e-@","ownerReferences":[{"uid":"1"}]},"spec":{"containers":[{"image":"i"}]}})"));
  const auto made = PodTemplate::compile(std::move(*slotted), client, policy());
  ASSERT_TRUE(made);
  EXPECT_EQ(json(made->stamp(ExecutorId{1234})->body).at({"metadata", "ownerReferences"}), nullptr);
}

TEST(PodTemplate, a_name_without_the_id_or_no_name_is_refused) {
  for (const char* text : {R"({"metadata":{"name":"same"},"spec":{"containers":[{"image":"i"}]}})",
                           R"({"metadata":{},"spec":{"containers":[{"image":"i"}]}})",
                           R"({"metadata":{"name":"Upper-@"},"spec":{"containers":[{"image":"i"}]}})"}) {
    auto slotted = diff_samples(samples(text));
    ASSERT_TRUE(slotted);
    const auto made = PodTemplate::compile(std::move(*slotted), identity(), policy());
    ASSERT_FALSE(made) << text;
    EXPECT_EQ(made.error().path, "$.metadata.name");
  }
}

TEST(PodTemplate, a_policy_breach_is_named_and_marked) {
  auto slotted = diff_samples(
      samples(R"({"metadata":{"name":"e-@"},"spec":{"hostPID":true,"containers":[{"image":"i"}]}})"));
  const auto made = PodTemplate::compile(std::move(*slotted), identity(), policy());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().path, "$.spec.hostPID");
  EXPECT_TRUE(made.error().by_policy);
}

TEST(PodTemplate, ids_of_another_length_are_refused) {
  EXPECT_FALSE(compiled().stamp(ExecutorId{999}));
  EXPECT_FALSE(compiled().stamp(ExecutorId{10'000}));
  EXPECT_TRUE(compiled().stamp(ExecutorId{1'000}));
}

TEST(PodTemplate, a_template_over_the_bound_is_refused) {
  const auto with_size = [](std::size_t bytes) {
    const std::string filler(bytes, 'x');
    auto slotted = diff_samples(samples(R"({"metadata":{"name":"e-@","annotations":{"a":")" + filler +
                                        R"("}},"spec":{"containers":[{"image":"i"}]}})"));
    return PodTemplate::compile(std::move(*slotted), identity(), policy()).has_value();
  };
  EXPECT_TRUE(with_size(limits::template_bytes - 1024));
  EXPECT_FALSE(with_size(limits::template_bytes));
}

constexpr std::string_view claim =
    R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"c-@"},"spec":{}})";

TEST(PodTemplate, S6_a_claim_is_stamped_like_a_pod_and_owned_by_the_driver_or_the_executor) {
  auto with_claim = samples(executor);
  for (TemplateSample& sample : with_claim)
    sample.extras.push_back(json(replaced(std::string(claim), "@", std::to_string(sample.id.value))));
  const auto slotted = diff_samples(with_claim);
  ASSERT_TRUE(slotted);
  const auto by_driver = PodTemplate::compile(*slotted, identity(), policy());
  ASSERT_TRUE(by_driver) << by_driver.error().text();
  EXPECT_EQ(by_driver->extra_resource(0), "persistentvolumeclaims");
  const auto first = by_driver->stamp_extra(0, ExecutorId{1234}, "pod-uid");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->name, "c-1234");
  EXPECT_EQ(json(first->body).at({"metadata", "ownerReferences"})->items()[0].text_at({"uid"}),
            identity().driver_pod_uid);
  PodIdentity own = identity();
  own.extras_owned_by_pod = true;
  const auto by_pod = PodTemplate::compile(*slotted, own, policy());
  ASSERT_TRUE(by_pod);
  const auto second = by_pod->stamp_extra(0, ExecutorId{1234}, "pod-uid");
  const Json owner = json(second->body).at({"metadata", "ownerReferences"})->items()[0];
  EXPECT_EQ(owner.text_at({"uid"}), "pod-uid");
  EXPECT_EQ(owner.text_at({"name"}), "app-exec-1234");
  EXPECT_FALSE(by_pod->stamp_extra(1, ExecutorId{1234}, "pod-uid"));
}

TEST(PodTemplate, S6_a_claim_goes_with_its_executor_when_the_driver_says_so_or_there_is_no_driver_pod) {
  const auto owner_of_claim = [](const std::string& owners, const PodIdentity& who) {
    const std::string text = replaced(std::string(claim), "\"c-@\"", "\"c-@\"" + owners);
    auto with_claim = samples(executor);
    for (TemplateSample& sample : with_claim)
      sample.extras.push_back(json(replaced(text, "@", std::to_string(sample.id.value))));
    const auto made = PodTemplate::compile(*diff_samples(with_claim), who, policy());
    const auto stamped = made->stamp_extra(0, ExecutorId{1234}, "pod-uid");
    const Json owner = json(stamped->body).at({"metadata", "ownerReferences"})->items()[0];
    return std::string(owner.text_at({"name"})) + " " + std::string(owner.text_at({"uid"}));
  };
  const auto naming = [](const std::string& name) {
    return R"(,"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":")" + name + R"("}])";
  };
  const std::string driver = identity().driver_pod_name + " " + identity().driver_pod_uid;
  EXPECT_EQ(owner_of_claim(naming("app-exec-@"), identity()), "app-exec-1234 pod-uid");
  EXPECT_EQ(owner_of_claim(naming("somebody-@"), identity()), driver) << "nobody else can be named";
  EXPECT_EQ(owner_of_claim("", identity()), driver);
  PodIdentity client = identity();
  client.driver_pod_name.clear();
  client.driver_pod_uid.clear();
  EXPECT_EQ(owner_of_claim("", client), "app-exec-1234 pod-uid");
}

TEST(RenderedPod, S3_a_pod_rendered_for_one_id_is_forced_and_checked_the_same_way) {
  const auto made = compile_rendered(samples(executor, {42})[0], identity(), policy());
  ASSERT_TRUE(made) << made.error().text();
  EXPECT_EQ(made->pod.name, "app-exec-42");
  EXPECT_EQ(json(made->pod.body).text_at({"metadata", "labels", "outrigger-nonce"}), "nonce0001");
  EXPECT_FALSE(compile_rendered(samples(executor, {0})[0], identity(), policy()));
}

TEST(PodTemplate, property_any_text_made_of_constants_and_the_id_is_stamped_as_rendered) {
  EXPECT_TRUE(rc::check([] {
    const auto parts = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4));
    std::string text;
    for (const int part : parts) text += part == 0 ? "@" : part == 1 ? "1" : part == 2 ? "-" : "77";
    const auto id = static_cast<std::uint64_t>(*rc::gen::inRange(1000, 10000));
    const std::string body =
        R"({"metadata":{"name":"e-@"},"spec":{"hostname":")" + text + R"(","containers":[{"image":"i"}]}})";
    auto slotted = diff_samples(samples(body, {1111, 2222, 3333}));
    RC_ASSERT(slotted.has_value());
    const auto made = PodTemplate::compile(std::move(*slotted), identity(), policy());
    RC_ASSERT(made.has_value());
    const Json stamped = json(made->stamp(ExecutorId{id})->body);
    RC_ASSERT(std::string(stamped.text_at({"spec", "hostname"})) == replaced(text, "@", std::to_string(id)));
  }));
}

}  // namespace
}  // namespace outrigger::core
