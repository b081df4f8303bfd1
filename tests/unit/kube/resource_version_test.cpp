#include "agent/kube/resource_version.h"

#include <gtest/gtest.h>

namespace outrigger::kube {
namespace {

TEST(ResourceVersion, is_comparable_only_as_digits_without_a_leading_zero) {
  for (const char* good : {"1", "9", "10", "340282366920938463463374607431768211455"})
    EXPECT_TRUE(is_comparable(good)) << good;
  for (const char* bad : {"", "0", "01", "-1", "+1", "1a", " 1", "1 ", "abc", "1.0", "0x1"})
    EXPECT_FALSE(is_comparable(bad)) << bad;
}

TEST(ResourceVersion, ends_at_2_to_the_128_minus_1) {
  EXPECT_FALSE(is_comparable("340282366920938463463374607431768211456"));
  EXPECT_FALSE(is_comparable("1000000000000000000000000000000000000000"));
}

TEST(ResourceVersion, orders_by_length_and_then_by_digits) {
  EXPECT_EQ(compare_versions("9", "10"), std::strong_ordering::less);
  EXPECT_EQ(compare_versions("100", "99"), std::strong_ordering::greater);
  EXPECT_EQ(compare_versions("219", "220"), std::strong_ordering::less);
  EXPECT_EQ(compare_versions("220", "220"), std::strong_ordering::equal);
  EXPECT_EQ(compare_versions("18446744073709551616", "18446744073709551615"), std::strong_ordering::greater);
}

TEST(ResourceVersion, has_no_order_with_zero_or_text) {
  EXPECT_EQ(compare_versions("0", "1"), std::nullopt);
  EXPECT_EQ(compare_versions("1", ""), std::nullopt);
  EXPECT_EQ(compare_versions("abc", "abd"), std::nullopt);
}

TEST(ResourceVersion, projects_to_64_bits_or_to_zero) {
  EXPECT_EQ(to_u64("18446744073709551615"), 18446744073709551615ull);
  EXPECT_EQ(to_u64("18446744073709551616"), 0u);
  EXPECT_EQ(to_u64("12x"), 0u);
  EXPECT_EQ(to_u64(""), 0u);
  EXPECT_EQ(to_u64("0"), 0u);
  EXPECT_EQ(to_u64("007"), 0u);
}

}  // namespace
}  // namespace outrigger::kube
