// Claims of executors that are gone serve new ones (S14).
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/core/allocator.h"
#include "agent/core/claim_book.h"
#include "agent/core/limits.h"
#include "tests/unit/core/json_text.h"
#include "tests/unit/core/values.h"

namespace outrigger::core {
namespace {

using test::at;
using test::claim;
using test::driver_uid;
using test::json;
using test::moment;
using test::pod;
using test::shape;
using test::wall;
using test::with_claims;
using test::World;

constexpr Millis age{1000};

// ---- stamping --------------------------------------------------------------------------------------------------

TemplateSample sample(std::uint64_t id, const std::string& owners = "") {
  const std::string n = std::to_string(id);
  const std::string volumes = R"("volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"app-exec-)" +
                              n +
                              R"(-pvc-0"}},{"name":"mine","persistentVolumeClaim":{"claimName":"static"}}])";
  const auto extra = [&](int index, const char* size) {
    return json(
        R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"app-exec-)" + n + "-pvc-" +
        std::to_string(index) + "\"" + owners +
        R"(},"spec":{"accessModes":["ReadWriteOncePod"],"storageClassName":"fast","resources":{"requests":{"storage":")" +
        size + R"("}}}})");
  };
  return {ExecutorId{id},
          json(R"({"kind":"Pod","metadata":{"name":"app-exec-)" + n + R"("},"spec":{)" + volumes +
               R"(,"containers":[{"name":"executor","image":"spark:4"}]}})"),
          {extra(0, "1Gi")}};
}

PodIdentity identity(bool by_driver = true) {
  PodIdentity who;
  who.name_space = "spark";
  who.application_id = "app";
  who.nonce = test::nonce;
  if (by_driver) {
    who.driver_pod_name = "driver";
    who.driver_pod_uid = to_string(driver_uid);
  }
  return who;
}

PodTemplate claims_template(bool by_driver = true) {
  PodPolicy policy;
  policy.name_space = "spark";
  return *PodTemplate::compile(*diff_samples({sample(1), sample(2)}), identity(by_driver), policy);
}

std::string claim_of(const std::string& body, std::size_t volume) {
  return std::string(
      json(body).at({"spec", "volumes"})->items()[volume].text_at({"persistentVolumeClaim", "claimName"}));
}

TEST(ClaimSlots, S14_a_pod_mounts_the_chosen_claim_and_without_a_choice_its_own) {
  const PodTemplate made = claims_template();
  ASSERT_EQ(made.claims().size(), 1u);
  EXPECT_EQ(made.claims()[0].shape, shape());
  EXPECT_EQ(made.claims()[0].name("4"), "app-exec-4-pvc-0");
  EXPECT_EQ(claim_of(made.stamp(ExecutorId{4})->body, 0), "app-exec-4-pvc-0");
  const std::string body = made.stamp(ExecutorId{4}, {{0, "app-exec-1-pvc-0"}})->body;
  EXPECT_EQ(claim_of(body, 0), "app-exec-1-pvc-0");
  EXPECT_EQ(claim_of(body, 1), "static") << "what the user named himself is his";
}

TEST(ClaimSlots, S14_a_claim_that_the_driver_does_not_own_has_no_slot) {
  EXPECT_TRUE(claims_template(false).claims().empty());
  PodPolicy policy;
  policy.name_space = "spark";
  const std::string owners = R"(,"ownerReferences":[{"apiVersion":"v1","kind":"Pod","name":"app-exec-)";
  const auto made = PodTemplate::compile(
      *diff_samples({sample(1, owners + R"(1"}])"), sample(2, owners + R"(2"}])")}), identity(), policy);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->claims().empty());
  EXPECT_EQ(claim_of(made->stamp(ExecutorId{4})->body, 0), "app-exec-4-pvc-0");
}

TEST(ClaimSlots, S14_a_pod_rendered_by_the_driver_mounts_the_chosen_claim_too) {
  PodPolicy policy;
  policy.name_space = "spark";
  const auto made = compile_rendered(sample(42), identity(), policy);
  ASSERT_TRUE(made);
  ASSERT_EQ(made->claims.size(), 1u);
  EXPECT_EQ(claim_of(made->body({}), 0), "app-exec-42-pvc-0");
  EXPECT_EQ(claim_of(made->body({{0, "app-exec-1-pvc-0"}}), 0), "app-exec-1-pvc-0");
}

// ---- decide() --------------------------------------------------------------------------------------------------

