#include "agent/flow/creates.h"

#include <gtest/gtest.h>

#include "agent/kube/requests.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_sink.h"
#include "tests/support/manual_timers.h"

namespace outrigger::flow {
namespace {

using namespace std::chrono_literals;
using kube::Verb;

constexpr const char* quota =
    R"({"kind":"Status","status":"Failure","reason":"Forbidden","code":403,)"
    R"("message":"pods \"e-1\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"})";
constexpr const char* exists = R"({"kind":"Status","status":"Failure","reason":"AlreadyExists","code":409,)"
                               R"("message":"pods \"e-1\" already exists"})";
constexpr const char* missing =
    R"({"kind":"Status","status":"Failure","reason":"NotFound","code":404,)"
    R"("message":"pods \"e-1\" not found","details":{"name":"e-1","kind":"pods"}})";
constexpr const char* webhook =
    R"({"kind":"Status","status":"Failure","reason":"InternalError","code":500,)"
    R"("message":"Internal error occurred: failed calling webhook \"w\": timeout"})";

struct CreatesTest : testing::Test {
  test::FakeHttp http;
  test::ManualClock clock;
  test::ManualTimers timers{clock};
  test::FakeSink sink;
  Calls calls{http, clock};
  std::vector<CreateOutcome> ended;
  int lost = 0;
  bool wanted = true;
  // What the decoder would make of a body: "ours", "deleting" or "foreign".
  static std::optional<core::Pod> decode(std::string& body) {
    core::Pod pod;
    pod.uid = {{1, 2}};
    pod.executor_id = {1};
    pod.nonce = body == "foreign" ? "other" : "mine";
    if (body == "deleting") pod.deletion_at_ms = 1;
    if (body != "ours" && body != "deleting" && body != "foreign") return std::nullopt;
    return pod;
  }
  Creates creates{
      {calls, timers, clock, sink,
       [](const std::string& name) { return kube::Request{Verb::get, "/pods/" + name, "", "", {}}; },
       [](std::string& body) { return decode(body); },
       [this](const CreateOutcome& outcome) {
         EXPECT_TRUE(sink.marks.contains(outcome.id)) << "the mark stands until the outcome is told";
         ended.push_back(outcome);
       },
       [](const CreateOutcome&) { return core::Nanos(1s); },
       [this](core::ExecutorId, core::ProfileId) { return wanted; }, [this](core::ExecutorId) { ++lost; }}};
  NewPod pod(std::uint64_t id = 1) {
    return {{id}, {0}, "e-1", "mine", {}, {Verb::create, "/pods", "{}", "application/json", {}}, {}};
  }
  void expect(CreateEnd end) {
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].end, end);
    EXPECT_TRUE(sink.marks.empty());
    EXPECT_EQ(creates.in_flight(), 0u);
    EXPECT_EQ(timers.pending(), 0u);
  }
};

TEST_F(CreatesTest, C19_the_mark_is_set_before_the_post_leaves_and_cleared_after_its_outcome) {
  creates.start(pod());
  EXPECT_TRUE(sink.marks.contains(core::ExecutorId{1}));
  http.answer(1, 201, "ours");
  expect(CreateEnd::created);
}

TEST_F(CreatesTest, C20_a_409_with_our_key_is_success) {
  creates.start(pod());
  http.answer(1, 409, exists);
  ASSERT_EQ(http.open(Verb::get).size(), 1u);
  http.answer(2, 200, "ours");
  expect(CreateEnd::created);
}

TEST_F(CreatesTest, C20_a_409_with_another_key_or_a_deletion_timestamp_retires_the_id) {
  for (const char* body : {"foreign", "deleting"}) {
    ended.clear();
    creates.start(pod());
    http.answer(http.exchanges.size(), 409, exists);
    http.answer(http.exchanges.size(), 200, body);
    expect(CreateEnd::gone);
  }
}

TEST_F(CreatesTest, C19_an_unknown_outcome_is_asked_for_and_never_posted_again) {
  creates.start(pod());
  http.end(1, ports::Transport::interrupted);
  EXPECT_EQ(lost, 1);
  http.answer(2, 404, missing);
  timers.advance(500ms);
  http.answer(3, 404, missing);
  timers.advance(2s);
  http.answer(4, 200, "ours");
  expect(CreateEnd::created);
  EXPECT_EQ(http.count(Verb::create), 1u);
}

