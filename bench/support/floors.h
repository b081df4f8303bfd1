// The floors: what the machine itself costs, measured in the same run as the figure that stands beside them.
#pragma once
#include <cstddef>
#include <vector>

namespace outrigger::bench {

struct Latency {
  double p50_ns = 0, p99_ns = 0, p999_ns = 0;
};
Latency latency_of(std::vector<double>& samples_ns);

// One cache line there and one back between two spinning processes. The samples are round trips.
Latency ping_pong_round_trip(std::size_t samples);

// One cache line from one spinning process to another, by a stamp that travels in the line itself. One way, paced: the next
// line leaves when the reader has seen the last.
Latency line_one_way(std::size_t samples);

// FUTEX_WAKE on a sleeping process until that process runs, by a stamp in shared memory. One way.
Latency futex_wake_one_way(std::size_t samples);

}  // namespace outrigger::bench
