#include "tests/unit/flow/agent_fixture.h"

namespace outrigger::flow {
namespace {

TEST_F(AgentTest, C21_nothing_is_created_before_resync_end) {
  start();
  sync();
  attach(3);
  EXPECT_EQ(http.count(Verb::create), 0u);
  tell(core::ResyncEnd{});
  EXPECT_EQ(http.count(Verb::create), 3u);
  EXPECT_EQ(sink.marks.size(), 3u);
}

TEST_F(AgentTest, nothing_is_created_before_the_first_list_is_complete) {
  start();
  attach_ready(3);
  EXPECT_EQ(http.count(Verb::create), 0u);
  sync();
  EXPECT_EQ(http.count(Verb::create), 3u);
}

TEST_F(AgentTest, C21_a_reconnect_stops_creates_until_everything_was_posted_again) {
  start();
  sync();
  attach_ready(0);
  commands.gone();
  attach(5, "nonce1001", 100);
  EXPECT_EQ(http.count(Verb::create), 0u);
  // Granted on the old connection, so retired (C18): the new block begins at 100, whose template nobody posted.
  tell(core::ResyncEnd{});
  EXPECT_EQ(http.count(Verb::create), 0u);
  EXPECT_EQ(sink.profiles[{0}].template_wanted, 1u << 3);
  tell(test::a_template("app-1", {0}, 3));
  EXPECT_EQ(http.count(Verb::create), 5u);
  EXPECT_NE(http.exchanges.back().request.body.find("app-1-exec-104"), std::string::npos);
}

TEST_F(AgentTest, C17_each_command_has_its_verdict_before_any_answer_of_the_server) {
  start();
  commands.attach();
  EXPECT_EQ(verdict(tell(core::SetTarget{{0}, 1})), core::Verdict::refused_order);
  EXPECT_EQ(verdict(tell(core::Hello{"nonce1001", "t", "app-1"})), core::Verdict::accepted);
  EXPECT_EQ(verdict(tell(core::ResyncBegin{})), core::Verdict::accepted);
  EXPECT_EQ(verdict(tell(core::GrantIds{{1}, 10})), core::Verdict::accepted);
  EXPECT_EQ(verdict(tell(core::GrantIds{{5}, 10})), core::Verdict::refused_ids);
  EXPECT_EQ(sink.uncommitted, 0);
}

TEST_F(AgentTest, C22_a_hello_of_another_application_is_refused) {
  start();
  commands.attach();
  EXPECT_EQ(verdict(tell(core::Hello{"nonce1001", "t", "app-2"})), core::Verdict::refused_identity);
}

TEST_F(AgentTest, C22_a_template_for_another_namespace_or_with_a_privileged_container_is_refused_by_path) {
  start();
  commands.attach();
  tell(core::Hello{"nonce1001", "t", "app-1"});
  tell(core::ResyncBegin{});
  auto post = test::a_template("app-1", {0}, 1);
  for (auto& sample : post.samples)
    sample.pod_json.replace(sample.pod_json.find(R"("restartPolicy")"), 0, R"("hostNetwork":true,)");
  const auto id = tell(post);
  EXPECT_EQ(verdict(id), core::Verdict::refused_policy);
  EXPECT_NE(sink.result_of(id)->detail.find("hostNetwork"), std::string::npos);
}

TEST_F(AgentTest, S3_a_template_that_does_not_derive_from_the_id_is_refused_with_its_path) {
  start();
  commands.attach();
  tell(core::Hello{"nonce1001", "t", "app-1"});
  tell(core::ResyncBegin{});
  auto post = test::a_template("app-1", {0}, 1);
  post.samples[1].pod_json.replace(post.samples[1].pod_json.find("spark:4"), 7, "spark:5");
  const auto id = tell(post);
  EXPECT_EQ(verdict(id), core::Verdict::refused_template);
  EXPECT_NE(sink.result_of(id)->detail.find("$.spec.containers[0].image"), std::string::npos);
}

TEST_F(AgentTest, the_posted_pod_carries_what_the_agent_forces) {
  start();
  sync();
  attach_ready(1);
  const auto& body = http.exchanges.back().request.body;
  EXPECT_NE(body.find(R"("outrigger-nonce":"nonce1001")"), std::string::npos);
  EXPECT_NE(body.find(test::ServerPod{}.owner_uid), std::string::npos);
}

TEST_F(AgentTest, S7_answered_creates_count_before_the_watch_shows_them) {
  start();
  sync();
  attach_ready(2);
  for (const auto id : http.open(Verb::create)) {
    test::ServerPod pod;
    pod.id = id == http.open(Verb::create).front() ? 1 : 2;
    pod.version = 20 + pod.id;
    http.answer(id, 201, pod.json());
  }
  timers.advance(5s);
  EXPECT_EQ(http.count(Verb::create), 2u);
  EXPECT_TRUE(sink.marks.empty());
}

TEST_F(AgentTest, S18_a_final_state_is_committed_before_the_delete_leaves) {
  start();
  test::ServerPod pod;
  pod.phase = "Running";
  pod.container = R"({"running":{"startedAt":"2026-11-21T13:00:00Z"}})";
  sync({pod});
  attach_ready(1, "nonce1001", 10);
  bool committed_first = false;
  sink.on_commit = [&] {
    const auto* record = sink.newest({1});
    if (record != nullptr && record->state == core::ExecutorState::failed)
      committed_first = http.count(Verb::remove) == 0;
  };
  pod.version = 30;
  pod.phase = "Failed";
  pod.container =
      R"({"terminated":{"exitCode":137,"reason":"OOMKilled","startedAt":null,"finishedAt":null}})";
  event("MODIFIED", pod);
  EXPECT_TRUE(committed_first);
  EXPECT_EQ(http.count(Verb::remove), 1u) << "S20: the agent deletes every final pod itself";
  EXPECT_NE(http.request(http.open(Verb::remove)[0]).body.find(pod.uid()), std::string::npos)
      << "C20: by uid";
  EXPECT_EQ(sink.newest({1})->exit.exit_class, core::ExitClass::oom_container);
  http.answer(http.open(Verb::remove)[0], 200, pod.json());
  event("DELETED", pod);
  EXPECT_TRUE(sink.newest({1})->gone);
  EXPECT_EQ(sink.newest({1})->exit.exit_class, core::ExitClass::oom_container);
}

TEST_F(AgentTest, S20_without_delete_on_termination_a_final_pod_is_labelled_and_never_deleted) {
  policy.delete_on_termination = false;
  start();
  test::ServerPod pod;
  pod.phase = "Succeeded";
  pod.container = R"({"terminated":{"exitCode":0,"reason":"Completed","startedAt":null,"finishedAt":null}})";
  sync({pod});
  attach_ready(0);
  ASSERT_EQ(http.open(Verb::patch).size(), 1u);
  EXPECT_NE(http.request(http.open(Verb::patch)[0]).body.find("spark-exec-inactive"), std::string::npos);
  EXPECT_EQ(http.count(Verb::remove), 0u);
}

TEST_F(AgentTest, S8_pods_of_another_driver_are_deleted_and_never_shown) {
  start();
  test::ServerPod pod;
  pod.nonce = "someoneelse";
  pod.phase = "Running";
  sync({pod});
  attach_ready(0);
  EXPECT_EQ(http.open(Verb::remove).size(), 1u);
  EXPECT_EQ(sink.newest({1}), nullptr);
}

TEST_F(AgentTest, S8_what_was_shown_to_a_driver_is_gone_for_the_next_one) {
  start();
  test::ServerPod pod;
  pod.phase = "Running";
  pod.container = R"({"running":{"startedAt":"2026-11-21T13:00:00Z"}})";
  sync({pod});
  attach_ready(2, pod.nonce, 10);  // shown: executor 1 running, 10 on its way
  ASSERT_EQ(sink.newest({1})->state, core::ExecutorState::running);
  ASSERT_EQ(sink.newest({10})->state, core::ExecutorState::creating);
  commands.gone();
  attach_ready(0, "nonce2002", 100);
  for (const std::uint64_t id : {1u, 10u}) {
    EXPECT_TRUE(sink.newest({id})->gone) << id;
    EXPECT_EQ(sink.newest({id})->state, core::ExecutorState::deleted) << id;
    EXPECT_EQ(sink.newest({id})->exit.exit_class, core::ExitClass::requested) << "nobody's fault";
  }
}

TEST_F(AgentTest, C22_a_pod_with_another_owner_is_never_deleted) {
  start();
  test::ServerPod pod;
  pod.nonce = "someoneelse";
  pod.owner_uid = "11111111-1111-4111-8111-111111111111";
  sync({pod});
  attach_ready(0);
  EXPECT_EQ(http.count(Verb::remove), 0u);
}

TEST_F(AgentTest, C16_a_drain_of_commands_is_bounded_and_goes_on_in_the_next_turn) {
  start();
  commands.attach();
  commands.push(core::Hello{"nonce1001", "t", "app-1"});
  commands.push(core::ResyncBegin{});
  const std::size_t bound = options().commands_per_turn;
  for (std::size_t i = 0; i < bound; ++i) commands.push(core::Ack{i});
  commands.ring();
  EXPECT_EQ(commands.waiting(), 2u);
  timers.run_due();
  EXPECT_EQ(commands.waiting(), 0u);
  EXPECT_EQ(sink.acknowledged_sequence, bound - 1);
}

TEST_F(AgentTest, C19_marks_of_a_crashed_incarnation_are_marked_again_count_and_are_never_posted) {
  start({{{7}, {0}, 0}});
  EXPECT_TRUE(sink.marks.contains(core::ExecutorId{7}));
  sync();
  attach_ready(1, "nonce1001", 20);
  EXPECT_EQ(http.count(Verb::create), 0u) << "it counts until a GET decides";
  ASSERT_EQ(http.open(Verb::get).size(), 1u);
  EXPECT_NE(http.request(http.open(Verb::get)[0]).target.find("app-1-exec-7"), std::string::npos);
  test::ServerPod pod;
  pod.id = 7;
  http.answer(http.open(Verb::get)[0], 200, pod.json());
  timers.run_due();
  EXPECT_TRUE(sink.marks.empty());
  EXPECT_EQ(http.count(Verb::create), 0u);
}

TEST_F(AgentTest, C19_a_mark_that_nobody_finds_is_replaced_by_another_id) {
  start({{{7}, {0}, 0}});
  sync();
  attach_ready(1, "nonce1001", 20);
  for (int i = 0; i < 3; ++i) {
    http.answer(
        http.open(Verb::get).at(0), 404,
        R"({"kind":"Status","status":"Failure","reason":"NotFound","code":404,"message":"pods \"x\" not found","details":{"kind":"pods"}})");
    timers.advance(2s);
  }
  EXPECT_EQ(sink.newest({7})->state, core::ExecutorState::create_failed);
  ASSERT_EQ(http.count(Verb::create), 1u);
  EXPECT_NE(http.request(http.open(Verb::create)[0]).body.find("app-1-exec-20"), std::string::npos);
}

TEST_F(AgentTest, C19_marks_of_another_driver_do_not_hold_places) {
  start({{{7}, {0}, 12345}});
  sync();
  attach_ready(1, "nonce1001", 20);
  EXPECT_EQ(http.count(Verb::create), 1u);
  EXPECT_FALSE(sink.marks.contains(core::ExecutorId{7}));
}

TEST_F(AgentTest, S13_a_refused_create_is_told_with_its_class_and_the_next_one_backs_off) {
  start();
  sync();
  attach_ready(1);
  http.answer(
      http.open(Verb::create)[0], 403,
      R"({"kind":"Status","status":"Failure","reason":"Forbidden","code":403,"message":"pods \"x\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0"})");
  timers.run_due();
  EXPECT_EQ(sink.newest({1})->state, core::ExecutorState::create_failed);
  EXPECT_EQ(sink.newest({1})->create_error, core::ApiErrorClass::quota);
  EXPECT_EQ(http.count(Verb::create), 1u);
  EXPECT_EQ(sink.profiles[{0}].wait, core::WaitReason::backoff);
  timers.advance(120s);
  EXPECT_EQ(http.count(Verb::create), 2u) << "under another id";
  EXPECT_NE(http.exchanges.back().request.body.find("app-1-exec-2"), std::string::npos);
}

