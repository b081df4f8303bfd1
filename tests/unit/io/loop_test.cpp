#include "agent/io/asio_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "agent/io/entropy.h"
#include "agent/io/process_stats.h"
#include "agent/io/signals.h"
#include "agent/metrics/catalog.h"

namespace outrigger::io {
namespace {

using core::Millis;
using core::Nanos;

TEST(AsioLoop, equal_due_times_fire_in_the_order_they_were_started) {
  AsioLoop loop;
  std::vector<int> fired;
  for (int i = 0; i < 5; ++i)
    loop.start(Nanos(0), [&, i] {
      fired.push_back(i);
      if (i == 4) loop.stop();
    });
  loop.run();
  EXPECT_THAT(fired, testing::ElementsAre(0, 1, 2, 3, 4));
}

TEST(AsioLoop, an_earlier_timer_started_later_fires_first) {
  AsioLoop loop;
  std::vector<int> fired;
  loop.start(Millis(20), [&] {
    fired.push_back(20);
    loop.stop();
  });
  loop.start(Millis(1), [&] { fired.push_back(1); });
  loop.run();
  EXPECT_THAT(fired, testing::ElementsAre(1, 20));
}

TEST(AsioLoop, C14_what_is_ready_when_the_guard_closes_is_not_done_and_its_owner_is_told_once) {
  AsioLoop loop;
  bool open = true;
  int told = 0;
  std::vector<int> done;
  loop.guard([&] { return open; },
             [&] {
               ++told;
               loop.stop();
             });
  loop.start(Nanos(0), [&] {
    done.push_back(1);
    loop.post([&] { done.push_back(3); });
    open = false;
  });
  loop.start(Nanos(0), [&] { done.push_back(2); });
  loop.run();
  EXPECT_FALSE(loop.may_act());
  EXPECT_THAT(done, testing::ElementsAre(1));
  EXPECT_EQ(told, 1);
}

TEST(AsioLoop, a_timer_never_fires_inside_start_nor_in_the_turn_that_started_it) {
  AsioLoop loop;
  bool inside = true, other_first = false, fired = false;
  loop.start(Nanos(0), [&] {
    loop.start(Nanos(0), [&] {
      EXPECT_FALSE(inside);
      EXPECT_TRUE(other_first);
      fired = true;
      loop.stop();
    });
    EXPECT_FALSE(fired);
  });
  loop.start(Nanos(0), [&] {
    other_first = true;
    inside = false;
  });
  loop.run();
  EXPECT_TRUE(fired);
}

TEST(AsioLoop, a_cancelled_timer_does_not_fire_even_when_it_is_due) {
  AsioLoop loop;
  bool fired = false;
  ports::TimerId second = 0;
  loop.start(Nanos(0), [&] { loop.cancel(second); });
  second = loop.start(Nanos(0), [&] { fired = true; });
  loop.start(Nanos(0), [&] { loop.stop(); });
  loop.cancel(0);
  loop.cancel(4711);
  loop.run();
  EXPECT_FALSE(fired);
}

TEST(AsioLoop, a_delay_without_end_does_not_overflow) {
  AsioLoop loop;
  bool fired = false;
  const auto id = loop.start(Nanos::max(), [&] { fired = true; });
  loop.start(Nanos(-5), [&] { loop.stop(); });
  loop.run();
  loop.cancel(id);
  EXPECT_FALSE(fired);
}

TEST(AsioLoop, posts_of_other_threads_run_in_order_on_the_loop) {
  AsioLoop loop;
  std::vector<int> seen;
  std::thread::id where;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) loop.post([&, i] { seen.push_back(i); });
    loop.post([&] {
      where = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run();
  other.join();
  EXPECT_EQ(where, std::this_thread::get_id());
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(AsioLoop, a_stop_before_run_ends_it_and_the_next_run_runs) {
  AsioLoop loop;
  loop.stop();
  loop.run();
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(ran);
}

TEST(AsioLoop, a_long_turn_is_seen) {
  metrics::Catalog catalog;
  AsioLoop loop(&catalog);
  loop.post([&] {
    const auto until = loop.now() + Millis(3);
    while (loop.now() < until) {
    }
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  EXPECT_GE(loop.longest_turn(), Millis(3));
  EXPECT_GE(catalog.loop.stall_max.value(), 0.003);
  EXPECT_THAT(catalog.render(), testing::HasSubstr("outrigger_loop_stall_seconds_count 1"));
}

TEST(Signals, the_first_asks_for_a_drain_and_the_second_ends) {
  AsioLoop loop;
  std::vector<std::string> seen;
  Signals signals(
      loop,
      [&](int signal) {
        seen.push_back("first " + std::to_string(signal));
        ::raise(SIGINT);
      },
      [&](int signal) {
        seen.push_back("second " + std::to_string(signal));
        loop.stop();
      });
  loop.post([] { ::raise(SIGTERM); });
  loop.run();
  EXPECT_THAT(seen, testing::ElementsAre("first 15", "second 2"));
}

TEST(SystemEntropy, numbers_differ_between_draws_and_between_sources) {
  SystemEntropy a, b;
  EXPECT_NE(a.next(), a.next());
  EXPECT_NE(a.next(), b.next());
}

TEST(ProcessStats, tell_of_this_process) {
  const auto stats = read_process_stats();
  ASSERT_TRUE(stats);
  EXPECT_GT(stats->resident_bytes, 1e6);
  EXPECT_GE(stats->virtual_bytes, stats->resident_bytes);
  EXPECT_GE(stats->open_fds, 3);
  EXPECT_GE(stats->max_fds, stats->open_fds);
  EXPECT_GE(stats->threads, 1);
  AsioLoop loop;
  EXPECT_LE(stats->start_time, static_cast<double>(loop.wall_ms()) / 1000 + 2);
  EXPECT_GT(stats->start_time, static_cast<double>(loop.wall_ms()) / 1000 - 3600);
  metrics::Catalog catalog;
  show(*stats, catalog.process);
  EXPECT_EQ(catalog.process.resident_bytes.value(), stats->resident_bytes);
}

}  // namespace
}  // namespace outrigger::io
