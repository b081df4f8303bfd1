// Claims of executors that are gone serve new ones (S14).
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

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
using test::gib;
using test::json;
using test::pod;
using test::shape;
using test::uid;
using test::wall;
using test::with_claims;

// ---- values ----------------------------------------------------------------------------------------------------

TEST(Quantity, S14_is_compared_by_what_it_means) {
  EXPECT_EQ(quantity_of("1Gi"), gib);
  EXPECT_EQ(quantity_of("1024Mi"), gib);
  EXPECT_EQ(quantity_of("0.5Gi"), gib / 2);
  EXPECT_EQ(quantity_of("1e3"), 1000u);
  EXPECT_EQ(quantity_of("12E2"), 1200u);
  EXPECT_EQ(quantity_of("2M"), 2'000'000u);
  EXPECT_EQ(quantity_of("1536Pi"), quantity_of("1.5Ei"));
  EXPECT_EQ(quantity_of("1500m"), 2u) << "rounded up, as the server does";
  EXPECT_EQ(quantity_of("1n"), 1u);
  EXPECT_EQ(quantity_of("0"), 0u);
  for (const char* wrong :
       {"", "Gi", "-1Gi", "1GiB", "1.2.3", "1e", "1e+", "20Ei", "99999999999999999999", "1e99"})
    EXPECT_EQ(quantity_of(wrong), std::nullopt) << wrong;
}

TEST(Quantity, property_any_text_has_one_answer_and_none_overflows) {
  EXPECT_TRUE(rc::check([] {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::element('0', '1', '9', '.', 'e', 'E', 'i', 'K', 'G', '-'));
    RC_ASSERT(quantity_of(text) == quantity_of(text));
  }));
}

TEST(ClaimShape, S14_another_claim_serves_when_it_is_as_large_and_the_same_otherwise) {
  EXPECT_TRUE(shape(2 * gib).serves(shape(gib)));
  EXPECT_FALSE(shape(gib).serves(shape(2 * gib)));
  EXPECT_FALSE(shape(gib, "slow").serves(shape(gib)));
  ClaimShape many = shape();
  many.access = "ReadWriteMany";
  EXPECT_FALSE(many.serves(shape()));
  ClaimShape block = shape();
  block.volume_mode = "Block";
  EXPECT_FALSE(block.serves(shape()));
}

TEST(ClaimShape, S14_a_claim_without_a_size_serves_nobody) {
  const auto read = [](const std::string& spec) {
    return shape_of(json(R"({"kind":"PersistentVolumeClaim","spec":)" + spec + "}"));
  };
  EXPECT_FALSE(read("{}"));
  EXPECT_FALSE(read(R"({"resources":{"requests":{"storage":"much"}}})"));
  const auto whole = read(
      R"({"accessModes":["ReadWriteOnce","ReadOnlyMany"],"storageClassName":"fast","resources":{"requests":{"storage":"1Gi"}}})");
  ASSERT_TRUE(whole);
  EXPECT_EQ(*whole, (ClaimShape{"fast", "ReadOnlyMany,ReadWriteOnce", "Filesystem", gib}));
}

// ---- the book --------------------------------------------------------------------------------------------------

constexpr Millis age{1000};

const std::string* find(const ClaimBook& book, std::int64_t now_ms,
                        const std::set<std::string>& picked = {}) {
  return book.find(shape(), age, at(now_ms), picked);
}

TEST(ClaimBook, S14_a_claim_named_by_a_pod_that_is_not_gone_is_in_use) {
  ClaimBook book;
  book.listed({claim("a")}, driver_uid, at(0), at(0), wall + 5000);
  ASSERT_NE(find(book, 0), nullptr);
  Pod p = with_claims(pod(1), {"a", "shared"});
  book.pod_seen(p);
  book.pod_seen(p);
  EXPECT_EQ(find(book, 0), nullptr);
  Pod another = with_claims(pod(2), {"a"});
  book.pod_seen(another);
  book.pod_gone(p.uid);
  EXPECT_EQ(find(book, 0), nullptr) << "the other one uses it still";
  another.inactive = true;
  book.pod_seen(another);
  EXPECT_EQ(*find(book, 0), "a") << "it has ended and stays only to be looked at";
  book.pod_gone(another.uid);
  EXPECT_EQ(*find(book, 0), "a");
}