TEST_F(AgentTest, a_turn_without_news_publishes_nothing) {
  start();
  sync();
  attach_ready(0);
  timers.advance(1s);
  const int commits = sink.commits;
  timers.advance(20s);
  EXPECT_EQ(sink.commits, commits);
}

TEST_F(AgentTest, a_server_that_is_away_longer_than_the_bound_makes_the_view_stale_and_not_ready) {
  start();
  sync();
  attach_ready(0);
  EXPECT_TRUE(agent->health().ready);
  http.end(http.open(Verb::watch)[0], ports::Transport::interrupted);
  for (int i = 0; i < 60; ++i) {
    timers.advance(1s);
    for (const auto id : http.open(Verb::watch)) http.end(id, ports::Transport::refused);
  }
  EXPECT_TRUE(sink.control.stale);
  EXPECT_TRUE(sink.control.synced) << "the last known state stays readable";
  EXPECT_FALSE(agent->health().ready);
  EXPECT_TRUE(agent->health().live);
}

struct ConfigMapTest : AgentTest {
  static constexpr const char* config_map =
      R"({"kind":"ConfigMap","metadata":{"name":"spark-exec-1-conf-map","labels":{"spark-app-selector":"app-1"}}})";
  void start_waiting() {
    Options o = options();
    o.config_map_wait = 5s;
    agent = std::make_unique<Agent>(o, Ports{http, timers, clock, entropy, sink, commands, log},
                                    std::vector<ports::InFlightMark>{});
    agent->start();
    timers.run_due();
  }
  void post_config_map() {
    const std::size_t before = http.exchanges.size();
    agent->serve({"POST", "/api/v1/namespaces/spark/configmaps", "application/json", config_map},
                 [](const GatewayAnswer&) {});
    http.answer(before + 1, 201, config_map);
    timers.run_due();
  }
  std::size_t pod_posts() const {
    std::size_t n = 0;
    for (const auto& e : http.exchanges)
      n += e.request.verb == Verb::create && e.request.target.find("/pods") != std::string::npos;
    return n;
  }
};

