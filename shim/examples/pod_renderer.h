// Renders an executor's pod the way Spark's own builder does: what the JVM shim gets from Spark, the example
// driver makes here.
#pragma once
#include <cstdint>
#include <string>

namespace outrigger::example {

struct ResourceProfile {
  std::uint32_t id = 0;
  std::uint32_t cores = 1;
  std::uint32_t memory_mib = 1408;
};

// Profile 0 is small, 1 is large; a higher number repeats them.
ResourceProfile resource_profile(std::uint32_t id);

// The pod as JSON, about 2.5 KB. It derives from the executor id alone, so that the agent can stamp it.
std::string render_pod(const std::string& application, const ResourceProfile& profile,
                       std::uint64_t executor_id);

// An id of `digits` decimal digits, all equal to `digit` (1 to 9): samples made of them differ in every
// digit.
std::uint64_t sample_id(std::uint32_t digits, std::uint32_t digit);

}  // namespace outrigger::example
