// Claims of executors that are gone serve new ones (S14): what is asked, posted and said.
#include "tests/unit/flow/agent_fixture.h"

#include <algorithm>

#include "agent/core/in_flight.h"

namespace outrigger::flow {
namespace {

struct ClaimsTest : AgentTest {
  ClaimsTest() {
    policy.reuse_claims = true;
    policy.creation_timeout = 1s;
  }
  void attach_with_claims(std::uint32_t target, std::uint64_t first_id = 1) {
    commands.attach();
    tell(core::Hello{"nonce1001", "test", "app-1"});
    tell(core::ResyncBegin{});
    tell(core::GrantIds{{first_id}, 9});
    tell(policy);
    tell(test::a_template_with_claim("app-1", {0}, 1));
    tell(core::SetTarget{{0}, target});
    tell(core::KnownDelta{true, {}, {}});
    tell(core::ResyncEnd{});
  }
  static std::string claim(const std::string& name, const std::string& more = "") {
    return R"({"metadata":{"name":")" + name +
           R"(","creationTimestamp":"2020-01-01T00:00:00Z","ownerReferences":)" +
           R"([{"apiVersion":"v1","kind":"Pod","name":"driver","uid":")" + test::ServerPod{}.owner_uid +
           R"("}])" + more +
           R"(},"spec":{"accessModes":["ReadWriteOncePod"],"storageClassName":"fast","resources":)" +
           R"({"requests":{"storage":"1024Mi"}}},"status":{"phase":"Bound"}})";
  }
  static std::string claims(const std::vector<std::string>& items, const std::string& next = "") {
    std::string all;
    for (const auto& item : items) all += (all.empty() ? "" : ",") + item;
    return R"({"kind":"PersistentVolumeClaimList","apiVersion":"v1","metadata":{"resourceVersion":"9","continue":")" +
           next + R"("},"items":[)" + all + "]}";
  }
  void list(const std::vector<std::string>& items) {
    http.answer(http.open(Verb::list).at(0), 200, claims(items));
    timers.run_due();
  }
  // The pod that is being posted as the n-th.
  bool mounts(std::size_t n, const std::string& claim_name) {
    return http.request(http.open(Verb::create).at(n)).body.find(R"("claimName":")" + claim_name + "\"") !=
           std::string::npos;
  }
  std::string target(std::size_t n) { return http.request(http.open(Verb::create).at(n)).target; }
  // The pod of `id` is created and its claim made.
  void land(std::uint64_t id, const std::string& claim_name) {
    test::ServerPod pod;
    pod.id = id;
    pod.version = ++version;
    pod.claim = claim_name;
    http.answer(http.open(Verb::create).at(0), 201, pod.json());
    timers.run_due();
    if (!http.open(Verb::create).empty()) {
      EXPECT_NE(target(0).find("/persistentvolumeclaims"), std::string::npos);
      http.answer(http.open(Verb::create).at(0), 201, claim(claim_name));
      timers.run_due();
    }
    event("ADDED", pod);
  }
  void lose(std::uint64_t id, const std::string& claim_name) {
    test::ServerPod pod;
    pod.id = id;
    pod.version = ++version;
    pod.claim = claim_name;
    event("DELETED", pod);
  }
  void later(core::Nanos time) { timers.advance(time); }
  std::uint64_t version = 20;
};

TEST_F(ClaimsTest, S14_the_replacement_mounts_the_same_claim_and_makes_none) {
  start();
  sync();
  attach_with_claims(1);
  ASSERT_EQ(http.open(Verb::list).size(), 1u) << "which claims are there already?";
  EXPECT_EQ(
      http.request(http.open(Verb::list)[0]).target,
      "/api/v1/namespaces/spark/persistentvolumeclaims?labelSelector=spark-app-selector%3Dapp-1&limit=100");
  EXPECT_EQ(http.count(Verb::create), 0u);
  list({});
  land(1, "app-1-exec-1-pvc-0");
  ASSERT_EQ(http.count(Verb::create), 2u) << "a pod and its claim";
  later(2s);
  lose(1, "app-1-exec-1-pvc-0");
  ASSERT_EQ(http.open(Verb::create).size(), 1u) << "the list is fresh";
  EXPECT_TRUE(mounts(0, "app-1-exec-1-pvc-0"));
  land(2, "app-1-exec-1-pvc-0");
  EXPECT_EQ(http.count(Verb::create), 3u) << "no second claim";
  EXPECT_TRUE(log.contains("I a claim is used again executor=2 pod=app-1-exec-2 claim=app-1-exec-1-pvc-0"));
}

