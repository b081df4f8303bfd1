// sim_agent --seed N [--count K] [--trace]: replays one seed, or runs K from it.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/sim/sim_world.h"

int main(int argc, char** argv) {
  std::uint64_t seed = 1, count = 1;
  bool trace = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--trace") {
      trace = true;
    } else if ((arg == "--seed" || arg == "--count") && i + 1 < argc) {
      (arg == "--seed" ? seed : count) = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: sim_agent --seed N [--count K] [--trace]\n");
      return 2;
    }
  }
  std::uint64_t failed = 0;
  for (std::uint64_t s = seed; s < seed + count; ++s) {
    outrigger::sim::SimWorld world(s, trace ? [](const std::string& line) { std::puts(line.c_str()); }
                                            : std::function<void(const std::string&)>{});
    const auto outcome = world.run();
    if (count == 1 || !outcome.violations.empty())
      std::printf(
          "seed %llu: %zu violations, %llu created, %llu claims reused, %llu deaths, %llu agent crashes, "
          "%llu driver crashes, "
          "%llu requests, %llu lists, %llu steps\n",
          static_cast<unsigned long long>(s), outcome.violations.size(),
          static_cast<unsigned long long>(outcome.created), static_cast<unsigned long long>(outcome.reused),
          static_cast<unsigned long long>(outcome.deaths),
          static_cast<unsigned long long>(outcome.agent_crashes),
          static_cast<unsigned long long>(outcome.driver_crashes),
          static_cast<unsigned long long>(outcome.requests), static_cast<unsigned long long>(outcome.lists),
          static_cast<unsigned long long>(outcome.steps));
    for (const auto& v : outcome.violations) std::printf("  %s\n", v.c_str());
    failed += !outcome.violations.empty();
  }
  if (count > 1)
    std::printf("%llu of %llu seeds failed\n", static_cast<unsigned long long>(failed),
                static_cast<unsigned long long>(count));
  return failed == 0 ? 0 : 1;
}
