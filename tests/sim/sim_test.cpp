// A thousand seeds. A failing one prints the command that replays it.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/sim/sim_world.h"

namespace {

std::uint64_t seeds_wanted() {
  const char* text = std::getenv("OUTRIGGER_SIM_SEEDS");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1000;
}

// Four tests, so that ctest and a person see progress and a time each.
class Simulation : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Simulation, of_the_whole_agent_keeps_every_promise_under_faults) {
  const std::uint64_t share = seeds_wanted() / 4;
  std::uint64_t reused = 0;
  for (std::uint64_t seed = GetParam() * share + 1; seed <= (GetParam() + 1) * share; ++seed) {
    outrigger::sim::SimWorld world(seed, {});
    const auto outcome = world.run();
    reused += outcome.reused;
    std::string all;
    for (const auto& v : outcome.violations) all += "\n  " + v;
    EXPECT_TRUE(outcome.violations.empty()) << "seed " << seed << all << "\nreplay: " << OUTRIGGER_BIN_DIR
                                            << "/sim_agent --seed " << seed << " --trace";
  }
  if (share >= 50) {
    EXPECT_GT(reused, 0u) << "S14: no claim ever served a second executor";
  }
}
INSTANTIATE_TEST_SUITE_P(quarter, Simulation, testing::Values(0u, 1u, 2u, 3u));

}  // namespace
