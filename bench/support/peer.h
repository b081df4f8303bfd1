// A second process on the second core, over one anonymous shared mapping: the stage of every two-sided
// benchmark.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace outrigger::bench {

std::int64_t now_ns();          // CLOCK_MONOTONIC
double cpu_seconds(pid_t pid);  // spent so far by a living process; 0 if there is none
void pin_to_core(int core);     // a hint: where the machine has fewer cores, nothing happens
inline void spin_hint() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Zeroed memory that a child made by Peer shares; unmapped at destruction.
class SharedPages {
 public:
  explicit SharedPages(std::size_t bytes);
  ~SharedPages();
  SharedPages(const SharedPages&) = delete;
  SharedPages& operator=(const SharedPages&) = delete;
  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::byte* data_;
  std::size_t size_;
};

// Forks; the child runs `body` on core 1 and leaves by _exit(0). The destructor waits for it (and ends it if
// it does not leave in 10 s).
class Peer {
 public:
  explicit Peer(const std::function<void()>& body);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  pid_t pid() const { return pid_; }
  void kill_now();  // SIGKILL and reap

 private:
  pid_t pid_;
};

}  // namespace outrigger::bench
