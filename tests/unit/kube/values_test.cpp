// The small values inside an object: timestamps, addresses, HTTP dates.
#include <gtest/gtest.h>

#include "agent/kube/http_message.h"
#include "agent/kube/ip_address.h"
#include "agent/kube/status_decoder.h"
#include "agent/kube/timestamp.h"

namespace outrigger::kube {
namespace {

TEST(Timestamp, is_milliseconds_since_the_epoch) {
  EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_timestamp("2026-11-21T13:08:41Z"), 1795266521000);
  EXPECT_EQ(parse_timestamp("2024-02-29T23:59:59Z"), 1709251199000);
  EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59Z"), -1000);
}

TEST(Timestamp, keeps_the_milliseconds_of_a_fraction) {
  EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00.123456Z"), 123);
  EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00.5Z"), 500);
}

TEST(Timestamp, takes_the_zone_into_account) {
  EXPECT_EQ(parse_timestamp("1970-01-01T01:30:00+01:30"), 0);
  EXPECT_EQ(parse_timestamp("1969-12-31T23:00:00-01:00"), 0);
}

TEST(Timestamp, anything_else_is_none) {
  for (const char* bad :
       {"", "now", "2026-11-21", "2026-11-21T13:08:41", "2026-13-21T13:08:41Z", "2026-11-21T24:08:41Z",
        "2026-11-21T13:08:41Zx", "2026-11-21T13:08:41.Z", "2026-11-21T13:08:41+0100", "2026-11-21 13:08:41Z"})
    EXPECT_EQ(parse_timestamp(bad), std::nullopt) << bad;
}

TEST(HttpDate, only_the_one_form_a_server_may_send) {
  EXPECT_EQ(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  EXPECT_EQ(parse_http_date("Sat, 21 Nov 2026 13:08:41 GMT"), 1795266521);
  for (const char* bad : {"", "120", "Saturday, 21-Nov-26 13:08:41 GMT", "Sat, 21 Nox 2026 13:08:41 GMT",
                          "Sat, 21 Nov 2026 13:08:41 UTC", "Sat, 21 ovD 2026 13:08:41 GMT"})
    EXPECT_EQ(parse_http_date(bad), -1) << bad;
}

TEST(IpAddress, ipv4_is_mapped) {
  const core::PodIp expected{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 64, 0, 255};
  EXPECT_EQ(parse_ip("10.64.0.255"), expected);
}

TEST(IpAddress, ipv6_with_and_without_a_gap) {
  const core::PodIp loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_EQ(parse_ip("::1"), loopback);
  EXPECT_EQ(parse_ip("0:0:0:0:0:0:0:1"), loopback);
  EXPECT_EQ(parse_ip("::"), core::PodIp{});
  const core::PodIp link{0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0xA};
  EXPECT_EQ(parse_ip("fe80::1234:a"), link);
  const core::PodIp front{0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(parse_ip("2001:db8::"), front);
  EXPECT_EQ(parse_ip("::ffff:1.2.3.4"), parse_ip("1.2.3.4"));
}

TEST(IpAddress, anything_else_is_none) {
  for (const char* bad : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.x", "1..2.3", ":1", "1:", "1::2::3",
                          "1:2:3:4:5:6:7:8:9", "12345::", "g::", "1:2:3:4:5:6:7", "::1.2.3.4:5",
                          "1:2:3:4:5:6:7:8::", "-1.2.3.4"})
    EXPECT_EQ(parse_ip(bad), std::nullopt) << bad;
}

TEST(HttpMessage, verbs_have_the_names_of_rbac_and_the_methods_of_http) {
  EXPECT_EQ(to_string(Verb::remove), "delete");
  EXPECT_EQ(to_string(Verb::remove_collection), "deletecollection");
  EXPECT_EQ(http_method(Verb::watch), "GET");
  EXPECT_EQ(http_method(Verb::remove_collection), "DELETE");
  EXPECT_EQ(http_method(Verb::patch), "PATCH");
}

TEST(HttpMessage, the_first_header_of_a_name_counts) {
  const ResponseHead head{200, {{"a", "1"}, {"b", "2"}, {"a", "3"}}};
  EXPECT_EQ(head.header("a"), "1");
  EXPECT_EQ(head.header("c"), "");
}

}  // namespace
}  // namespace outrigger::kube
