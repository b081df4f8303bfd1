// The two that are compared: a bare loop, and the product's own pieces. Both run in a child process.
#pragma once
#include <atomic>
#include <string>

namespace outrigger::bench {

// libcurl, split at LF, simdjson on-demand, the fields of a pod, a hash map. Stores the number of events when the marker came.
void run_floor(const std::string& url, std::atomic<std::uint64_t>& seen);

// io, kube, core, flow and ipc as outrigger-agent wires them. Never returns: end it by signal.
void run_agent(const std::string& url, const std::string& run_dir, std::uint32_t capacity);

}  // namespace outrigger::bench
