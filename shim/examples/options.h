// Command line of the example driver.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace outrigger::example {

struct Options {
  std::string run_directory, application;
  std::uint32_t profiles = 2;
  std::uint64_t idle_timeout_ms = 60'000, driver_grace_ms = 30'000;
  bool json = false;
};

// nullopt: go on. Otherwise the process ends with this status; what there was to say has been printed.
std::optional<int> parse(int argc, char** argv, Options& options);

}  // namespace outrigger::example
