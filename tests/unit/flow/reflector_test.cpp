#include "agent/flow/reflector.h"

#include <gtest/gtest.h>

#include "tests/support/fake_http.h"
#include "tests/support/fake_log.h"
#include "tests/support/manual_entropy.h"
#include "tests/support/manual_timers.h"

namespace outrigger::flow {
namespace {

using namespace std::chrono_literals;
using kube::Verb;

std::string pod_json(const std::string& name, int version) {
  return R"({"metadata":{"name":")" + name + R"(","uid":"00000000-0000-4000-8000-00000000000)" + name.back() +
         R"(","resourceVersion":")" + std::to_string(version) +
         R"(","labels":{"spark-exec-id":"1"}},"spec":{},"status":{"phase":"Pending"}})";
}
std::string page(const std::string& items, const std::string& token = "") {
  return R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"10","continue":")" + token +
         R"("},"items":[)" + items + "]}";
}
std::string frame(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}
constexpr const char* gone =
    R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version","reason":"Expired","code":410})";

struct ReflectorTest : testing::Test {
  test::FakeHttp http;
  test::ManualClock clock;
  test::ManualTimers timers{clock};
  test::ManualEntropy entropy;
  test::FakeLog log;
  std::vector<core::PodEvent> events;
  Reflector reflector{{http,
                       timers,
                       clock,
                       entropy,
                       log,
                       {},
                       [this](core::PodEvent e) { events.push_back(std::move(e)); },
                       [] {}},
                      "spark-kubernetes-executor"};
  void SetUp() override {
    reflector.start({.requests = *kube::Requests::in_namespace("spark"), .label_selector = "a=b"});
  }
  void sync() {
    http.answer(http.open(Verb::list).at(0), 200, page(pod_json("p1", 5)));
    http.head(http.open(Verb::watch).at(0), 200);
  }
  template <class T>
  std::size_t count() const {
    std::size_t n = 0;
    for (const auto& e : events) n += std::holds_alternative<T>(e);
    return n;
  }
};

TEST_F(ReflectorTest, a_paged_list_is_told_as_one_and_then_watched_from_its_version) {
  http.answer(http.open(Verb::list).at(0), 200, page(pod_json("p1", 5), "more"));
  http.answer(http.open(Verb::list).at(0), 200, page(pod_json("p2", 6)));
  EXPECT_EQ(count<core::PodInit>(), 1u);
  EXPECT_EQ(count<core::PodApplied>(), 2u);
  EXPECT_EQ(count<core::PodInitDone>(), 1u);
  const auto watches = http.open(Verb::watch);
  ASSERT_EQ(watches.size(), 1u);
  EXPECT_NE(http.request(watches[0]).target.find("resourceVersion=10"), std::string::npos);
  EXPECT_EQ(http.exchanges[0].lane, ports::Lane::watch);
}

TEST_F(ReflectorTest, frames_are_told_however_the_bytes_are_cut) {
  sync();
  const auto id = http.open(Verb::watch).at(0);
  for (const char byte : frame("ADDED", pod_json("p2", 11)) + frame("DELETED", pod_json("p2", 12)))
    ASSERT_TRUE(http.body(id, std::string_view(&byte, 1)));
  EXPECT_EQ(count<core::PodApplied>(), 2u);
  EXPECT_EQ(count<core::PodDeleted>(), 1u);
  EXPECT_TRUE(reflector.watching());
}

TEST_F(ReflectorTest, a_dropped_watch_resumes_from_the_last_event_without_a_list) {
  sync();
  const auto id = http.open(Verb::watch).at(0);
  http.body(id, frame("MODIFIED", pod_json("p1", 17)));
  clock.move_to(clock.now() + 5s);
  http.end(id, ports::Transport::interrupted);
  timers.advance(2s);
  ASSERT_EQ(http.open(Verb::watch).size(), 1u);
  EXPECT_NE(http.request(http.open(Verb::watch)[0]).target.find("resourceVersion=17"), std::string::npos);
  EXPECT_EQ(http.count(Verb::list), 1u);
}

TEST_F(ReflectorTest, a_410_in_band_aborts_the_stream_and_lists_again) {
  sync();
  const auto id = http.open(Verb::watch).at(0);
  EXPECT_FALSE(http.body(id, frame("ERROR", gone)));
  timers.advance(60s);
  EXPECT_EQ(http.open(Verb::list).size(), 1u);
  EXPECT_TRUE(http.open(Verb::watch).empty());
}