TEST(ClaimBook, S14_a_claim_of_a_create_in_flight_is_in_use_until_its_pod_says_so_itself) {
  ClaimBook book;
  book.listed({claim("a")}, driver_uid, at(0), at(0), wall + 5000);
  book.reserve(ExecutorId{7}, {"a"});
  EXPECT_EQ(find(book, 0), nullptr);
  book.pod_seen(with_claims(pod(7), {"other"}));
  EXPECT_EQ(find(book, 0), nullptr) << "a pod of another driver with the same number";
  book.pod_gone(uid(7));
  book.pod_seen(with_claims(pod(7), {"a"}));
  EXPECT_EQ(find(book, 0), nullptr);
  book.pod_gone(uid(7));
  EXPECT_EQ(*find(book, 0), "a");
  book.reserve(ExecutorId{8}, {"a"});
  book.dropped(ExecutorId{8});
  EXPECT_EQ(*find(book, 0), "a");
}

TEST(ClaimBook, S14_a_claim_must_be_older_than_the_creation_timeout) {
  ClaimBook book;
  book.listed({claim("a")}, driver_uid, at(500), at(500), wall + 500);
  EXPECT_EQ(find(book, 1000), nullptr) << "as old as the timeout is not older";
  EXPECT_EQ(book.next_ripe(shape(), age, at(1000)), at(1001));
  EXPECT_NE(find(book, 1001), nullptr);
  book.making(ExecutorId{1}, "b", shape(), at(2000));
  book.made(ExecutorId{1}, at(2100));
  EXPECT_EQ(*find(book, 3000), "a");
  EXPECT_EQ(find(book, 3000, {"a"}), nullptr);
  EXPECT_EQ(*find(book, 3001, {"a"}), "b");
  EXPECT_EQ(book.next_ripe(shape(), age, at(3001)), Instant{});
}

