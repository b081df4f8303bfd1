// Small values: nonces, records as the ABI shows them, rendered pods of the example driver.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "shim/examples/pod_renderer.h"
#include "shim/nonce.h"
#include "shim/record.h"

namespace outrigger::shim {
namespace {

TEST(Nonce, S8_made_nonces_are_valid_and_differ) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string nonce = make_nonce();
    EXPECT_TRUE(valid_nonce(nonce)) << nonce;
    EXPECT_TRUE(seen.insert(nonce).second);
  }
}

TEST(Nonce, is_8_to_32_lower_case_letters_and_digits) {
  EXPECT_FALSE(valid_nonce("abcdef7"));
  EXPECT_TRUE(valid_nonce("abcdefg8"));
  EXPECT_TRUE(valid_nonce(std::string(32, 'a')));
  EXPECT_FALSE(valid_nonce(std::string(33, 'a')));
  EXPECT_FALSE(valid_nonce("abcDefgh"));
  EXPECT_FALSE(valid_nonce("abc-efgh"));
  EXPECT_FALSE(valid_nonce(std::string_view("abcdefg\0", 8)));
}

TEST(Change, shows_uid_and_addresses_as_kubernetes_writes_them) {
  Record record;
  record.uid = {0x0123456789abcdef, 0xfedcba9876543210};
  record.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 1, 2, 3};
  outrigger_change change;
  to_change(record, 1, change);
  EXPECT_STREQ(change.uid, "01234567-89ab-cdef-fedc-ba9876543210");
  EXPECT_STREQ(change.ip, "10.1.2.3");
  record.ip = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  to_change(record, 1, change);
  EXPECT_STREQ(change.ip, "fd00::1");
  to_change(Record{}, 1, change);
  EXPECT_STREQ(change.uid, "");
  EXPECT_STREQ(change.ip, "");
}

TEST(Change, text_that_does_not_fit_is_cut_at_a_character_and_marked) {
  Record record;
  record.message.assign(254, 'x');
  record.message.append("\xC3\xA9");  // 256 bytes, the last character is of two
  outrigger_change change;
  to_change(record, 1, change);
  EXPECT_EQ(std::string_view(change.message), std::string_view(record.message).substr(0, 254));
  EXPECT_TRUE(change.flags & OUTRIGGER_CHANGE_CUT);
  record.message.assign(255, 'x');
  to_change(record, 1, change);
  EXPECT_EQ(std::string(change.message).size(), 255u);
  EXPECT_FALSE(change.flags & OUTRIGGER_CHANGE_CUT);
  record.message = "a\nb\x1b[2J";
  to_change(record, 1, change);
  EXPECT_STREQ(change.message, "a b [2J") << "text from elsewhere never moves the cursor";
}

TEST(ExampleDriver, S1_a_rendered_pod_derives_from_the_executor_id_alone) {
  const auto profile = example::resource_profile(1);
  std::string one = example::render_pod("app", profile, 1111),
              two = example::render_pod("app", profile, 2222);
  EXPECT_NE(one, two);
  for (std::size_t at = one.find("1111"); at != std::string::npos; at = one.find("1111", at + 1))
    one.replace(at, 4, "2222");
  EXPECT_EQ(one, two);
  EXPECT_EQ(one.find("${"), std::string::npos) << "every slot was filled";
  EXPECT_GT(one.size(), 2000u);
}

TEST(ExampleDriver, S2_sample_ids_differ_in_every_digit) {
  EXPECT_EQ(example::sample_id(1, 1), 1u);
  EXPECT_EQ(example::sample_id(4, 2), 2222u);
  EXPECT_EQ(example::sample_id(10, 1), 1'111'111'111u);
}

}  // namespace
}  // namespace outrigger::shim
