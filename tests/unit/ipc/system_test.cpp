#include "ipc/system.h"

#include <gtest/gtest.h>

#include "tests/unit/ipc/scratch.h"

using namespace outrigger::ipc;

TEST(Probe, C2_what_is_missing_is_said_in_one_line_that_names_the_directory) {
  outrigger::ipc::test::Scratch scratch;
  const std::string here = probe(scratch.path);
  EXPECT_EQ(here.find('\n'), std::string::npos);
  EXPECT_EQ(here.find("OFD"), std::string::npos) << here;
  const std::string nowhere = probe("/nonexistent/outrigger");
  EXPECT_NE(nowhere.find("/nonexistent/outrigger"), std::string::npos);
  EXPECT_NE(nowhere.find("OFD locks"), std::string::npos);
}

TEST(System, a_random_number_is_never_0_and_the_boot_id_is_stable) {
  EXPECT_NE(random64(), 0u);
  EXPECT_NE(random64(), random64());
  EXPECT_EQ(boot_id(), boot_id());
}
