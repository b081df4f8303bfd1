#include "agent/ctl/text.h"

#include <gtest/gtest.h>

#include <sstream>

#include "agent/ctl/table.h"

namespace outrigger::ctl {
namespace {
using namespace std::chrono_literals;

TEST(Text, durations_are_written_as_kubectl_writes_them) {
  EXPECT_EQ(human(0ms), "0s");
  EXPECT_EQ(human(-5s), "0s");
  EXPECT_EQ(human(119s), "119s");
  EXPECT_EQ(human(120s), "2m");
  EXPECT_EQ(human(5min + 12s), "5m12s");
  EXPECT_EQ(human(10min + 12s), "10m");
  EXPECT_EQ(human(179min), "179m");
  EXPECT_EQ(human(3h + 7min), "3h7m");
  EXPECT_EQ(human(8h + 7min), "8h");
  EXPECT_EQ(human(47h), "47h");
  EXPECT_EQ(human(51h), "2d3h");
  EXPECT_EQ(human(9 * 24h + 5h), "9d");
  EXPECT_EQ(human_fine(250ms), "250ms");
  EXPECT_EQ(human_fine(1540ms), "1.5s");
  EXPECT_EQ(human_fine(65s), "65s");
}

TEST(Text, durations_of_flags_need_a_number_and_know_four_units) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("30s"), 30s);
  EXPECT_EQ(parse_duration("90"), 90s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  for (const char* bad : {"", "s", "-1s", "1d", "1 s", "99999999999s", "1.5s"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Text, addresses_are_shown_in_the_family_they_belong_to) {
  core::PodIp ip{};
  EXPECT_EQ(ip_text(ip), "");
  ip[10] = ip[11] = 0xFF;
  ip[12] = 10, ip[13] = 1, ip[14] = 2, ip[15] = 3;
  EXPECT_EQ(ip_text(ip), "10.1.2.3");
  ip = {0xFD, 0};
  ip[15] = 1;
  EXPECT_EQ(ip_text(ip), "fd00::1");
}

TEST(Text, times_are_utc_and_absent_when_not_set) {
  EXPECT_EQ(utc(0), "");
  EXPECT_EQ(utc(1'767'323'045'000), "2026-01-02T03:04:05Z");
}

TEST(Text, text_of_the_cluster_cannot_drive_a_terminal) {
  EXPECT_EQ(printable("a\x1b[31mred\n\tb\x7f"), "a [31mred  b ");
}

TEST(Table, columns_align_and_empty_cells_are_named) {
  std::ostringstream out;
  print(out, {{"NAME", "STATE", "AGE"}, {{"exec-1", "", "5s"}, {"e", "running", ""}}});
  EXPECT_EQ(out.str(),
            "NAME     STATE     AGE\n"
            "exec-1   <none>    5s\n"
            "e        running   <none>\n");
}

}  // namespace
}  // namespace outrigger::ctl
