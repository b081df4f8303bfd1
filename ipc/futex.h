// futex(2) by raw system call on shared memory (C12): the C++ library's wait/notify is private to a process.
#pragma once
#include <cstdint>
#include <span>

namespace outrigger::ipc {

struct FutexWord {
  const std::uint32_t* address;
  std::uint32_t expected;
};
inline constexpr int futex_not_woken = -1;  // timeout, signal, or a word had another value already

// Sleeps while every word has its expected value. Returns the index of the word that a wake came through, or
// futex_not_woken. timeout_ns < 0: none. More than one word needs has_futex_waitv().
int futex_wait(std::span<const FutexWord> words, std::int64_t timeout_ns);
// Returns how many were woken. Works on a read-only mapping.
int futex_wake(const std::uint32_t* address, int waiters);
bool has_futex_waitv();

}  // namespace outrigger::ipc