struct Claims : testing::Test {
  World world;
  AllocationPolicy policy;
  Claims() {
    world.books.templates.put(ProfileId{0}, 2, claims_template());
    policy.reuse_claims = true;
    policy.creation_timeout = age;
    world.policy(policy);
  }
  void listed(const std::vector<Claim>& claims, std::int64_t now_ms) {
    world.books.claims.listed(claims, driver_uid, at(now_ms), at(now_ms), wall + now_ms + 60'000);
  }
  // Its claim is made and its pod runs.
  void land(const Actions& actions, std::int64_t now_ms) {
    for (const CreateOrder& order : actions.creates) {
      Pod made = pod(order.id.value, ++world.version);
      made.claims = {order.claims.empty() ? "app-exec-" + std::to_string(order.id.value) + "-pvc-0"
                                          : order.claims[0].name};
      world.books.claims.made(order.id, at(now_ms));
      world.books.expected.answered(order.id, made.uid, made.resource_version, at(now_ms));
      world.see(std::move(made), now_ms);
    }
  }
  static WaitReason reason(const Actions& actions) { return actions.waits.at(ProfileId{0}).reason; }
};

TEST_F(Claims, S14_the_first_create_waits_until_it_is_known_which_claims_there_are) {
  world.target(2);
  Actions actions = world.step(moment());
  EXPECT_TRUE(actions.creates.empty());
  EXPECT_TRUE(actions.list_claims);
  EXPECT_EQ(actions.ids_taken, 0u);
  EXPECT_EQ(reason(actions), WaitReason::claims);
  listed({}, 0);
  actions = world.step(moment());
  EXPECT_EQ(actions.creates.size(), 2u);
  EXPECT_FALSE(actions.list_claims);
  EXPECT_EQ(world.books.claims.size(), 2u) << "both are being made";
}

TEST_F(Claims, S14_nobody_waits_and_nothing_is_asked_where_reuse_is_off_or_there_is_no_driver_pod) {
  world.target(1);
  Moment client = moment();
  client.owner_uid = {};
  EXPECT_EQ(decide(world.books, client).creates.size(), 1u);
  policy.reuse_claims = false;
  world.policy(policy);
  const Actions actions = decide(world.books, moment());
  EXPECT_EQ(actions.creates.size(), 1u);
  EXPECT_FALSE(actions.list_claims);
}

TEST_F(Claims, S14_a_replacement_mounts_the_claim_of_the_executor_that_is_gone_and_no_claim_is_chosen_twice) {
  world.target(2);
  listed({}, 0);
  land(world.step(moment()), 0);
  world.lose(pod(1, ++world.version), 10);
  world.lose(pod(2, ++world.version), 10);
  listed({claim("app-exec-1-pvc-0"), claim("app-exec-2-pvc-0")}, 2000);
  const Actions actions = world.step(moment(2000));
  ASSERT_EQ(actions.creates.size(), 2u);
  EXPECT_EQ(actions.creates[0].claims, (std::vector<ClaimChoice>{{0, "app-exec-1-pvc-0"}}));
  EXPECT_EQ(actions.creates[1].claims, (std::vector<ClaimChoice>{{0, "app-exec-2-pvc-0"}}));
  EXPECT_EQ(world.books.claims.size(), 2u);
  world.target(3);
  const Actions more = world.step(moment(2001));
  ASSERT_EQ(more.creates.size(), 1u);
  EXPECT_TRUE(more.creates[0].claims.empty()) << "both are in use by creates in flight";
}

TEST_F(Claims, S14_a_pod_that_is_only_being_deleted_keeps_its_claim) {
  world.target(1);
  listed({}, 0);
  land(world.step(moment()), 0);
  Pod leaving =
      with_claims(test::deleting(test::ended(pod(1), 137, 0), ++world.version), {"app-exec-1-pvc-0"});
  world.see(leaving, 10);
  listed({claim("app-exec-1-pvc-0")}, 6000);
  const Actions actions = world.step(moment(6000));
  ASSERT_EQ(actions.creates.size(), 1u);
  EXPECT_TRUE(actions.creates[0].claims.empty());
}

TEST_F(Claims,
       S14_a_replacement_waits_a_moment_for_the_claim_of_a_pod_that_has_ended_and_no_other_executor_does) {
  world.target(2);
  listed({}, 0);
  land(world.step(moment()), 0);
  const Pod dead = with_claims(test::ended(pod(1), 137, ++world.version), {"app-exec-1-pvc-0"});
  world.see(dead, 2000);
  Actions actions = world.step(moment(2000));
  EXPECT_TRUE(actions.creates.empty());
  EXPECT_EQ(reason(actions), WaitReason::claims);
  EXPECT_EQ(actions.wake_at, at(2000 + limits::claim_release_ms));
  world.target(4);
  actions = world.step(moment(2001));
  EXPECT_EQ(actions.creates.size(), 2u) << "one of three waits";
  land(actions, 2001);
  world.lose(dead, 2100);
  actions = world.step(moment(2100));
  ASSERT_EQ(actions.creates.size(), 1u);
  EXPECT_EQ(actions.creates[0].claims, (std::vector<ClaimChoice>{{0, "app-exec-1-pvc-0"}}));
}

TEST_F(Claims, S14_nobody_waits_longer_for_a_pod_that_has_ended_or_for_a_claim_that_is_too_young) {
  world.target(1);
  listed({}, 0);
  land(world.step(moment()), 0);
  world.see(with_claims(test::ended(pod(1), 137, ++world.version), {"app-exec-1-pvc-0"}), 900);
  EXPECT_EQ(decide(world.books, moment(900)).creates.size(), 1u) << "too young to serve";
  EXPECT_TRUE(decide(world.books, moment(1001)).creates.empty());
  EXPECT_TRUE(decide(world.books, moment(900 + limits::claim_release_ms - 1)).creates.empty());
  const Actions actions = world.step(moment(900 + limits::claim_release_ms));
  ASSERT_EQ(actions.creates.size(), 1u);
  EXPECT_TRUE(actions.creates[0].claims.empty());
}

TEST_F(Claims, S14_before_a_claim_is_used_again_the_server_says_that_it_is_still_there) {
  world.target(1);
  listed({}, 0);
  land(world.step(moment()), 0);
  world.lose(pod(1, ++world.version), 10);
  Actions actions = world.step(moment(6000));
  EXPECT_TRUE(actions.creates.empty());
  EXPECT_TRUE(actions.list_claims);
  listed({}, 6000);
  actions = world.step(moment(6000));
  ASSERT_EQ(actions.creates.size(), 1u);
  EXPECT_TRUE(actions.creates[0].claims.empty()) << "somebody has deleted it";
}

TEST_F(Claims, S14_a_failed_list_stops_nothing) {
  policy.wait_for_claims = true;
  policy.maximum_claims = 1;
  world.policy(policy);
  world.target(3);
  world.books.claims.blind(at(5000));
  const Actions actions = world.step(moment());
  EXPECT_EQ(actions.creates.size(), 3u);
  EXPECT_FALSE(actions.list_claims);
}

TEST_F(Claims, S14_with_wait_to_reuse_no_more_claims_are_made_than_the_maximum) {
  policy.wait_for_claims = true;
  policy.maximum_claims = 2;
  world.policy(policy);
  world.target(3);
  listed({}, 0);
  Actions actions = world.step(moment());
  EXPECT_EQ(actions.creates.size(), 2u);
  EXPECT_EQ(reason(actions), WaitReason::claims);
  land(actions, 0);
  EXPECT_TRUE(world.step(moment(500)).idle());
  world.lose(pod(1, ++world.version), 600);
  actions = world.step(moment(700));
  EXPECT_TRUE(actions.creates.empty()) << "free, and not old enough";
  EXPECT_EQ(actions.wake_at, at(1001));
  actions = world.step(moment(1001));
  ASSERT_EQ(actions.creates.size(), 1u);
  EXPECT_EQ(actions.creates[0].claims, (std::vector<ClaimChoice>{{0, "app-exec-1-pvc-0"}}));
  EXPECT_EQ(reason(actions), WaitReason::claims);
}

TEST_F(Claims, S14_waiting_for_one_of_no_claims_is_refused) {
  policy.wait_for_claims = true;
  policy.maximum_claims = 0;
  EXPECT_EQ(world.books.desired.apply(policy).verdict, Verdict::refused_malformed);
  policy.maximum_claims = 1;
  EXPECT_TRUE(world.books.desired.apply(policy).ok());
}

TEST_F(Claims, S14_an_id_whose_claim_exists_already_is_used_up_and_not_created) {
  world.target(1);
  Claim young = claim("app-exec-1-pvc-0");
  young.created_at_ms = wall + 60'000;
  listed({young}, 0);
  const Actions actions = world.step(moment());
  EXPECT_EQ(actions.skipped_ids, (std::vector<ExecutorId>{ExecutorId{1}}));
  ASSERT_EQ(actions.creates.size(), 1u);
  EXPECT_EQ(actions.creates[0].id, ExecutorId{2});
}

TEST_F(Claims, S14_a_pod_that_the_driver_renders_gets_a_claim_again_as_well) {
  world.books.templates.refused(ProfileId{0}, 3);
  world.target(1);
  listed({claim("free")}, 0);
  Actions actions = world.step(moment(2000));
  ASSERT_EQ(actions.wanted.size(), 1u);
  PodPolicy pods;
  pods.name_space = "spark";
  world.books.templates.put_rendered(ProfileId{0}, ExecutorId{1},
                                     *compile_rendered(sample(1), identity(), pods));
  actions = world.step(moment(2000));
  ASSERT_EQ(actions.creates.size(), 1u);
  EXPECT_EQ(actions.creates[0].claims, (std::vector<ClaimChoice>{{0, "free"}}));
}

}  // namespace
}  // namespace outrigger::core