TEST_F(ClaimsTest, S14_an_agent_that_starts_anew_finds_the_claims_by_one_list_of_all_its_pages) {
  start();
  test::ServerPod user;
  user.id = 1;
  user.claim = "used";
  sync({user});
  attach_with_claims(3, 2);
  ASSERT_EQ(http.open(Verb::list).size(), 1u);
  http.answer(http.open(Verb::list)[0], 200, claims({claim("used"), claim("free")}, "next"));
  timers.run_due();
  EXPECT_EQ(http.count(Verb::create), 0u);
  EXPECT_NE(http.request(http.open(Verb::list).at(0)).target.find("continue=next"), std::string::npos);
  list({claim("gone", R"(,"deletionTimestamp":"2026-11-21T13:00:00Z")")});
  ASSERT_EQ(http.open(Verb::create).size(), 2u);
  EXPECT_TRUE(mounts(0, "free"));
  EXPECT_TRUE(mounts(1, "app-1-exec-3-pvc-0"));
}

TEST_F(ClaimsTest, S14_an_account_that_may_not_list_claims_is_told_once_and_gets_new_claims) {
  start();
  sync();
  attach_with_claims(1);
  const std::string status =
      R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":)"
      R"("persistentvolumeclaims is forbidden: User \"x\" cannot list resource \"persistentvolumeclaims\""})";
  http.answer(http.open(Verb::list).at(0), 403, status);
  timers.run_due();
  ASSERT_EQ(http.open(Verb::create).size(), 1u);
  EXPECT_TRUE(log.contains("verb=list resource=persistentvolumeclaims namespace=spark class=rbac"));
  land(1, "app-1-exec-1-pvc-0");
  later(2s);
  lose(1, "app-1-exec-1-pvc-0");
  EXPECT_EQ(http.open(Verb::create).size(), 1u) << "nobody asks in vain every time";
  EXPECT_TRUE(mounts(0, "app-1-exec-2-pvc-0"));
  land(2, "app-1-exec-2-pvc-0");
  later(61s);
  lose(2, "app-1-exec-2-pvc-0");
  http.answer(http.open(Verb::list).at(0), 403, status);
  timers.run_due();
  const auto warnings = std::count_if(log.lines.begin(), log.lines.end(), [](const std::string& line) {
    return line.find("cannot be listed") != std::string::npos;
  });
  EXPECT_EQ(warnings, 1);
}

TEST_F(ClaimsTest, S14_an_answer_that_is_no_list_and_a_server_that_does_not_answer_hold_nobody_up) {
  start();
  sync();
  attach_with_claims(1);
  http.answer(http.open(Verb::list).at(0), 200, R"({"kind":"PodList","items":[]})");
  timers.run_due();
  EXPECT_EQ(http.open(Verb::create).size(), 1u);
  land(1, "app-1-exec-1-pvc-0");
  later(6s);
  lose(1, "app-1-exec-1-pvc-0");
  http.end(http.open(Verb::list).at(0), ports::Transport::timed_out, "no answer");
  timers.run_due();
  EXPECT_EQ(http.open(Verb::create).size(), 1u);
}

TEST_F(ClaimsTest, S14_a_refused_create_gives_the_claim_back_and_deletes_nothing) {
  start();
  sync();
  attach_with_claims(1);
  list({claim("free")});
  http.answer(
      http.open(Verb::create).at(0), 403,
      R"({"kind":"Status","status":"Failure","reason":"Forbidden","code":403,"message":)"
      R"("pods \"x\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"})");
  later(25s);
  ASSERT_EQ(http.open(Verb::create).size(), 1u);
  EXPECT_TRUE(mounts(0, "free"));
  EXPECT_EQ(http.count(Verb::remove), 0u);
}