TEST_F(ConfigMapTest, S12_the_first_creates_wait_for_the_config_map) {
  start_waiting();
  sync();
  attach_ready(3);
  EXPECT_EQ(pod_posts(), 0u);
  EXPECT_EQ(sink.profiles[{0}].wait, core::WaitReason::readiness_gate);
  post_config_map();
  EXPECT_EQ(pod_posts(), 3u);
}

TEST_F(ConfigMapTest, S12_but_5_s_at_most) {
  start_waiting();
  sync();
  attach_ready(3);
  timers.advance(4s);
  EXPECT_EQ(pod_posts(), 0u);
  timers.advance(2s);
  EXPECT_EQ(pod_posts(), 3u);
}

TEST_F(ConfigMapTest, S12_a_driver_that_comes_back_has_made_it) {
  start_waiting();
  sync();
  attach_ready(0);
  post_config_map();
  commands.gone();
  attach_ready(2, "nonce1001", 51);
  EXPECT_EQ(pod_posts(), 2u);
}

TEST_F(AgentTest, a_destroyed_agent_leaves_no_timer_no_exchange_and_its_marks) {
  start();
  sync();
  attach_ready(3);
  agent.reset();
  EXPECT_EQ(timers.pending(), 0u);
  for (const auto& exchange : http.exchanges) EXPECT_FALSE(exchange.open);
  EXPECT_EQ(sink.marks.size(), 3u);
}

}  // namespace
}  // namespace outrigger::flow