TEST(ClaimBook, S14_a_clock_of_the_server_that_is_ahead_makes_a_claim_young_and_never_old) {
  ClaimBook book;
  book.listed({claim("a")}, driver_uid, at(0), at(0), wall - 60'000);
  EXPECT_EQ(find(book, 1000), nullptr);
  EXPECT_NE(find(book, 1001), nullptr);
}

TEST(ClaimBook, S14_only_claims_of_the_driver_that_live_serve) {
  Claim foreign = claim("foreign"), leaving = claim("leaving"), nobodys = claim("nobodys");
  foreign.owner_uid = uid(1);
  leaving.usable = false;
  nobodys.owner_uid = {};
  ClaimBook book;
  book.listed({foreign, leaving, nobodys}, driver_uid, at(0), at(0), wall + 5000);
  EXPECT_EQ(book.size(), 0u);
  book.listed({nobodys}, PodUid{}, at(0), at(0), wall + 5000);
  EXPECT_EQ(book.size(), 0u) << "without a driver pod nothing is the driver's";
}

TEST(ClaimBook, S14_the_smallest_that_serves_and_of_these_the_first_by_name) {
  ClaimBook book;
  book.listed({claim("a", 4 * gib), claim("c"), claim("b"), claim("0", gib / 2), claim("s", gib, "slow")},
              driver_uid, at(0), at(0), wall + 5000);
  EXPECT_EQ(*find(book, 0), "b");
  EXPECT_EQ(*find(book, 0, {"b"}), "c");
  EXPECT_EQ(*find(book, 0, {"b", "c"}), "a");
  EXPECT_EQ(find(book, 0, {"a", "b", "c"}), nullptr);
}

TEST(ClaimBook, S14_a_list_removes_what_it_does_not_have_and_nothing_that_was_made_since_it_was_asked) {
  ClaimBook book;
  book.listed({claim("old"), claim("stays")}, driver_uid, at(0), at(0), wall + 5000);
  book.making(ExecutorId{1}, "answered", shape(), at(100));
  book.making(ExecutorId{2}, "on-its-way", shape(), at(100));
  book.made(ExecutorId{1}, at(150));
  book.listed({claim("stays")}, driver_uid, at(120), at(200), wall + 5200);
  EXPECT_FALSE(book.known("old"));
  EXPECT_TRUE(book.known("stays"));
  EXPECT_TRUE(book.known("answered"));
  EXPECT_TRUE(book.known("on-its-way"));
  book.listed({claim("stays")}, driver_uid, at(151), at(200), wall + 5200);
  EXPECT_FALSE(book.known("answered")) << "deleted by somebody";
  book.made(ExecutorId{2}, at(300));
  EXPECT_TRUE(book.known("on-its-way"));
}

TEST(ClaimBook, S14_what_a_failed_create_made_is_asked_for_again) {
  ClaimBook book;
  book.listed({}, driver_uid, at(0), at(0), wall);
  book.making(ExecutorId{1}, "half", shape(), at(0));
  EXPECT_TRUE(book.listed_once());
  book.making(ExecutorId{2}, "none", shape(), at(0));
  book.dropped(ExecutorId{2});
  EXPECT_FALSE(book.known("none"));
  EXPECT_TRUE(book.listed_once()) << "there was no pod, so there was no claim";
  book.dropped(ExecutorId{1}, true);
  EXPECT_FALSE(book.known("half"));
  EXPECT_FALSE(book.listed_once());
}

TEST(ClaimBook, S14_a_view_is_believed_for_a_while_and_a_failed_list_makes_blind_for_a_while) {
  ClaimBook book;
  EXPECT_FALSE(book.fresh(at(0)));
  book.listed({}, driver_uid, at(0), at(3000), wall);
  EXPECT_TRUE(book.fresh(at(limits::claim_view_ms - 1)));
  EXPECT_FALSE(book.fresh(at(limits::claim_view_ms)));
  book.blind(at(100));
  EXPECT_TRUE(book.is_blind(at(99)));
  EXPECT_FALSE(book.is_blind(at(100)));
}

TEST(ClaimBook, S14_remembers_as_many_claims_as_the_limit_and_not_one_more) {
  std::vector<Claim> claims;
  for (std::size_t i = 0; i < limits::claims - 1; ++i) claims.push_back(claim("c-" + std::to_string(i)));
  ClaimBook book;
  book.listed(claims, driver_uid, at(0), at(0), wall);
  book.making(ExecutorId{1}, "last", shape(), at(0));
  book.making(ExecutorId{2}, "one-more", shape(), at(0));
  EXPECT_EQ(book.size(), limits::claims);
  EXPECT_TRUE(book.known("last"));
  EXPECT_FALSE(book.known("one-more"));
  book.made(ExecutorId{2}, at(0));
  claims.push_back(claim("another"));
  book.listed(claims, driver_uid, at(0), at(0), wall);
  EXPECT_EQ(book.size(), limits::claims);
  EXPECT_FALSE(book.known("another"));
}

TEST(ClaimBook, S14_property_a_claim_is_free_exactly_when_nobody_holds_it) {
  EXPECT_TRUE(rc::check([] {
    ClaimBook book;
    const std::vector<std::string> names{"a", "b", "c"};
    book.listed({claim("a"), claim("b"), claim("c")}, driver_uid, at(0), at(0), wall + 5000);
    std::map<std::uint64_t, std::string> pods, creates;
    const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(
        rc::gen::tuple(rc::gen::inRange(0, 4), rc::gen::inRange(1, 6), rc::gen::inRange(0, 3)));
    for (const auto& [what, number, which] : steps) {
      const auto id = static_cast<std::uint64_t>(number);
      const std::string& name = names[static_cast<std::size_t>(which)];
      if (what == 0 && !pods.contains(id)) {
        pods[id] = name;
        book.pod_seen(with_claims(pod(id), {name}));
        if (creates.contains(id) && creates[id] == name) creates.erase(id);
      } else if (what == 1) {
        pods.erase(id);
        book.pod_gone(uid(id));
      } else if (what == 2) {
        creates[id] = name;
        book.reserve(ExecutorId{id}, {name});
      } else if (what == 3) {
        creates.erase(id);
        book.dropped(ExecutorId{id});
      }
      std::set<std::string> free{names.begin(), names.end()};
      for (const auto& [pod_id, held] : pods) free.erase(held);
      for (const auto& [create_id, held] : creates) free.erase(held);
      RC_ASSERT(book.idle() == free.size());
      const std::string* found = book.find(shape(), age, at(0), {});
      RC_ASSERT((found == nullptr) == free.empty());
      if (found != nullptr) RC_ASSERT(*found == *free.begin());
    }
  }));
}

}  // namespace
}  // namespace outrigger::core
