// The two ways to create N pods that bench_creates compares: the product, and a bare load generator.
#pragma once
#include <cstdint>
#include <string>

namespace outrigger::bench {

inline constexpr const char* application = "spark-bench";

struct Server {
  std::string url, token, ca_file;
};

// libcurl alone: `creates` POSTs of rendered pods, `at_a_time` on their way, over kept HTTP/1.1 connections.
// Returns seconds from the first POST to the last answer.
double generate(const Server& server, std::uint32_t creates, std::uint32_t at_a_time);

struct AgentTimes {
  double created_s = 0;  // target posted -> the driver's view holds all pods
  double running_s = 0;  // target posted -> ... all running
  double agent_cpu_s = 0;
};

// The real agent and the real shim, in `directory` (run directory, log): target 0 -> `creates`.
AgentTimes run_product(const std::string& kubeconfig, const std::string& directory, std::uint32_t creates);

}  // namespace outrigger::bench
