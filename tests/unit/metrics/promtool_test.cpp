// Prometheus' own linter over our page. Without promtool (Debian package prometheus) there is nothing to ask.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "agent/metrics/catalog.h"

namespace outrigger {
namespace {

TEST(Promtool, has_nothing_to_say_about_our_page) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
  metrics::Catalog catalog;
  catalog.rest_client.request("GET", 200);
  catalog.rest_client.duration("GET", 0.1);
  catalog.profiles.set(0, {});
  char path[] = "/tmp/outrigger-metrics-XXXXXX";
  const int fd = ::mkstemp(path);
  ASSERT_GE(fd, 0);
  ::close(fd);
  std::ofstream(path) << catalog.render();
  std::string said;
  FILE* out = ::popen((std::string("promtool check metrics <") + path + " 2>&1").c_str(), "r");
  ASSERT_NE(out, nullptr);
  char buffer[256];
  while (std::fgets(buffer, sizeof(buffer), out) != nullptr) said += buffer;
  const int status = ::pclose(out);
  ::unlink(path);
  EXPECT_EQ(status, 0) << said;
  EXPECT_EQ(said, "");
}

}  // namespace
}  // namespace outrigger
