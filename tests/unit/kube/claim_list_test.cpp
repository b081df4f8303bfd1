#include "agent/kube/claim_list.h"

#include <gtest/gtest.h>

namespace outrigger::kube {
namespace {

constexpr const char* uid = "0f0e0d0c-0b0a-4908-8706-050403020100";

std::string owner(const std::string& of) {
  return R"({"apiVersion":"v1","kind":"Pod","name":"driver","uid":")" + of + R"("})";
}
std::string item(const std::string& name, const std::string& owners, const std::string& more = "",
                 const std::string& phase = "Bound") {
  return R"({"metadata":{"name":")" + name +
         R"(","creationTimestamp":"2026-11-21T13:00:00Z","ownerReferences":[)" + owners + "]" + more +
         R"(},"spec":{"accessModes":["ReadWriteOnce"],"storageClassName":"fast",)" +
         R"("volumeMode":"Filesystem","resources":{"requests":{"storage":"1Gi"}}},"status":{"phase":")" +
         phase + R"("}})";
}
std::string page(const std::string& items, const std::string& metadata = R"({"resourceVersion":"5"})") {
  return R"({"kind":"PersistentVolumeClaimList","apiVersion":"v1","metadata":)" + metadata + R"(,"items":[)" +
         items + "]}";
}

TEST(ClaimList, S14_what_decides_about_a_claim_is_read) {
  const auto read = read_claims(page(item("a", owner(uid)), R"({"continue":"next"})"));
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->continue_token, "next");
  ASSERT_EQ(read->claims.size(), 1u);
  const core::Claim& claim = read->claims[0];
  EXPECT_EQ(claim.name, "a");
  EXPECT_EQ(claim.shape, (core::ClaimShape{"fast", "ReadWriteOnce", "Filesystem", std::uint64_t{1} << 30}));
  EXPECT_EQ(core::to_string(claim.owner_uid), uid);
  EXPECT_EQ(claim.created_at_ms, 1'795'266'000'000);
  EXPECT_TRUE(claim.usable);
}

TEST(ClaimList, S14_one_that_leaves_or_has_lost_its_volume_is_of_no_use) {
  const auto read = read_claims(
      page(item("leaves", owner(uid), R"(,"deletionTimestamp":"2026-11-21T13:00:01Z")") + "," +
           item("lost", owner(uid), "", "Lost") + "," + item("pending", owner(uid), "", "Pending")));
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->claims[0].usable);
  EXPECT_FALSE(read->claims[1].usable);
  EXPECT_TRUE(read->claims[2].usable) << "it is bound when somebody mounts it";
}

TEST(ClaimList, S14_a_claim_of_two_owners_or_of_none_is_not_the_drivers_alone) {
  const auto read = read_claims(page(item("two", owner(uid) + "," + owner(uid)) + "," + item("none", "")));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->claims[0].owner_uid.empty());
  EXPECT_TRUE(read->claims[1].owner_uid.empty());
}

TEST(ClaimList, an_answer_that_is_no_such_list_is_an_error_and_an_odd_item_is_left_out) {
  EXPECT_FALSE(read_claims("{}"));
  EXPECT_FALSE(read_claims("<html>"));
  EXPECT_FALSE(read_claims(R"({"kind":"PodList","items":[]})"));
  const auto read =
      read_claims(page(R"({},7,{"metadata":{"name":"x"},"spec":{}},)" + item("a", owner("no uid"))));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->claims.size(), 1u);
  EXPECT_TRUE(read->claims[0].owner_uid.empty());
}

}  // namespace
}  // namespace outrigger::kube
