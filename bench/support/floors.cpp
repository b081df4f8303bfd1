#include "bench/support/floors.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>
#include <new>
#include <vector>

#include "bench/support/peer.h"
#include "bench/support/report.h"
#include "bench/support/tsc.h"

namespace outrigger::bench {
namespace {

long futex(std::atomic<std::uint32_t>& word, int op, std::uint32_t value) {
  return syscall(SYS_futex, &word, op, value, nullptr, nullptr, 0);
}

struct alignas(128) Line {
  std::atomic<std::uint64_t> word{0};
};

}  // namespace

Latency latency_of(std::vector<double>& samples_ns) {
  return {percentile(samples_ns, 0.50), percentile(samples_ns, 0.99), percentile(samples_ns, 0.999)};
}

Latency ping_pong_round_trip(std::size_t samples) {
  SharedPages pages(4096);
  auto* lines = new (pages.data()) Line[2];
  constexpr std::size_t warm_up = 20'000;
  const std::uint64_t rounds = samples + warm_up;
  Peer peer([&] {
    for (std::uint64_t i = 1; i <= rounds; ++i) {
      while (lines[0].word.load(std::memory_order_acquire) != i) spin_hint();
      lines[1].word.store(i, std::memory_order_release);
    }
  });
  std::vector<double> round_trips;
  round_trips.reserve(samples);
  for (std::uint64_t i = 1; i <= rounds; ++i) {
    const std::int64_t start = now_ns();
    lines[0].word.store(i, std::memory_order_release);
    while (lines[1].word.load(std::memory_order_acquire) != i) spin_hint();
    if (i > warm_up) round_trips.push_back(static_cast<double>(now_ns() - start));
  }
  return latency_of(round_trips);
}

Latency line_one_way(std::size_t samples) {
  constexpr std::size_t warm_up = 20'000;
  const std::size_t total = samples + warm_up;
  const double rate = stamps_per_ns();
  SharedPages pages(4096 + total * sizeof(double));
  auto* lines = new (pages.data()) Line[2];
  auto* taken = reinterpret_cast<double*>(pages.data() + 4096);
  {
    Peer peer([&] {
      std::uint64_t last = 0;
      for (std::size_t i = 0; i < total; ++i) {
        std::uint64_t sent = 0;
        while ((sent = lines[0].word.load(std::memory_order_acquire)) == last) spin_hint();
        taken[i] = static_cast<double>(stamp() - sent) / rate;
        last = sent;
        lines[1].word.store(i + 1, std::memory_order_release);
      }
    });
    for (std::size_t i = 0; i < total; ++i) {
      lines[0].word.store(stamp(), std::memory_order_release);
      while (lines[1].word.load(std::memory_order_acquire) != i + 1) spin_hint();
    }
  }
  std::vector<double> one_way(taken + warm_up, taken + total);
  return latency_of(one_way);
}

Latency futex_wake_one_way(std::size_t samples) {
  struct Words {
    alignas(128) std::atomic<std::uint32_t> turn{0};
    alignas(128) std::atomic<std::int64_t> woke_at_ns{0};
    alignas(128) std::atomic<std::uint32_t> ready{0};
  };
  SharedPages pages(4096);
  auto* words = new (pages.data()) Words;
  Peer peer([&] {
    for (std::uint32_t i = 0; i < samples; ++i) {
      words->ready.store(i + 1, std::memory_order_release);
      while (words->turn.load(std::memory_order_acquire) == i) futex(words->turn, FUTEX_WAIT, i);
      words->woke_at_ns.store(now_ns(), std::memory_order_release);
    }
  });
  std::vector<double> one_way;
  for (std::uint32_t i = 0; i < samples; ++i) {
    while (words->ready.load(std::memory_order_acquire) != i + 1) spin_hint();
    usleep(100);  // long enough for the peer to be asleep in the kernel: the wake is what is measured
    words->woke_at_ns.store(0, std::memory_order_relaxed);
    const std::int64_t start = now_ns();
    words->turn.store(i + 1, std::memory_order_release);
    futex(words->turn, FUTEX_WAKE, 1);
    std::int64_t woke = 0;
    while ((woke = words->woke_at_ns.load(std::memory_order_acquire)) == 0) spin_hint();
    one_way.push_back(static_cast<double>(woke - start));
  }
  return latency_of(one_way);
}

}  // namespace outrigger::bench
