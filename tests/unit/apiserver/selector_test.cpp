#include <gtest/gtest.h>

#include "tests/apiserver/store/selector.h"
#include "tests/unit/apiserver/pods.h"

namespace outrigger::apiserver {
namespace {

bool matches(std::string_view text, const Labels& labels) {
  const auto selector = LabelSelector::parse(text);
  EXPECT_TRUE(selector.has_value()) << text << ": " << (selector ? "" : selector.error());
  return selector && selector->matches(labels);
}

TEST(LabelSelectors, an_empty_selector_matches_everything) {
  EXPECT_TRUE(matches("", {}));
}

TEST(LabelSelectors, equality_needs_the_label_inequality_does_not) {
  EXPECT_TRUE(matches("a=b", {{"a", "b"}}));
  EXPECT_TRUE(matches("a==b", {{"a", "b"}}));
  EXPECT_FALSE(matches("a=b", {{"a", "c"}}));
  EXPECT_FALSE(matches("a=b", {}));
  EXPECT_TRUE(matches("a!=b", {}));
  EXPECT_FALSE(matches("a!=b", {{"a", "b"}}));
  EXPECT_TRUE(matches("a=", {{"a", ""}}));
}

TEST(LabelSelectors, set_based_terms_hold_as_written) {
  EXPECT_TRUE(matches("a in (x, y)", {{"a", "y"}}));
  EXPECT_FALSE(matches("a in (x,y)", {{"a", "z"}}));
  EXPECT_FALSE(matches("a in (x,y)", {}));
  EXPECT_TRUE(matches("a notin (x,y)", {{"a", "z"}}));
  EXPECT_TRUE(matches("a notin (x,y)", {}));
  EXPECT_TRUE(matches("a", {{"a", "z"}}));
  EXPECT_FALSE(matches("!a", {{"a", "z"}}));
  EXPECT_TRUE(matches("!a", {}));
  EXPECT_TRUE(matches("n>3,n<5", {{"n", "4"}}));
  EXPECT_FALSE(matches("n>4", {{"n", "4"}}));
  EXPECT_FALSE(matches("n>3", {{"n", "four"}}));
}

TEST(LabelSelectors, all_terms_must_hold) {
  const Labels labels{{"spark-app-selector", "spark-a"}, {"spark-role", "executor"}};
  EXPECT_TRUE(matches("spark-app-selector=spark-a,spark-role in (executor),!gone", labels));
  EXPECT_FALSE(matches("spark-app-selector=spark-a,spark-role!=executor", labels));
}

TEST(LabelSelectors, what_cannot_be_read_is_refused) {
  for (const char* text : {"a in x", "a in (x", "=b", "a=b,", "a b", "a>x", "!", "a in (x) b"}) {
    EXPECT_FALSE(LabelSelector::parse(text).has_value()) << text;
  }
}

TEST(FieldSelectors, know_the_fields_of_pods_and_refuse_others) {
  Store store(1, {});
  Draft draft = pod_draft("p1");
  draft.fields.node_name = "sim-001";
  draft.fields.phase = "Running";
  const auto pod = store.put(std::move(draft));
  const auto holds = [&](const char* text) {
    return FieldSelector::parse(text, Resource::pods).value().matches(*pod);
  };
  EXPECT_TRUE(holds("status.phase=Running,spec.nodeName=sim-001"));
  EXPECT_TRUE(holds("metadata.name==p1"));
  EXPECT_FALSE(holds("status.phase!=Running"));
  EXPECT_TRUE(holds("metadata.namespace!=default"));
  EXPECT_FALSE(FieldSelector::parse("spec.color=red", Resource::pods).has_value());
  EXPECT_FALSE(FieldSelector::parse("status.phase=Running", Resource::configmaps).has_value());
  EXPECT_FALSE(FieldSelector::parse("nonsense", Resource::pods).has_value());
}

}  // namespace
}  // namespace outrigger::apiserver