TEST_F(CreatesTest, C19_an_unknown_outcome_that_nobody_finds_retires_the_id) {
  creates.start(pod());
  http.end(1, ports::Transport::timed_out);
  http.answer(2, 404, missing);
  timers.advance(500ms);
  http.answer(3, 404, missing);
  timers.advance(2s);
  http.answer(4, 404, missing);
  expect(CreateEnd::failed);
  EXPECT_EQ(ended[0].error.error_class, core::ApiErrorClass::transport);
  EXPECT_EQ(http.count(Verb::create), 1u);
}

TEST_F(CreatesTest, C19_while_the_server_says_nothing_the_mark_stays_and_the_question_is_repeated) {
  creates.start(pod());
  http.answer(1, 504, "");
  for (ports::ExchangeId get = 2; get < 10; ++get) {
    ASSERT_EQ(http.open(Verb::get).size(), 1u);
    http.end(get, ports::Transport::refused);
    timers.advance(5s);
    EXPECT_TRUE(sink.marks.contains(core::ExecutorId{1}));
  }
  http.answer(10, 200, "ours");
  expect(CreateEnd::created);
}

TEST_F(CreatesTest, a_post_that_certainly_did_not_happen_is_held_and_posted_again_with_the_same_id) {
  creates.start(pod());
  http.end(1, ports::Transport::refused);
  timers.advance(1s);
  http.answer(2, 429, "Too many requests", {{"retry-after", "1"}});
  timers.advance(1s);
  http.answer(3, 500, webhook);
  timers.advance(1s);
  EXPECT_EQ(http.count(Verb::create), 4u);
  EXPECT_EQ(http.count(Verb::get), 0u);
  http.answer(4, 201, "ours");
  expect(CreateEnd::created);
}

TEST_F(CreatesTest, a_held_post_that_is_no_longer_wanted_ends_without_another_try) {
  creates.start(pod());
  http.end(1, ports::Transport::refused);
  wanted = false;
  timers.advance(1s);
  expect(CreateEnd::failed);
  EXPECT_EQ(http.count(Verb::create), 1u);
}

TEST_F(CreatesTest, a_drain_ends_what_is_held_and_leaves_what_is_on_its_way) {
  creates.start(pod(1));
  creates.start(pod(2));
  http.end(1, ports::Transport::refused);
  creates.release_held();
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].id, core::ExecutorId{1});
  EXPECT_EQ(creates.in_flight(), 1u);
}

TEST_F(CreatesTest, S13_a_quota_refusal_is_told_at_once) {
  creates.start(pod());
  http.answer(1, 403, quota);
  expect(CreateEnd::failed);
  EXPECT_EQ(ended[0].error.error_class, core::ApiErrorClass::quota);
}

TEST_F(CreatesTest, S6_claims_follow_the_pod_and_a_refused_one_rolls_it_back) {
  NewPod with_claim = pod();
  with_claim.extras = [](const core::Pod&) {
    return std::vector<kube::Request>{{Verb::create, "/claims", "{}", "application/json", {}},
                                      {Verb::create, "/claims", "{}", "application/json", {}}};
  };
  creates.start(with_claim);
  http.answer(1, 201, "ours");
  EXPECT_TRUE(ended.empty());
  http.answer(2, 409, exists);  // ours from a try whose answer was lost
  http.answer(3, 403, quota);
  expect(CreateEnd::rolled_back);
}

TEST_F(CreatesTest, C19_an_inherited_id_is_asked_for_and_never_posted) {
  sink.mark_in_flight({1}, {0});
  creates.resolve(pod());
  http.answer(1, 404, missing);
  timers.advance(500ms);
  http.answer(2, 404, missing);
  timers.advance(2s);
  http.answer(3, 404, missing);
  expect(CreateEnd::failed);
  EXPECT_FALSE(ended[0].posted);
  EXPECT_EQ(http.count(Verb::create), 0u);
}

}  // namespace
}  // namespace outrigger::flow