TEST_F(ClaimsTest, S14_a_pod_that_is_rolled_back_for_a_second_claim_leaves_the_reused_one) {
  auto post = test::a_template_with_claim("app-1", {0}, 1, 2);
  for (auto& sample : post.samples) {
    std::string second = sample.extra_json[0];
    second.replace(second.find("-pvc-0"), 6, "-pvc-1");
    second.replace(second.find("1Gi"), 3, "7Gi");
    sample.extra_json.push_back(std::move(second));
    sample.pod_json.replace(sample.pod_json.find(R"("volumes":[)") + 11, 0,
                            R"({"name":"more","persistentVolumeClaim":{"claimName":"app-1-exec-)" +
                                std::to_string(sample.id.value) + R"(-pvc-1"}},)");
  }
  start();
  sync();
  attach_with_claims(0);
  EXPECT_EQ(verdict(tell(post)), core::Verdict::accepted);
  tell(core::SetTarget{{0}, 1});
  list({claim("free")});
  test::ServerPod pod;
  http.answer(http.open(Verb::create).at(0), 201, pod.json());
  timers.run_due();
  ASSERT_EQ(http.open(Verb::create).size(), 1u);
  EXPECT_NE(http.request(http.open(Verb::create)[0]).body.find("app-1-exec-1-pvc-1"), std::string::npos);
  http.answer(
      http.open(Verb::create)[0], 422,
      R"({"kind":"Status","status":"Failure","reason":"Invalid","code":422,"message":"spec: too large"})");
  timers.run_due();
  ASSERT_EQ(http.count(Verb::remove), 1u);
  EXPECT_NE(http.request(http.open(Verb::remove).at(0)).target.find("/pods/app-1-exec-1"), std::string::npos);
}

TEST_F(ClaimsTest, S14_claims_are_not_chosen_before_the_creates_of_a_crashed_incarnation_are_settled) {
  start({{{5}, {0}, core::nonce_hash("nonce1001")}});
  sync();
  attach_with_claims(2, 6);
  EXPECT_TRUE(http.open(Verb::list).empty()) << "executor 5 may have taken a claim";
  test::ServerPod pod;
  pod.id = 5;
  pod.claim = "free";
  ASSERT_EQ(http.open(Verb::get).size(), 1u);
  http.answer(http.open(Verb::get)[0], 200, pod.json());
  timers.run_due();
  event("ADDED", pod);
  list({claim("free")});
  ASSERT_EQ(http.open(Verb::create).size(), 1u);
  EXPECT_TRUE(mounts(0, "app-1-exec-6-pvc-0"));
}

TEST_F(ClaimsTest, S6_a_pod_that_landed_after_its_create_was_given_up_gets_its_claim) {
  start();
  sync();
  attach_with_claims(1);
  list({});
  http.end(http.open(Verb::create).at(0), ports::Transport::interrupted, "reset");
  for (int look = 0; look < 3; ++look) {
    later(3s);
    http.answer(http.open(Verb::get).at(0), 404, R"({"kind":"Status","reason":"NotFound","code":404})");
    timers.run_due();
  }
  tell(core::SetTarget{{0}, 0});
  test::ServerPod pod;
  pod.claim = "app-1-exec-1-pvc-0";
  event("ADDED", pod);
  ASSERT_EQ(http.open(Verb::get).size(), 1u);
  EXPECT_EQ(sink.marks.count({1}), 1u) << "a crash must not forget it";
  http.answer(http.open(Verb::get)[0], 200, pod.json());
  timers.run_due();
  ASSERT_EQ(http.open(Verb::create).size(), 1u);
  EXPECT_NE(http.request(http.open(Verb::create)[0]).body.find(R"("name":"app-1-exec-1-pvc-0")"),
            std::string::npos);
  http.answer(http.open(Verb::create)[0], 201, claim("app-1-exec-1-pvc-0"));
  timers.run_due();
  EXPECT_TRUE(sink.marks.empty());
}

TEST_F(ClaimsTest,
       S6_a_pod_whose_agent_crashed_before_it_made_the_claim_gets_it_and_no_claim_that_it_does_not_name) {
  for (const auto& [named, posts] :
       {std::pair("app-1-exec-5-pvc-0", 1u), std::pair("app-1-exec-2-pvc-0", 0u)}) {
    agent.reset();
    http.exchanges.clear();
    sink.marks.clear();
    start({{{5}, {0}, core::nonce_hash("nonce1001")}});
    test::ServerPod pod;
    pod.id = 5;
    pod.claim = named;
    sync({pod});
    attach_with_claims(1, 6);
    ASSERT_EQ(http.open(Verb::get).size(), 1u) << named;
    http.answer(http.open(Verb::get)[0], 200, pod.json());
    timers.run_due();
    ASSERT_EQ(http.open(Verb::create).size(), posts) << named;
    if (posts != 0) {
      EXPECT_NE(http.request(http.open(Verb::create)[0]).target.find("/persistentvolumeclaims"),
                std::string::npos);
      http.answer(http.open(Verb::create)[0], 409,
                  R"({"kind":"Status","reason":"AlreadyExists","code":409,"message":"it exists"})");
      timers.run_due();
    }
    EXPECT_TRUE(sink.marks.empty()) << named;
  }
}

}  // namespace
}  // namespace outrigger::flow
