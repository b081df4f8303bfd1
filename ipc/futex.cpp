#include "ipc/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <ctime>

#include "ipc/system.h"

namespace outrigger::ipc {
namespace {

#ifdef SYS_futex_waitv
constexpr long waitv_number = SYS_futex_waitv;
#else
constexpr long waitv_number = 449;  // the same on every architecture
#endif

struct WaitvEntry {  // struct futex_waitv, for headers older than Linux 5.16
  std::uint64_t value = 0, address = 0;
  std::uint32_t flags = 2;  // FUTEX_32, shared
  std::uint32_t reserved = 0;
};

timespec to_timespec(std::int64_t ns) {
  return {static_cast<std::time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

long waitv(const WaitvEntry* entries, unsigned count, const timespec* deadline) {
  return syscall(waitv_number, entries, count, 0u, deadline, CLOCK_MONOTONIC);
}

}  // namespace

bool has_futex_waitv() {
  static const bool has = waitv(nullptr, 0, nullptr) < 0 && errno == EINVAL;
  return has;
}

int futex_wait(std::span<const FutexWord> words, std::int64_t timeout_ns) {
  if (words.size() == 1) {
    const timespec relative = to_timespec(timeout_ns < 0 ? 0 : timeout_ns);
    const long r = syscall(SYS_futex, words[0].address, FUTEX_WAIT, words[0].expected,
                           timeout_ns < 0 ? nullptr : &relative, nullptr, 0);
    return r == 0 ? 0 : futex_not_woken;
  }
  WaitvEntry entries[4];
  const unsigned count = static_cast<unsigned>(words.size() < 4 ? words.size() : 4);
  for (unsigned i = 0; i < count; ++i) {
    entries[i].value = words[i].expected;
    entries[i].address = reinterpret_cast<std::uintptr_t>(words[i].address);
  }
  const timespec deadline = to_timespec(timeout_ns < 0 ? 0 : monotonic_ns() + timeout_ns);
  const long r = waitv(entries, count, timeout_ns < 0 ? nullptr : &deadline);
  return r >= 0 ? static_cast<int>(r) : futex_not_woken;
}

int futex_wake(const std::uint32_t* address, int waiters) {
  const long r = syscall(SYS_futex, address, FUTEX_WAKE, waiters, nullptr, nullptr, 0);
  return r < 0 ? 0 : static_cast<int>(r);
}

}  // namespace outrigger::ipc