TEST_F(ReflectorTest, garbage_in_the_stream_ends_it_without_telling_anything) {
  sync();
  const auto told = events.size();
  const auto id = http.open(Verb::watch).at(0);
  EXPECT_FALSE(http.body(id, "]]garbage\n"));
  EXPECT_EQ(events.size(), told);
  EXPECT_FALSE(http.exchanges[id - 1].open);
  timers.advance(60s);
  EXPECT_EQ(http.open(Verb::watch).size() + http.open(Verb::list).size(), 1u) << "it goes on";
}

TEST_F(ReflectorTest, a_watch_that_is_not_answered_is_given_up_after_its_opening_deadline) {
  http.answer(http.open(Verb::list).at(0), 200, page(""));
  const auto id = http.open(Verb::watch).at(0);
  timers.advance(Reflector::open_deadline - 1ms);
  EXPECT_FALSE(http.exchanges[id - 1].cancelled);
  timers.advance(1ms);
  EXPECT_TRUE(http.exchanges[id - 1].cancelled);
  EXPECT_EQ(reflector.last_error().error_class, core::ApiErrorClass::transport);
  timers.advance(10s);
  EXPECT_EQ(http.open(Verb::watch).size(), 1u);
}

TEST_F(ReflectorTest, a_watch_that_shows_nothing_of_an_accepted_change_is_opened_again_where_it_was) {
  sync();
  const auto id = http.open(Verb::watch).at(0);
  http.body(id, frame("MODIFIED", pod_json("p1", 17)));
  timers.advance(1s);
  reflector.owed(clock.now());
  timers.advance(Reflector::news_deadline - 1ms);
  EXPECT_FALSE(http.exchanges[id - 1].cancelled);
  timers.advance(1ms);
  EXPECT_TRUE(http.exchanges[id - 1].cancelled);
  timers.advance(5s);
  ASSERT_EQ(http.open(Verb::watch).size(), 1u);
  EXPECT_NE(http.request(http.open(Verb::watch)[0]).target.find("resourceVersion=17"), std::string::npos);
  EXPECT_EQ(http.count(Verb::list), 1u);
}

TEST_F(ReflectorTest, one_event_pays_what_is_owed_and_a_bookmark_does_not) {
  sync();
  const auto id = http.open(Verb::watch).at(0);
  const auto asked = clock.now();
  timers.advance(1s);
  http.body(id, frame("MODIFIED", pod_json("p1", 17)));  // before the answer
  reflector.owed(asked);
  timers.advance(Reflector::news_deadline);
  EXPECT_FALSE(http.exchanges[id - 1].cancelled);

  reflector.owed(clock.now());
  timers.advance(1s);
  http.body(id, frame("MODIFIED", pod_json("p1", 18)));
  timers.advance(Reflector::news_deadline);
  EXPECT_FALSE(http.exchanges[id - 1].cancelled);

  reflector.owed(clock.now());
  timers.advance(1s);
  http.body(id, frame("BOOKMARK", R"({"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"30"}})"));
  timers.advance(Reflector::news_deadline);
  EXPECT_TRUE(http.exchanges[id - 1].cancelled);
}

TEST_F(ReflectorTest, an_open_watch_is_contact_and_a_lost_one_ages) {
  EXPECT_FALSE(reflector.last_contact());
  sync();
  clock.move_to(clock.now() + 300s);
  EXPECT_EQ(reflector.last_contact(), clock.now());
  http.end(http.open(Verb::watch).at(0), ports::Transport::interrupted);
  const auto then = reflector.last_contact();
  EXPECT_EQ(then, clock.now());
  clock.move_to(clock.now() + 5s);
  EXPECT_EQ(reflector.last_contact(), then);
}

TEST_F(ReflectorTest, a_server_that_refuses_is_no_contact_because_the_view_ages_on) {
  sync();
  http.end(http.open(Verb::watch).at(0), ports::Transport::interrupted);
  const auto then = reflector.last_contact();
  timers.advance(5s);
  http.answer(http.open(Verb::watch).at(0), 403, "{}");
  EXPECT_EQ(reflector.last_contact(), then);
}

TEST_F(ReflectorTest, stopping_leaves_no_exchange_and_no_timer) {
  sync();
  reflector.stop();
  EXPECT_EQ(timers.pending(), 0u);
  EXPECT_TRUE(http.open(Verb::watch).empty());
}

}  // namespace
}  // namespace outrigger::flow
