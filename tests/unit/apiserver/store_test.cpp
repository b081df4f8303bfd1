#include <gtest/gtest.h>

#include "tests/apiserver/store/continue_token.h"
#include "tests/apiserver/store/deletion.h"
#include "tests/apiserver/store/store.h"
#include "tests/unit/apiserver/pods.h"

namespace outrigger::apiserver {
namespace {

std::vector<std::string> names(const ListPage& page) {
  std::vector<std::string> names;
  for (const auto& item : page.items) names.push_back(item->meta.name);
  return names;
}
using Names = std::vector<std::string>;

TEST(ContinueTokens, are_written_as_the_real_server_writes_them) {
  const ContinueToken token{309, std::string("/spark-a-exec-2\0", 16)};
  EXPECT_EQ(encode_continue(token),
            "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MzA5LCJzdGFydCI6Ii9zcGFyay1hLWV4ZWMtMlx1MDAwMCJ9");
  EXPECT_EQ(decode_continue(encode_continue(token)).value(), token);
}

TEST(ContinueTokens, after_a_410_the_fresh_token_points_to_the_same_place_at_no_revision) {
  const ContinueToken token{309, std::string("/spark-a-exec-2\0", 16)};
  const std::string fresh = encode_inconsistent_continue(token);
  EXPECT_EQ(fresh, "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTEsInN0YXJ0Ijoic3BhcmstYS1leGVjLTJcdTAwMDAifQ");
  EXPECT_EQ(decode_continue(fresh).value(), (ContinueToken{-1, token.start}));
}

TEST(ContinueTokens, every_kind_of_damage_has_its_own_text) {
  EXPECT_EQ(decode_continue("not-a-token!").error(),
            "continue key is not valid: illegal base64 data at input byte 11");
  EXPECT_EQ(
      decode_continue("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MzA5LCJzdGFydCI6Ii9zcGFyay1hLWV4ZWMtMlx").error(),
      "continue key is not valid: invalid character ' ' in string escape code");
  EXPECT_NE(
      decode_continue("eyJ2IjoibWV0YS5rOHMuaW8vdjkiLCJydiI6MzA5LCJzdGFydCI6Ii9zcGFyay1hLWV4ZWMtMlx1MDAwMCJ9")
          .error()
          .find("does not recognize"),
      std::string::npos);
  EXPECT_FALSE(decode_continue(encode_continue({309, "/../x"})).has_value());
  EXPECT_FALSE(decode_continue(encode_continue({0, "/x"})).has_value());
  EXPECT_FALSE(decode_continue("").has_value());
}

TEST(Store, every_write_takes_the_next_version_and_is_told_once) {
  Store store(10, {});
  std::vector<std::pair<EventType, Rv>> told;
  store.on_event([&](const Event& event) { told.emplace_back(event.type, event.rv); });
  const auto made = store.put(pod_draft("a"));
  store.put(edit(*made));
  store.remove(*made);
  using Told = std::vector<std::pair<EventType, Rv>>;
  EXPECT_EQ(told, (Told{{EventType::added, 11}, {EventType::modified, 12}, {EventType::deleted, 13}}));
  EXPECT_EQ(store.find(Resource::pods, "spark", "a"), nullptr);
  EXPECT_EQ(store.history().back().object->rv, 13) << "a deletion carries its own version";
}

TEST(Store, pages_stay_consistent_at_the_revision_of_the_first_page) {
  Store store(1, {});
  for (const char* name : {"a", "b", "c", "d"}) store.put(pod_draft(name));
  const Rv at = store.rv();
  ListQuery query{.resource = Resource::pods, .name_space = "spark", .at = at, .start = {}, .limit = 2};
  const ListPage first = store.list(query);
  EXPECT_EQ(names(first), (Names{"a", "b"}));
  EXPECT_EQ(first.next, "spark/b");
  EXPECT_EQ(first.remaining, 2u);

  store.remove(*store.find(Resource::pods, "spark", "c"));
  store.put(pod_draft("bb"));
  Draft changed = edit(*store.find(Resource::pods, "spark", "d"));
  changed.meta.labels["x"] = "y";
  store.put(std::move(changed));

  query.start = first.next + std::string(1, '\0');
  const ListPage second = store.list(query);
  EXPECT_EQ(names(second), (Names{"c", "d"}));
  EXPECT_TRUE(second.items.back()->meta.labels.empty()) << "d as it was then";
  EXPECT_EQ(second.next, "");
  query.at = store.rv();
  EXPECT_EQ(names(store.list(query)), (Names{"bb", "d"}));
}

TEST(Store, a_selection_filters_and_does_not_count_the_rest) {
  Store store(1, {});
  for (const char* name : {"a", "b", "c"}) store.put(pod_draft(name, {{"app", name[0] == 'b' ? "y" : "x"}}));
  const Selection selection{LabelSelector::parse("app=x").value(), {}};
  ListQuery query{.resource = Resource::pods,
                  .name_space = "spark",
                  .at = store.rv(),
                  .start = {},
                  .limit = 1,
                  .selection = &selection};
  const ListPage page = store.list(query);
  EXPECT_EQ(names(page), (Names{"a"}));
  EXPECT_EQ(page.next, "spark/a");
}

TEST(Store, namespaces_do_not_mix) {
  Store store(1, {});
  Draft other = pod_draft("a");
  other.meta.name_space = "spark2";
  store.put(std::move(other));
  store.put(pod_draft("b"));
  EXPECT_EQ(
      names(store.list({.resource = Resource::pods, .name_space = "spark", .at = store.rv(), .start = {}})),
      (Names{"b"}));
  EXPECT_EQ(
      store.list({.resource = Resource::pods, .name_space = {}, .at = store.rv(), .start = {}}).items.size(),
      2u);
}

TEST(Store, the_history_is_bounded_and_compaction_forgets_it) {
  Store store(1, {.events = 3});
  for (int i = 0; i < 5; ++i) store.put(pod_draft("p" + std::to_string(i)));
  EXPECT_EQ(store.history().size(), 3u);
  EXPECT_EQ(store.compacted(), 3);
  store.compact(store.rv());
  EXPECT_TRUE(store.history().empty());
  EXPECT_EQ(store.compacted(), store.rv());
  EXPECT_EQ(store.size(Resource::pods), 5u);
}

TEST(Objects, are_encoded_once_and_read_back_whole) {
  Store store(1, {});
  Draft draft = pod_draft("a", {{"k", "v\"w"}}, {{"n", "1"}});
  draft.meta.finalizers = {"f/x"};
  draft.meta.owner_references = R"([{"uid":"u"}])";
  const auto made = store.put(std::move(draft));
  const Json json = to_json(*made);
  ASSERT_FALSE(json.is_discarded());
  EXPECT_EQ(json["metadata"]["labels"]["k"], "v\"w");
  EXPECT_EQ(json["metadata"]["resourceVersion"], "2");
  EXPECT_EQ(json["metadata"]["ownerReferences"][0]["uid"], "u");
  EXPECT_EQ(json["status"]["phase"], "Pending");
  EXPECT_EQ(encode(edit(*made), made->rv)->text, made->text);
}

TEST(Objects, a_bound_pod_has_its_node_name_before_the_security_context) {
  Draft draft = pod_draft("a");
  set_node_name(draft, "sim-001");
  EXPECT_NE(draft.members.find(R"("dnsPolicy":"ClusterFirst","nodeName":"sim-001","securityContext":{})"),
            std::string::npos)
      << draft.members;
}

TEST(Deletion, an_unscheduled_pod_is_marked_and_gone_at_once) {
  Store store(1, {});
  const auto pod = store.put(pod_draft("a"));
  const auto result = delete_object(store, *pod, 30, 0);
  EXPECT_TRUE(result.gone);
  EXPECT_EQ(result.object->meta.deletion_grace_s, 0);
  EXPECT_EQ(result.object->meta.generation, 2);
  ASSERT_EQ(store.history().size(), 3u);
  EXPECT_EQ(store.history()[1].type, EventType::modified);
  EXPECT_EQ(store.history()[2].type, EventType::deleted);
}

TEST(Deletion, a_running_pod_terminates_and_a_second_delete_changes_nothing) {
  Store store(1, {});
  Draft draft = pod_draft("a");
  set_node_name(draft, "n");
  const auto pod = store.put(std::move(draft));
  const auto first = delete_object(store, *pod, {}, 0);
  EXPECT_FALSE(first.gone);
  EXPECT_EQ(first.object->meta.deletion_grace_s, 30) << "the default of the real server";
  EXPECT_EQ(delete_object(store, *first.object, 30, 0).object->rv, first.object->rv);
  const auto last = delete_object(store, *first.object, 0, 0);
  EXPECT_TRUE(last.gone);
  EXPECT_EQ(last.object->meta.generation, 2) << "only the first mark counts up";
}

TEST(Deletion, a_finalizer_keeps_the_object) {
  Store store(1, {});
  Draft draft = pod_draft("a");
  draft.meta.finalizers = {"x/y"};
  const auto pod = store.put(std::move(draft));
  EXPECT_FALSE(delete_object(store, *pod, 0, 0).gone);
  EXPECT_TRUE(store.find(Resource::pods, "spark", "a")->meta.terminating());
}

}  // namespace
}  // namespace outrigger::apiserver
