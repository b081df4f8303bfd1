// The start of the whole agent on fakes: what ends it before the first sync, and never after.
#include <gmock/gmock.h>

#include "tests/unit/flow/agent_fixture.h"

namespace outrigger::flow {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* forbidden =
    R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden: )"
    R"(User \"system:serviceaccount:spark:driver\" cannot watch resource \"pods\" in API group \"\" in the )"
    R"(namespace \"spark\"","reason":"Forbidden","details":{"kind":"pods"},"code":403})";

struct StartTest : AgentTest {
  std::vector<std::string> refused;

  void begin(Options options = StartTest::options()) {
    options.start.server = "https://k8s:6443";
    agent = std::make_unique<Agent>(options, Ports{http, timers, clock, entropy, sink, commands, log},
                                    std::vector<ports::InFlightMark>{});
    agent->start([this](const std::string& line) { refused.push_back(line); });
    timers.run_due();
  }
  void fail_list(ports::Transport how, const std::string& why) {
    http.end(http.open(Verb::list).at(0), how, why);
    timers.run_due();
  }
  // Nothing of a refused agent goes on.
  void expect_stopped() {
    timers.advance(1h);
    EXPECT_EQ(http.open(Verb::list).size() + http.open(Verb::watch).size(), 0u);
    EXPECT_EQ(refused.size(), 1u);
  }
};

TEST_F(StartTest, a_wrong_authority_ends_it_at_once) {
  begin();
  fail_list(ports::Transport::tls, "self-signed certificate");
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_THAT(refused[0], AllOf(HasSubstr("https://k8s:6443"), HasSubstr("self-signed certificate")));
  expect_stopped();
}

TEST_F(StartTest, an_expired_token_is_read_once_more_before_it_ends) {
  begin();
  http.answer(http.open(Verb::list).at(0), 401, "Unauthorized");
  timers.run_due();
  EXPECT_TRUE(refused.empty());
  EXPECT_EQ(http.credential_reloads, 1);
  http.answer(http.open(Verb::list).at(0), 401, "Unauthorized");
  timers.run_due();
  EXPECT_EQ(refused.size(), 1u);
  expect_stopped();
}

TEST_F(StartTest, a_token_that_was_replaced_in_time_is_taken) {
  begin();
  http.answer(http.open(Verb::list).at(0), 401, "Unauthorized");
  sync();
  EXPECT_TRUE(refused.empty());
  EXPECT_TRUE(agent->health().started);
}

TEST_F(StartTest, a_list_that_is_allowed_does_not_hide_a_watch_that_is_not) {
  begin();
  http.answer(http.open(Verb::list).at(0), 200, test::pod_list(10, {}));
  http.answer(http.open(Verb::watch).at(0), 403, forbidden);
  timers.run_due();
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_THAT(refused[0],
              HasSubstr("may not watch pods in namespace 'spark' as 'system:serviceaccount:spark:driver'"));
  expect_stopped();
}

TEST_F(StartTest, a_server_that_is_away_is_asked_again_and_again_and_then_given_up) {
  const core::Instant began = clock.now();
  begin();
  int asked = 0;
  while (refused.empty() && asked < 1000) {
    if (!http.open(Verb::list).empty()) {
      ++asked;
      fail_list(ports::Transport::refused, "Connection refused");
      const auto report = agent->health();
      EXPECT_FALSE(report.started);
      EXPECT_THAT(report.checks[1].detail, HasSubstr("Connection refused"));
    }
    timers.advance(100ms);
  }
  EXPECT_GT(asked, 3);
  EXPECT_LE(clock.now() - began, 60s + 100ms);
  EXPECT_GE(clock.now() - began, 60s);
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_THAT(refused[0], AllOf(HasSubstr("60s"), HasSubstr("Connection refused")));
  expect_stopped();
}

TEST_F(StartTest, a_server_that_comes_back_within_the_bound_is_welcome) {
  begin();
  for (int i = 0; i < 3; ++i) {
    fail_list(ports::Transport::refused, "Connection refused");
    while (http.open(Verb::list).empty()) timers.advance(100ms);
  }
  sync();
  timers.advance(10min);
  EXPECT_TRUE(refused.empty());
  EXPECT_TRUE(agent->health().started);
}

TEST_F(StartTest, a_connection_that_swallows_requests_is_given_up_at_the_bound) {
  auto short_bound = options();
  short_bound.start_bound = 5s;
  begin(short_bound);
  timers.advance(4999ms);
  EXPECT_TRUE(refused.empty());
  timers.advance(1ms);
  EXPECT_EQ(refused.size(), 1u);
  expect_stopped();
}

TEST_F(StartTest, pages_of_a_long_first_list_keep_it_waiting) {
  auto short_bound = options();
  short_bound.start_bound = 5s;
  begin(short_bound);
  for (int page = 0; page < 5; ++page) {
    timers.advance(4s);
    std::string list = test::pod_list(10, {test::ServerPod{}});
    list.insert(list.find("\"resourceVersion\":\"10\""), "\"continue\":\"more\",");
    http.answer(http.open(Verb::list).at(0), 200, list);
    timers.run_due();
  }
  EXPECT_TRUE(refused.empty());
  timers.advance(5s);
  EXPECT_EQ(refused.size(), 1u);
}

// Each of them as the answer to the watch, then as that to every list.
TEST_F(StartTest, after_the_first_sync_no_fault_ever_ends_it) {
  begin();
  sync();
  const auto watch = http.open(Verb::watch).at(0);
  http.end(watch, ports::Transport::interrupted, "reset");
  for (int round = 0; round < 40; ++round) {
    while (http.open(Verb::watch).empty() && http.open(Verb::list).empty()) timers.advance(1s);
    const auto open = http.open(Verb::watch).empty() ? http.open(Verb::list) : http.open(Verb::watch);
    switch (round % 5) {
      case 0:
        http.end(open.at(0), ports::Transport::tls, "certificate has expired");
        break;
      case 1:
        http.answer(open.at(0), 401, "Unauthorized");
        break;
      case 2:
        http.answer(open.at(0), 403, forbidden);
        break;
      case 3:
        http.answer(open.at(0), 410, "gone");
        break;
      default:
        http.end(open.at(0), ports::Transport::refused, "Connection refused");
    }
    timers.run_due();
  }
  EXPECT_TRUE(refused.empty());
  const auto report = agent->health();
  EXPECT_TRUE(report.started);
  EXPECT_FALSE(report.ready);
  EXPECT_THAT(report.checks[2].detail, HasSubstr("the API server last told about pods"));
}

TEST_F(StartTest, in_client_mode_the_bound_counts_from_the_first_hello) {
  auto client = options();
  client.application_id.clear();
  client.driver_pod_name.clear();
  client.driver_pod_uid = {};
  begin(client);
  timers.advance(10min);
  EXPECT_TRUE(refused.empty());
  attach(0);
  fail_list(ports::Transport::tls, "self-signed certificate");
  EXPECT_EQ(refused.size(), 1u);
}

}  // namespace
}  // namespace outrigger::flow
