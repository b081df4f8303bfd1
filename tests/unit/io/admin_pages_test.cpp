#include "agent/io/admin_pages.h"

#include <gtest/gtest.h>

namespace outrigger::io {
namespace {

class AdminPages : public testing::Test {
 protected:
  AdminPage page(const std::string& target) {
    HealthChecks checks;
    checks.startup = {{"synced", [this] { return HealthVerdict{synced, "no list yet"}; }}};
    checks.live = {{"loop", [] { return HealthVerdict{true, ""}; }}};
    checks.ready = {{"synced", [this] { return HealthVerdict{synced, "no list yet"}; }},
                    {"contact", [this] { return HealthVerdict{contact, "last 40 s ago"}; }}};
    return admin_page(target, checks, [] { return std::string("metrics\n"); });
  }
  bool synced = true, contact = true;
};

TEST_F(AdminPages, healthy_says_ok) {
  EXPECT_EQ(page("/readyz").code, 200u);
  EXPECT_EQ(page("/readyz").body, "ok");
  EXPECT_EQ(page("/livez").body, "ok");
  EXPECT_EQ(page("/startupz").body, "ok");
}

TEST_F(AdminPages, verbose_lists_each_check_in_the_kubernetes_format) {
  EXPECT_EQ(page("/readyz?verbose").body, "[+]synced ok\n[+]contact ok\nreadyz check passed\n");
  EXPECT_EQ(page("/readyz?verbose=true").body, page("/readyz?verbose").body);
}

TEST_F(AdminPages, a_failure_is_always_verbose) {
  contact = false;
  EXPECT_EQ(page("/readyz").code, 500u);
  EXPECT_EQ(page("/readyz").body, "[+]synced ok\n[-]contact failed: last 40 s ago\nreadyz check failed\n");
}

TEST_F(AdminPages, an_excluded_check_is_not_asked) {
  contact = false;
  EXPECT_EQ(page("/readyz?exclude=contact").code, 200u);
  EXPECT_EQ(page("/readyz?verbose&exclude=contact").body,
            "[+]synced ok\n[+]contact excluded: ok\nreadyz check passed\n");
  EXPECT_EQ(page("/readyz?exclude=contact&exclude=synced").code, 200u);
}

TEST_F(AdminPages, an_exclusion_of_nothing_is_told) {
  EXPECT_NE(page("/readyz?verbose&exclude=moon").body.find("cannot be excluded: no matches for \"moon\""),
            std::string::npos);
}

TEST_F(AdminPages, one_check_can_be_asked_alone) {
  contact = false;
  EXPECT_EQ(page("/readyz/synced").code, 200u);
  EXPECT_EQ(page("/readyz/contact").code, 500u);
  EXPECT_EQ(page("/readyz/moon").code, 404u);
}

TEST_F(AdminPages, liveness_does_not_depend_on_the_server) {
  synced = contact = false;
  EXPECT_EQ(page("/livez").code, 200u);
  EXPECT_EQ(page("/healthz").code, 200u);
  EXPECT_EQ(page("/startupz").code, 500u);
}

TEST_F(AdminPages, metrics_come_as_text_format_0_0_4) {
  EXPECT_EQ(page("/metrics").body, "metrics\n");
  EXPECT_EQ(page("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST_F(AdminPages, everything_else_is_not_found) {
  for (const char* target : {"/", "", "readyz", "/readyzz", "/metrics/x", "*", "//readyz", "/READYZ"})
    EXPECT_EQ(page(target).code, 404u) << target;
}

}  // namespace
}  // namespace outrigger::io
