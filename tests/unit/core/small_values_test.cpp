#include <gtest/gtest.h>

#include <string>

#include "agent/core/id_book.h"
#include "agent/core/names.h"

namespace outrigger::core {
namespace {

TEST(Ids, a_uid_is_parsed_in_any_case_and_printed_in_lower_case) {
  const auto uid = parse_uid("0F8FAD5B-d9cb-469f-A165-70867728950e");
  ASSERT_TRUE(uid);
  EXPECT_EQ(to_string(*uid), "0f8fad5b-d9cb-469f-a165-70867728950e");
  EXPECT_EQ(parse_uid(to_string(*uid)), uid);
}

TEST(Ids, anything_but_the_8_4_4_4_12_form_is_no_uid) {
  for (const char* text : {"", "0f8fad5b", "0f8fad5bd9cb469fa16570867728950e",
                           "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5b-d9cb-469f-a165-70867728950eA",
                           "0f8fad5b-d9cb-469f-a165-70867728950g", "0f8fad5b_d9cb-469f-a165-70867728950e"})
    EXPECT_FALSE(parse_uid(text)) << text;
}

template <class Enum>
void names_round_trip(Enum end) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(end); ++i) {
    const auto value = static_cast<Enum>(i);
    EXPECT_EQ(parse_name<Enum>(to_string(value)), value) << to_string(value);
  }
  EXPECT_FALSE(parse_name<Enum>("no such name"));
  EXPECT_EQ(to_string(static_cast<Enum>(250)), "?");
}

TEST(Names, every_value_of_every_catalogue_is_read_back) {
  names_round_trip(ApiErrorClass::count_);
  names_round_trip(ExitClass::count_);
  names_round_trip(ExecutorState::count_);
  names_round_trip(WaitReason::count_);
  names_round_trip(SessionState::count_);
  names_round_trip(Verdict::count_);
  EXPECT_EQ(parse_name<PodPhase>("Pending"), PodPhase::pending);
  EXPECT_EQ(parse_name<ContainerState>("terminated"), ContainerState::terminated);
}

TEST(Ids, digits_are_counted_at_their_edges) {
  EXPECT_EQ(decimal_digits(0), 1);
  EXPECT_EQ(decimal_digits(9), 1);
  EXPECT_EQ(decimal_digits(10), 2);
  EXPECT_EQ(decimal_digits(9'999'999'999ull), 10);
  EXPECT_EQ(decimal_digits(~0ull), 20);
}

}  // namespace
}  // namespace outrigger::core
