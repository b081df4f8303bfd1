#include "bench/support/peer.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace outrigger::bench {
namespace {

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

}  // namespace

std::int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

double cpu_seconds(pid_t pid) {
  clockid_t clock{};
  timespec t{};
  if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0) return 0;
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

void pin_to_core(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  (void)sched_setaffinity(0, sizeof set, &set);
}

SharedPages::SharedPages(std::size_t bytes) : size_(bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (p == MAP_FAILED) die("mmap");
  data_ = static_cast<std::byte*>(p);
}
SharedPages::~SharedPages() {
  munmap(data_, size_);
}

Peer::Peer(const std::function<void()>& body) : pid_(fork()) {
  if (pid_ < 0) die("fork");
  if (pid_ == 0) {
    pin_to_core(1);
    body();
    _exit(0);
  }
  pin_to_core(0);
}

Peer::~Peer() {
  if (pid_ <= 0) return;
  const std::int64_t deadline = now_ns() + 10'000'000'000;
  while (now_ns() < deadline) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) return;
    usleep(1000);
  }
  kill_now();
}

void Peer::kill_now() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace outrigger::bench
