#include "tests/unit/flow/agent_fixture.h"

namespace outrigger::flow {
namespace {

struct LifecycleTest : AgentTest {
  test::ServerPod pod;
  std::optional<DrainEnd> end;
  void begin() {
    pod.phase = "Running";
    start();
    sync({pod});
    attach_ready(1, "nonce1001", 10);
  }
  void drain(core::Millis deadline) {
    agent->drain(deadline, [this](const DrainEnd& e) { end = e; });
    timers.run_due();
  }
  // The server carries out the deletecollection, and its lists and the watch agree.
  void all_gone() {
    http.answer(http.open(Verb::remove_collection).at(0), 200, R"({"kind":"Status","status":"Success"})");
    timers.run_due();
    pod.version = 40;
    event("DELETED", pod);
    timers.advance(2s);
    if (!http.open(Verb::list).empty()) http.answer(http.open(Verb::list)[0], 200, test::pod_list(50, {}));
    timers.run_due();
  }
};

TEST_F(LifecycleTest, a_driver_that_comes_back_within_its_grace_finds_its_executors) {
  begin();
  commands.gone();
  timers.advance(policy.driver_grace - 1ms);
  attach_ready(1, "nonce1001", 60);
  timers.advance(60s);
  EXPECT_EQ(http.count(Verb::remove_collection), 0u);
  EXPECT_EQ(http.count(Verb::remove), 0u);
}

TEST_F(LifecycleTest, C20_after_the_grace_everything_of_ours_goes_and_a_list_confirms_zero) {
  begin();
  commands.gone();
  timers.advance(policy.driver_grace);
  ASSERT_EQ(http.open(Verb::remove_collection).size(), 1u);
  EXPECT_NE(http.request(http.open(Verb::remove_collection)[0]).target.find("spark-app-selector"),
            std::string::npos);
  EXPECT_EQ(sink.control.session, core::SessionState::draining);
  EXPECT_EQ(sink.control.drain_left, 1u);
  all_gone();
  EXPECT_EQ(sink.control.session, core::SessionState::drained);
  EXPECT_TRUE(sink.newest({1})->gone);
}

TEST_F(LifecycleTest, S8_a_deletecollection_on_its_way_spares_the_pods_of_the_driver_that_came_meanwhile) {
  begin();
  commands.gone();
  timers.advance(policy.driver_grace);
  ASSERT_EQ(http.open(Verb::remove_collection).size(), 1u);  // and the server is slow
  const std::string target = http.request(http.open(Verb::remove_collection)[0]).target;
  EXPECT_NE(target.find("outrigger-nonce%20in%20%28nonce1001%29"), std::string::npos) << target;
}

TEST_F(LifecycleTest, S27_contexts_one_after_another_each_bring_their_own_application) {
  Options o = options();
  o.application_id = "";
  agent = std::make_unique<Agent>(o, Ports{http, timers, clock, entropy, sink, commands, log},
                                  std::vector<ports::InFlightMark>{});
  agent->start();
  timers.run_due();
  commands.attach();
  tell(core::Hello{"nonce0001", "test", "first"});
  sync();
  tell(core::Drain{});
  timers.advance(2s);
  for (int i = 0; i < 3; ++i) {  // what the drain asks, whatever it is, is answered: there is nothing
    for (const auto id : http.open(Verb::remove_collection)) http.answer(id, 200, R"({"kind":"Status"})");
    for (const auto id : http.open(Verb::list)) http.answer(id, 200, test::pod_list(20, {}));
    timers.advance(2s);
  }
  ASSERT_EQ(sink.control.session, core::SessionState::drained);
  commands.gone();
  commands.attach();
  const auto hello = tell(core::Hello{"nonce0002", "test", "second"});
  EXPECT_EQ(verdict(hello), core::Verdict::accepted);
  const auto lists = http.open(Verb::list);
  ASSERT_EQ(lists.size(), 1u) << "it looks for the pods of the other application";
  EXPECT_NE(http.request(lists[0]).target.find("second"), std::string::npos);
  for (const auto id : http.open(Verb::watch))
    EXPECT_NE(http.request(id).target.find("second"), std::string::npos);
}

TEST_F(LifecycleTest, C20_pods_of_every_driver_that_is_known_go_with_one_request) {
  test::ServerPod other = pod;
  start();
  pod.phase = other.phase = "Running";
  other.id = 7;
  other.nonce = "nonce0007";
  sync({pod, other});
  drain(10s);
  ASSERT_EQ(http.open(Verb::remove_collection).size(), 1u);
  const std::string target = http.request(http.open(Verb::remove_collection)[0]).target;
  EXPECT_NE(target.find("%28nonce0007%2Cnonce1001%29"), std::string::npos) << target;
}

TEST_F(LifecycleTest, S27_without_delete_on_termination_orphans_are_only_labelled) {
  policy.delete_on_termination = false;
  begin();
  commands.gone();
  timers.advance(policy.driver_grace);
  EXPECT_EQ(http.count(Verb::remove_collection) + http.count(Verb::remove), 0u);
  ASSERT_EQ(http.open(Verb::patch).size(), 1u);
}

TEST_F(LifecycleTest, C20_the_collection_is_deleted_only_after_creates_have_settled) {
  begin();
  tell(core::SetTarget{{0}, 2});
  ASSERT_EQ(http.open(Verb::create).size(), 1u);
  tell(core::Drain{});
  timers.advance(5s);
  EXPECT_EQ(http.count(Verb::remove_collection), 0u);
  test::ServerPod second;
  second.id = 10;
  http.answer(http.open(Verb::create)[0], 201, second.json());
  timers.run_due();
  EXPECT_EQ(http.count(Verb::remove_collection), 1u);
}

TEST_F(LifecycleTest, a_pod_that_landed_after_the_delete_is_deleted_again) {
  begin();
  tell(core::Drain{});
  http.answer(http.open(Verb::remove_collection).at(0), 200, R"({"kind":"Status","status":"Success"})");
  timers.advance(1s);
  http.answer(http.open(Verb::list).at(0), 200, test::pod_list(50, {pod}));
  timers.advance(1s);
  EXPECT_EQ(http.open(Verb::remove_collection).size(), 1u);
}

TEST_F(LifecycleTest, sigterm_while_the_driver_lives_only_flushes) {
  begin();
  tell(core::SetTarget{{0}, 2});
  drain(10s);
  EXPECT_FALSE(end);
  http.answer(http.open(Verb::create).at(0), 201, pod.json());
  timers.run_due();
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->complete);
  EXPECT_EQ(http.count(Verb::remove_collection), 0u);
  EXPECT_EQ(timers.pending(), 0u);
}

TEST_F(LifecycleTest, sigterm_after_the_driver_is_gone_deletes_and_ends_when_nothing_is_left) {
  begin();
  commands.gone();
  drain(60s);
  all_gone();
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->complete);
  EXPECT_EQ(timers.pending(), 0u) << "no work after drain";
  EXPECT_TRUE(http.open(Verb::watch).empty());
}

TEST_F(LifecycleTest, a_drain_ends_at_its_deadline_and_says_what_is_left) {
  begin();
  commands.gone();
  drain(10s);
  timers.advance(10s);
  ASSERT_TRUE(end);
  EXPECT_FALSE(end->complete);
  EXPECT_NE(end->detail.find("1 pods"), std::string::npos);
  EXPECT_EQ(timers.pending(), 0u);
}

TEST_F(LifecycleTest, a_refused_deletecollection_is_tried_again) {
  begin();
  tell(core::Drain{});
  http.answer(http.open(Verb::remove_collection).at(0), 429, "slow down", {{"retry-after", "2"}});
  timers.advance(1s);
  EXPECT_EQ(http.count(Verb::remove_collection), 1u);
  timers.advance(20s);
  EXPECT_EQ(http.count(Verb::remove_collection), 2u);
}

}  // namespace
}  // namespace outrigger::flow
