#include "shim/feed.h"

#include <gtest/gtest.h>

#include <random>

#include "outrigger/shim.h"

namespace outrigger::shim {
namespace {

Record record(std::uint64_t ring, std::uint64_t id, std::uint64_t uid, std::uint8_t state,
              std::uint32_t flags = 0) {
  Record r;
  r.ring_sequence = ring;
  r.executor_id = id;
  r.uid = {uid, uid == 0 ? 0u : 1u};
  r.state = state;
  r.flags = flags;
  r.name = "pod-" + std::to_string(id);
  return r;
}

struct FeedTest : ::testing::Test {
  Feed feed;
  FeedTest() {
    feed.begin_generation();
    feed.begin_table();
  }
  std::vector<Change> take() {
    std::vector<Change> out;
    for (Change change; feed.take(change);) out.push_back(change);
    return out;
  }
};

TEST_F(FeedTest, sequences_rise_over_generations_whatever_the_rings_say) {
  feed.apply(record(1000, 1, 1, OUTRIGGER_EXECUTOR_RUNNING));
  feed.begin_generation();
  feed.begin_table();
  feed.apply(record(1, 2, 2, OUTRIGGER_EXECUTOR_RUNNING));
  feed.apply(record(9, 3, 3, OUTRIGGER_EXECUTOR_RUNNING));
  feed.settle();
  feed.apply(record(10, 3, 3, OUTRIGGER_EXECUTOR_TERMINATING));
  const auto changes = take();
  ASSERT_EQ(changes.size(), 5u);
  for (std::size_t i = 1; i < changes.size(); ++i) EXPECT_LT(changes[i - 1].sequence, changes[i].sequence);
}

TEST_F(FeedTest, an_acknowledgement_never_reaches_beyond_what_was_told) {
  feed.apply(record(10, 1, 1, OUTRIGGER_EXECUTOR_RUNNING));
  feed.apply(record(11, 2, 2, OUTRIGGER_EXECUTOR_RUNNING));
  feed.begin_table();
  feed.apply(record(11, 2, 2, OUTRIGGER_EXECUTOR_RUNNING));
  feed.settle();  // 1 is missing: synthetic, after ring 11
  feed.apply(record(12, 4, 4, OUTRIGGER_EXECUTOR_RUNNING));
  EXPECT_EQ(feed.acknowledge(UINT64_MAX), std::nullopt) << "nothing was taken yet";
  const auto changes = take();
  ASSERT_EQ(changes.size(), 4u);
  EXPECT_TRUE(changes[2].record.gone());
  EXPECT_EQ(feed.acknowledge(changes[0].sequence), 10u);
  EXPECT_EQ(feed.acknowledge(changes[2].sequence), 11u) << "not 12, which came after the synthetic one";
  EXPECT_EQ(feed.acknowledge(changes[1].sequence), std::nullopt) << "said already";
  EXPECT_EQ(feed.acknowledge(changes[3].sequence), 12u);
}

TEST_F(FeedTest, S18_a_tombstone_stays_until_it_was_acknowledged) {
  feed.apply(record(1, 1, 1, OUTRIGGER_EXECUTOR_FAILED, OUTRIGGER_CHANGE_GONE));
  const auto changes = take();
  EXPECT_EQ(feed.size(), 1u);
  feed.acknowledge(changes[0].sequence - 1);
  EXPECT_EQ(feed.size(), 1u);
  feed.acknowledge(changes[0].sequence);
  EXPECT_EQ(feed.size(), 0u);
  feed.begin_table();  // its slot was not reused yet
  feed.apply(record(1, 1, 1, OUTRIGGER_EXECUTOR_FAILED, OUTRIGGER_CHANGE_GONE));
  EXPECT_TRUE(take().empty()) << "told and dealt with";
}

TEST_F(FeedTest, a_vanished_pod_keeps_the_final_state_it_was_told_with) {
  auto failed = record(1, 1, 1, OUTRIGGER_EXECUTOR_FAILED, OUTRIGGER_CHANGE_CAUSED_BY_APP);
  failed.exit_class = OUTRIGGER_EXIT_OOM_CONTAINER;
  failed.exit_code = 137;
  feed.apply(failed);
  feed.begin_generation();
  feed.begin_table();
  feed.settle();
  const auto changes = take();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_TRUE(changes[1].record.gone());
  EXPECT_EQ(changes[1].record.state, OUTRIGGER_EXECUTOR_FAILED);
  EXPECT_EQ(changes[1].record.exit_code, 137);
  EXPECT_TRUE(changes[1].record.flags & OUTRIGGER_CHANGE_CAUSED_BY_APP);
}

TEST_F(FeedTest, C20_the_same_id_with_another_uid_is_gone_and_then_new) {
  feed.apply(record(1, 1, 100, OUTRIGGER_EXECUTOR_RUNNING));
  feed.apply(record(2, 1, 200, OUTRIGGER_EXECUTOR_PENDING));
  const auto changes = take();
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_TRUE(changes[1].record.gone());
  EXPECT_EQ(changes[1].record.uid[0], 100u);
  EXPECT_EQ(changes[2].record.uid[0], 200u);
}

TEST_F(FeedTest, a_create_in_flight_gets_its_uid_without_being_gone_in_between) {
  feed.apply(record(1, 1, 0, OUTRIGGER_EXECUTOR_CREATING));
  feed.apply(record(2, 1, 100, OUTRIGGER_EXECUTOR_PENDING));
  EXPECT_EQ(take().size(), 2u);
}

TEST_F(FeedTest, a_caller_that_never_acknowledges_costs_a_bounded_number_of_tombstones) {
  for (std::uint64_t i = 1; i <= Feed::tombstones_kept + 10; ++i) {
    feed.apply(record(i, i, i, OUTRIGGER_EXECUTOR_DELETED, OUTRIGGER_CHANGE_GONE));
    Change change;
    feed.take(change);
  }
  EXPECT_EQ(feed.size(), Feed::tombstones_kept);
  EXPECT_EQ(feed.find(10), nullptr);
  EXPECT_NE(feed.find(11), nullptr);
}

TEST_F(FeedTest, what_an_inconsistent_table_overtook_is_told_late_and_not_lost) {
  feed.apply(record(12, 2, 2, OUTRIGGER_EXECUTOR_RUNNING));  // scanned after it changed
  feed.apply(record(10, 1, 1, OUTRIGGER_EXECUTOR_FAILED));   // changed after its slot was scanned
  const auto changes = take();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_LT(changes[0].sequence, changes[1].sequence);
  EXPECT_EQ(feed.acknowledge(changes[1].sequence), 12u);
}

// Whatever agents do (restart, lap, reuse), following the feed ends at the newest table.
TEST(FeedProperty, I4_following_the_feed_gives_the_agents_table) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    Feed feed;
    std::map<std::uint64_t, Record> table;        // the agent's, living pods by id
    std::map<std::uint64_t, std::uint64_t> view;  // the caller's: id -> uid
    std::uint64_t ring = 0, last = 0;
    const auto follow = [&] {
      for (Change change; feed.take(change);) {
        ASSERT_GT(change.sequence, last) << "seed " << seed;
        last = change.sequence;
        if (change.record.gone()) {
          view.erase(change.record.executor_id);
        } else {
          view[change.record.executor_id] = change.record.uid[0];
        }
      }
    };
    const auto read_table = [&] {
      feed.begin_table();
      std::vector<Record> records;
      for (const auto& [id, r] : table) records.push_back(r);
      std::sort(records.begin(), records.end(),
                [](const auto& a, const auto& b) { return a.ring_sequence < b.ring_sequence; });
      for (const auto& r : records) feed.apply(r);
    };
    feed.begin_generation();
    read_table();
    for (int step = 0; step < 60; ++step) {
      const std::uint64_t id = 1 + below(8);
      switch (below(7)) {
        case 0: {  // a restart: numbers start anew, some pods vanished meanwhile
          ring = 0;
          if (below(2) == 0) table.erase(1 + below(8));
          for (auto& [key, r] : table) r.ring_sequence = ++ring;
          feed.begin_generation();
          read_table();
          break;
        }
        case 1:  // a lap: changes the reader never saw
          table[id] = record(++ring, id, 1 + below(3), OUTRIGGER_EXECUTOR_RUNNING);
          table.erase(1 + below(8));
          read_table();
          break;
        case 2:
          if (table.erase(id) != 0)
            feed.apply(record(++ring, id, 0, OUTRIGGER_EXECUTOR_DELETED, OUTRIGGER_CHANGE_GONE));
          break;
        case 3:
          feed.acknowledge(below(last + 1));
          break;
        case 4:
          follow();
          break;
        default:
          table[id] = record(++ring, id, 1 + below(3), OUTRIGGER_EXECUTOR_RUNNING);
          feed.apply(table[id]);
      }
    }
    feed.settle();
    follow();
    std::map<std::uint64_t, std::uint64_t> truth;
    for (const auto& [id, r] : table) truth[id] = r.uid[0];
    ASSERT_EQ(view, truth) << "seed " << seed;
  }
}

}  // namespace
}  // namespace outrigger::shim
