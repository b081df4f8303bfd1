// Stamps that cost a few ns and agree between cores (invariant TSC); CLOCK_MONOTONIC where there is no TSC.
#pragma once
#include <cstdint>

#include "bench/support/peer.h"

namespace outrigger::bench {

inline std::uint64_t stamp() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  return static_cast<std::uint64_t>(now_ns());
#endif
}

// Stamps per nanosecond, measured once over about 20 ms.
inline double stamps_per_ns() {
  static const double rate = [] {
    const std::int64_t begin_ns = now_ns();
    const std::uint64_t begin = stamp();
    while (now_ns() - begin_ns < 20'000'000) spin_hint();
    const std::uint64_t end = stamp();
    return static_cast<double>(end - begin) / static_cast<double>(now_ns() - begin_ns);
  }();
  return rate;
}

}  // namespace outrigger::bench
