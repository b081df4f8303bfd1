#include <gtest/gtest.h>

#include "tests/apiserver/api/watch.h"
#include "tests/unit/apiserver/pods.h"
#include "tests/unit/apiserver/server_time.h"

namespace outrigger::apiserver {
namespace {

// The frames of a stream without their chunk framing.
std::vector<Json> frames(const std::string& bytes) {
  std::vector<Json> frames;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto end = bytes.find('\n', bytes.find("\r\n", at) + 2);
    if (end == std::string::npos) break;
    const auto begin = bytes.find("\r\n", at) + 2;
    frames.push_back(parse_json(bytes.substr(begin, end - begin)));
    at = end + 3;
  }
  return frames;
}

struct Hub {
  ServerTime time;
  Store store{1, {}};
  WatchHub hub{store, time, {.queue_events = 3}, 1};

  std::string read(Watch& watch, BodySource::State* state = nullptr) {
    std::string out;
    ChunkWriter writer(out);
    auto now = BodySource::State::more;
    while (now == BodySource::State::more) now = watch.fill(writer);
    if (state != nullptr) *state = now;
    return out;
  }
  std::vector<std::string> types(Watch& watch) {
    std::vector<std::string> types;
    for (const auto& frame : frames(read(watch))) types.push_back(frame["type"]);
    return types;
  }
};
using Types = std::vector<std::string>;

TEST(Watches, continue_after_the_given_version) {
  Hub h;
  h.store.put(pod_draft("a"));
  const auto second = h.store.put(pod_draft("b"));
  h.store.remove(*second);
  const auto watch = h.hub.open({.name_space = "spark", .after = 2}, {});
  EXPECT_EQ(h.types(*watch), (Types{"ADDED", "DELETED"}));
  h.store.put(pod_draft("a", {{"x", "y"}}));
  EXPECT_EQ(h.types(*watch), (Types{"MODIFIED"}));
}

TEST(Watches, leaving_the_selector_is_a_deletion_with_the_last_matching_state) {
  Hub h;
  h.store.put(pod_draft("a", {{"role", "executor"}}));
  const auto watch = h.hub.open({.name_space = "spark",
                                 .selection = {LabelSelector::parse("role=executor").value(), {}},
                                 .after = h.store.rv()},
                                {});
  h.store.put(pod_draft("a", {{"role", "retired"}}));
  const auto left = frames(h.read(*watch));
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0]["type"], "DELETED");
  EXPECT_EQ(left[0]["object"]["metadata"]["labels"]["role"], "executor");
  EXPECT_EQ(left[0]["object"]["metadata"]["resourceVersion"], std::to_string(h.store.rv()));
  h.store.put(pod_draft("a", {{"role", "executor"}}));
  EXPECT_EQ(h.types(*watch), (Types{"ADDED"}));
}

TEST(Watches, below_the_compacted_version_get_one_error_and_the_end) {
  Hub h;
  h.store.put(pod_draft("a"));
  h.store.compact(h.store.rv());
  const auto watch = h.hub.open({.name_space = "spark", .after = 1}, {});
  BodySource::State state{};
  const auto all = frames(h.read(*watch, &state));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["object"]["code"], 410);
  EXPECT_EQ(state, BodySource::State::done);
  EXPECT_EQ(h.types(*h.hub.open({.name_space = "spark", .after = h.store.rv()}, {})), Types{})
      << "at the compacted version nothing is missing";
}

TEST(Watches, initial_events_end_with_their_bookmark) {
  Hub h;
  for (const char* name : {"a", "b", "c", "d", "e"}) h.store.put(pod_draft(name));
  const auto watch = h.hub.open({.name_space = "spark",
                                 .bookmarks = true,
                                 .initial_events = true,
                                 .end_bookmark = true,
                                 .after = h.store.rv()},
                                {});
  h.store.put(pod_draft("f"));
  const auto all = frames(h.read(*watch));
  ASSERT_EQ(all.size(), 7u) << "more than the queue's bound: initial events do not count as lag";
  EXPECT_EQ(all[5]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
  EXPECT_EQ(all[5]["object"]["metadata"]["resourceVersion"], "6");
  EXPECT_EQ(all[6]["object"]["metadata"]["name"], "f");
}

TEST(Watches, a_bookmark_comes_before_the_end_only_if_something_moved) {
  Hub h;
  WatchRequest request{.name_space = "spark",
                       .selection = {LabelSelector::parse("none").value(), {}},
                       .bookmarks = true,
                       .after = h.store.rv(),
                       .timeout = Millis(10'000)};
  const auto still = h.hub.open(request, {});
  const auto moved = h.hub.open(request, {});
  h.time.pass(Millis(9'999));
  EXPECT_EQ(h.read(*still), "");
  h.time.pass(Millis(1));
  BodySource::State state{};
  h.read(*still, &state);
  EXPECT_EQ(state, BodySource::State::done);

  request.timeout = Millis(10'000);
  const auto other = h.hub.open(request, {});
  h.store.put(pod_draft("a"));
  h.time.pass(Millis(8'000));
  EXPECT_EQ(h.types(*other), (Types{"BOOKMARK"}));
  moved->closed();
  still->closed();
  EXPECT_EQ(h.hub.open_count(), 1u);
}

TEST(Watches, bookmarks_come_every_minute) {
  Hub h;
  const auto watch = h.hub.open({.name_space = "other", .bookmarks = true, .after = h.store.rv()}, {});
  h.store.put(pod_draft("a"));
  h.time.pass(Millis(60'000));
  EXPECT_EQ(h.types(*watch), (Types{"BOOKMARK"}));
  h.time.pass(Millis(60'000));
  EXPECT_EQ(h.types(*watch), Types{}) << "nothing moved";
  h.store.put(pod_draft("b"));
  h.time.pass(Millis(60'000));
  EXPECT_EQ(h.types(*watch), (Types{"BOOKMARK"}));
}

TEST(Watches, a_watcher_that_lags_is_cut_off) {
  Hub h;
  const auto watch = h.hub.open({.name_space = "spark", .after = h.store.rv()}, {});
  for (int i = 0; i < 6; ++i) h.store.put(pod_draft("p" + std::to_string(i)));
  BodySource::State state{};
  EXPECT_EQ(frames(h.read(*watch, &state)).size(), 4u);
  EXPECT_EQ(state, BodySource::State::done);
  EXPECT_EQ(h.hub.cut_off(), 1u);
}

TEST(Watches, truncation_stops_inside_a_frame) {
  Hub h;
  const auto watch =
      h.hub.open({.name_space = "spark", .after = h.store.rv()}, {StreamFault::Kind::truncate, 1});
  h.store.put(pod_draft("a"));
  h.store.put(pod_draft("b"));
  BodySource::State state{};
  const std::string bytes = h.read(*watch, &state);
  EXPECT_EQ(state, BodySource::State::cut);
  EXPECT_EQ(frames(bytes).size(), 1u);
  EXPECT_GT(bytes.size(), bytes.find('\n', bytes.find('}')) + 10) << "half of the second frame is there";
}

TEST(Watches, a_muted_hub_says_nothing_and_forgets_nothing) {
  Hub h;
  const auto watch = h.hub.open({.name_space = "spark", .after = h.store.rv()}, {});
  h.hub.mute(true);
  h.store.put(pod_draft("a"));
  EXPECT_EQ(h.read(*watch), "");
  h.hub.mute(false);
  EXPECT_EQ(h.types(*watch), (Types{"ADDED"}));
}

}  // namespace
}  // namespace outrigger::apiserver
