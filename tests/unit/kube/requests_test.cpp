#include "agent/kube/requests.h"

#include <gtest/gtest.h>

namespace outrigger::kube {
namespace {

using std::chrono::seconds;

Requests spark() {
  return Requests::in_namespace("spark").value();
}
constexpr std::string_view selector = "spark-app-selector=spark-a,spark-role=executor";

TEST(Requests, a_first_page_is_a_consistent_list_of_500) {
  const Request request = spark().list({.label_selector = std::string(selector)});
  EXPECT_EQ(request.verb, Verb::list);
  EXPECT_EQ(request.target,
            "/api/v1/namespaces/spark/"
            "pods?labelSelector=spark-app-selector%3Dspark-a%2Cspark-role%3Dexecutor&limit=500");
}

TEST(Requests, a_page_with_a_token_never_sends_a_version) {
  const Request request = spark().list({.limit = 2, .continue_token = "a+b/c=", .resource_version = "7"});
  EXPECT_EQ(request.target, "/api/v1/namespaces/spark/pods?limit=2&continue=a%2Bb%2Fc%3D");
}

TEST(Requests, a_list_not_older_than_a_version_says_so) {
  const Request request = spark().list({.limit = 0, .resource_version = "7", .not_older_than = true});
  EXPECT_EQ(request.target,
            "/api/v1/namespaces/spark/pods?resourceVersion=7&resourceVersionMatch=NotOlderThan");
}

TEST(Requests, a_watch_asks_for_bookmarks_and_names_its_timeout) {
  const Request request = spark().watch({.resource_version = "309", .timeout = seconds(421)});
  EXPECT_EQ(request.verb, Verb::watch);
  EXPECT_EQ(request.target,
            "/api/v1/namespaces/spark/"
            "pods?watch=1&resourceVersion=309&timeoutSeconds=421&allowWatchBookmarks=true");
}

TEST(Requests, initial_events_come_with_the_match_without_which_old_servers_hang_a_client) {
  const Request request =
      spark().watch({.timeout = seconds(300), .bookmarks = false, .send_initial_events = true});
  EXPECT_EQ(request.target,
            "/api/v1/namespaces/spark/"
            "pods?watch=1&timeoutSeconds=300&allowWatchBookmarks=true&sendInitialEvents=true"
            "&resourceVersionMatch=NotOlderThan");
}

TEST(Requests, watch_timeouts_spread_over_300_to_600_seconds) {
  EXPECT_EQ(jittered_watch_timeout(0, seconds(0)), seconds(300));
  EXPECT_EQ(jittered_watch_timeout(300, seconds(0)), seconds(600));
  for (std::uint64_t word = 0; word < 2000; ++word) {
    const auto timeout = jittered_watch_timeout(word * 0x9E3779B97F4A7C15ull, seconds(0));
    EXPECT_GE(timeout, seconds(300));
    EXPECT_LE(timeout, seconds(600));
  }
}

TEST(Requests, a_bound_shortens_the_watch_and_keeps_a_spread) {
  EXPECT_EQ(jittered_watch_timeout(0, seconds(55)), seconds(28));
  EXPECT_EQ(jittered_watch_timeout(27, seconds(55)), seconds(55));
  EXPECT_EQ(jittered_watch_timeout(0, seconds(1)), seconds(1));
  EXPECT_EQ(jittered_watch_timeout(0, seconds(5000)), seconds(300));
}

TEST(Requests, a_create_names_the_field_manager_and_may_ask_for_metadata_only) {
  const Request whole = spark().create("{}");
  EXPECT_EQ(whole.target, "/api/v1/namespaces/spark/pods?fieldManager=outrigger");
  EXPECT_EQ(whole.content_type, "application/json");
  EXPECT_EQ(whole.accept, "");
  const Request metadata = spark().create("{}", Resource::pods, AnswerAs::metadata);
  EXPECT_EQ(metadata.accept, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json");
  EXPECT_EQ(spark().create("{}", Resource::persistent_volume_claims).target,
            "/api/v1/namespaces/spark/persistentvolumeclaims?fieldManager=outrigger");
}

TEST(Requests, a_delete_carries_its_preconditions_grace_and_propagation) {
  DeleteOptions options;
  options.uid = "296c5505-9687-4a42-a788-0623ee428443";
  options.resource_version = "12";
  options.grace_s = 0;
  options.propagation = Propagation::background;
  const Request request = spark().remove("spark-a-exec-1", options).value();
  EXPECT_EQ(request.verb, Verb::remove);
  EXPECT_EQ(request.target, "/api/v1/namespaces/spark/pods/spark-a-exec-1");
  EXPECT_EQ(
      request.body,
      R"({"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"preconditions":{"uid":")"
      R"(296c5505-9687-4a42-a788-0623ee428443","resourceVersion":"12"},"propagationPolicy":"Background"})");
  EXPECT_EQ(spark().remove("p", {}).value().body, R"({"kind":"DeleteOptions","apiVersion":"v1"})");
}

TEST(Requests, deletecollection_without_a_selector_is_refused) {
  const auto refused = spark().remove_collection("", {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().text.find("without a label selector"), std::string::npos);
  const Request request = spark().remove_collection(selector, {}).value();
  EXPECT_EQ(request.verb, Verb::remove_collection);
  EXPECT_EQ(
      request.target,
      "/api/v1/namespaces/spark/pods?labelSelector=spark-app-selector%3Dspark-a%2Cspark-role%3Dexecutor");
}

TEST(Requests, a_label_patch_sets_and_removes) {
  const Request request =
      spark().patch_labels("p", {{"spark-exec-inactive", "true"}, {"old", std::nullopt}}).value();
  EXPECT_EQ(request.verb, Verb::patch);
  EXPECT_EQ(request.content_type, "application/merge-patch+json");
  EXPECT_EQ(request.target, "/api/v1/namespaces/spark/pods/p?fieldManager=outrigger");
  EXPECT_EQ(request.body, R"({"metadata":{"labels":{"spark-exec-inactive":"true","old":null}}})");
  EXPECT_FALSE(spark().patch_labels("p", {{"-bad", "x"}}).has_value());
  EXPECT_FALSE(spark().patch_labels("p", {{"good", "not valid"}}).has_value());
}

TEST(Requests, a_name_that_could_climb_out_of_its_path_is_refused) {
  const std::string long_name(254, 'a');
  for (const std::string_view bad :
       {std::string_view(""), std::string_view(".."), std::string_view("a/b"), std::string_view("a%2Fb"),
        std::string_view("A"), std::string_view("a..b"), std::string_view("-a"), std::string_view("a\n"),
        std::string_view(long_name)}) {
    EXPECT_FALSE(spark().get(bad).has_value()) << bad;
    EXPECT_FALSE(spark().remove(bad, {}).has_value()) << bad;
    EXPECT_FALSE(spark().merge_patch(bad, "{}").has_value()) << bad;
  }
  EXPECT_TRUE(spark().get(std::string(253, 'a')).has_value());
  EXPECT_EQ(spark().get("a.b-c").value().target, "/api/v1/namespaces/spark/pods/a.b-c");
}

TEST(Requests, a_refusal_is_one_printable_line_that_names_the_value) {
  const auto refused = Requests::in_namespace("bad\nname");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().text,
            "namespace \"bad?name\" is not valid: lower-case letters, digits and '-', at most 63");
  EXPECT_FALSE(Requests::in_namespace("a.b").has_value());
  EXPECT_FALSE(Requests::in_namespace(std::string(64, 'a')).has_value());
  EXPECT_TRUE(Requests::in_namespace(std::string(63, 'a')).has_value());
}

TEST(Requests, a_selector_is_made_of_valid_labels_only) {
  EXPECT_EQ(equality_selector({{"spark-app-selector", "spark-a"}, {"spark-role", "executor"}}).value(),
            selector);
  EXPECT_FALSE(equality_selector({{"spark-role", "a,b=c"}}).has_value());
  EXPECT_FALSE(equality_selector({{"a b", "c"}}).has_value());
  EXPECT_TRUE(is_label_key("example.com/name"));
  EXPECT_FALSE(is_label_key("/name"));
  EXPECT_FALSE(is_label_key("example.com/"));
  EXPECT_TRUE(is_label_value(""));
  EXPECT_TRUE(is_label_value(std::string(63, 'x')));
  EXPECT_FALSE(is_label_value(std::string(64, 'x')));
}

TEST(Requests, only_unreserved_characters_stay_as_they_are) {
  EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percent_encode("a b&c=d/%\xC3\xA9"), "a%20b%26c%3Dd%2F%25%C3%A9");
}

TEST(Requests, extra_resources_are_known_by_kind) {
  EXPECT_EQ(resource_of("v1", "PersistentVolumeClaim"), Resource::persistent_volume_claims);
  EXPECT_EQ(resource_of("v1", "ConfigMap"), Resource::configmaps);
  EXPECT_EQ(resource_of("apps/v1", "Deployment"), std::nullopt);
  EXPECT_EQ(resource_of("v1", "Secret"), std::nullopt);
}

}  // namespace
}  // namespace outrigger::kube
