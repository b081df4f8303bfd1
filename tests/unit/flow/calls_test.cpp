#include "agent/flow/calls.h"

#include <gtest/gtest.h>

#include <optional>

#include "agent/core/limits.h"
#include "tests/support/fake_http.h"
#include "tests/support/manual_clock.h"

namespace outrigger::flow {
namespace {

struct CallsTest : testing::Test {
  test::FakeHttp http;
  test::ManualClock clock;
  std::optional<Calls> calls{std::in_place, http, clock};
  std::optional<Reply> reply;
  void start(kube::Verb verb = kube::Verb::create) {
    calls->start({verb, "/x", "{}", "application/json", {}}, [this](const Reply& r) { reply = r; });
  }
};

TEST_F(CallsTest, a_401_drops_the_token_and_is_asked_exactly_once_more) {
  start();
  http.answer(1, 401, "");
  EXPECT_FALSE(reply);
  EXPECT_EQ(http.credential_reloads, 1);
  http.answer(2, 401, "");
  ASSERT_TRUE(reply);
  EXPECT_EQ(error_of(*reply).error_class, core::ApiErrorClass::unauthorized);
  EXPECT_EQ(http.exchanges.size(), 2u);
}

TEST_F(CallsTest, an_answer_at_the_bound_is_taken_and_past_it_its_outcome_is_unknown) {
  start();
  http.answer(1, 200, std::string(core::limits::answer_bytes, ' '));
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->success());
  start();
  http.answer(2, 200, std::string(core::limits::answer_bytes + 1, ' '));
  EXPECT_FALSE(reply->success());
  EXPECT_FALSE(reply->never_sent());
  EXPECT_EQ(error_of(*reply).error_class, core::ApiErrorClass::transport);
}

TEST_F(CallsTest, a_deletecollection_that_went_well_may_list_any_number_of_pods) {
  const std::string long_list(core::limits::answer_bytes + 1, ' ');
  start(kube::Verb::remove_collection);
  http.answer(1, 200, long_list);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->success());
  EXPECT_EQ(reply->body, "");
  start(kube::Verb::remove_collection);
  http.answer(2, 500, long_list);
  EXPECT_FALSE(reply->complete());
}

TEST_F(CallsTest, only_a_refused_connection_or_a_failed_handshake_proves_that_nothing_was_sent) {
  for (const auto end : {ports::Transport::refused, ports::Transport::tls, ports::Transport::interrupted,
                         ports::Transport::timed_out}) {
    start();
    http.end(http.exchanges.size(), end, "x");
    EXPECT_EQ(reply->never_sent(), end == ports::Transport::refused || end == ports::Transport::tls);
  }
}

TEST_F(CallsTest, destroying_it_cancels_what_is_open_and_tells_nobody) {
  start();
  calls.reset();
  EXPECT_TRUE(http.exchanges[0].cancelled);
  EXPECT_FALSE(reply);
}

}  // namespace
}  // namespace outrigger::flow
