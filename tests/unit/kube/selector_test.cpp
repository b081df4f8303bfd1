#include <gtest/gtest.h>

#include <map>

#include "agent/kube/selector.h"
#include "agent/kube/target.h"
#include "agent/kube/timestamp.h"

namespace outrigger::kube {
namespace {

using Labels = std::map<std::string, std::string, std::less<>>;

bool matches(std::string_view selector, const Labels& labels) {
  const auto parsed = Selector::parse_labels(selector);
  EXPECT_TRUE(parsed.has_value()) << selector;
  return parsed && parsed->matches([&](std::string_view key) -> std::optional<std::string> {
    const auto it = labels.find(key);
    return it == labels.end() ? std::nullopt : std::optional(it->second);
  });
}

TEST(Selector, each_operator_means_what_the_server_means) {
  const Labels pod = {{"app", "a"}, {"id", "7"}};
  EXPECT_TRUE(matches("", pod));
  EXPECT_TRUE(matches("app=a,id==7", pod));
  EXPECT_FALSE(matches("app=b", pod));
  EXPECT_TRUE(matches("app!=b", pod));
  EXPECT_TRUE(matches("none!=b", pod)) << "a missing label is unequal";
  EXPECT_TRUE(matches("id in (5, 6,7)", pod));
  EXPECT_FALSE(matches("id in (5)", pod));
  EXPECT_FALSE(matches("none in (5)", pod));
  EXPECT_TRUE(matches("id notin (5)", pod));
  EXPECT_TRUE(matches("none notin (5)", pod));
  EXPECT_TRUE(matches("id", pod));
  EXPECT_FALSE(matches("!id", pod));
  EXPECT_TRUE(matches("!none,app=a", pod));
}

TEST(Selector, what_is_no_selector_is_refused_by_name) {
  for (const char* text : {"id in (5", "id into (5)", ",", "a=b,,c=d", "=b", "a b", "in (5)"})
    EXPECT_FALSE(Selector::parse_labels(text).has_value()) << text;
  EXPECT_FALSE(Selector::parse_fields("metadata.name in (a)").has_value());
  EXPECT_TRUE(Selector::parse_fields("metadata.name=a,status.phase!=Running").has_value());
}

TEST(Selector, a_demand_is_one_value_and_no_other) {
  EXPECT_TRUE(Selector::parse_labels("app=a,x")->demands("app", "a"));
  EXPECT_TRUE(Selector::parse_labels("app in (a)")->demands("app", "a"));
  EXPECT_FALSE(Selector::parse_labels("app in (a,b)")->demands("app", "a"));
  EXPECT_FALSE(Selector::parse_labels("app!=a")->demands("app", "a"));
  EXPECT_FALSE(Selector::parse_labels("app")->demands("app", "a"));
  EXPECT_EQ(Selector::parse_labels("app=a,zone=b")->unknown_key({"app"}), "zone");
  EXPECT_EQ(Selector::parse_labels("app=a")->unknown_key({"app"}), std::nullopt);
}

TEST(Target, an_object_and_its_query_are_taken_apart) {
  const auto target = parse_target(
      "/api/v1/namespaces/spark/pods/exec-1/log?labelSelector=a%3Db%2Cid%20in%20(1%2C2)&x=1+2&flag");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->group_version, "v1");
  EXPECT_EQ(target->name_space, "spark");
  EXPECT_EQ(target->resource, "pods");
  EXPECT_EQ(target->name, "exec-1");
  EXPECT_EQ(target->subresource, "log");
  EXPECT_EQ(target->parameter("labelSelector"), "a=b,id in (1,2)");
  EXPECT_EQ(target->parameter("x"), "1 2");
  EXPECT_EQ(target->parameter("flag"), "");
  EXPECT_EQ(parse_target("/apis/apps/v1/namespaces/spark/deployments")->group_version, "apps/v1");
  EXPECT_EQ(parse_target("/api/v1/nodes")->name_space, "");
}

TEST(Target, what_could_be_read_in_two_ways_is_refused) {
  for (const char* text :
       {"", "pods", "/", "/version", "/api/v1/namespaces/spark/../other/pods", "/api//v1",
        "/api/v1/namespaces/spark%2Fpods/x", "/api/v1/namespaces/spark/pods/a%0Ab", "/api/v1/pods?x=%4",
        "/api/v1/pods?a=1&a=2", "/api/v1/namespaces/a/pods/b/log/more", "/api/v1/pods/%2e%2e"})
    EXPECT_FALSE(parse_target(text).has_value()) << text;
}

TEST(Timestamp, what_is_formatted_parses_to_the_same_second) {
  for (const core::WallMillis at :
       {std::int64_t{0}, std::int64_t{951'782'399'000}, std::int64_t{951'782'400'000},
        std::int64_t{1'795'280'400'000}, std::int64_t{-1'000}, std::int64_t{253'402'300'799'000}})
    EXPECT_EQ(parse_timestamp(format_timestamp(at)), at) << format_timestamp(at);
  EXPECT_EQ(format_timestamp(1'795'266'521'999), "2026-11-21T13:08:41Z") << "cut to the second";
}

}  // namespace
}  // namespace outrigger::kube
