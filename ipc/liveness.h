// The agent's life as a robust futex (C13): the kernel marks and wakes the word when the holding thread dies,
// before the address space is torn down, so in well under a millisecond at any size. No pid is ever compared.
#pragma once
#include <cstdint>
#include <memory>

#include "ipc/outcome.h"
#include "ipc/word.h"

namespace outrigger::ipc {

// Holds `word` for as long as it lives, on a thread of its own: the raw robust list would replace the C
// library's. The word's memory must outlive it. Destruction is a clean end: the word becomes 0 and waiters
// are woken.
class LivenessHolder {
 public:
  static Outcome<LivenessHolder> hold(Word32& word);
  LivenessHolder(LivenessHolder&&) noexcept;
  LivenessHolder& operator=(LivenessHolder&&) noexcept;
  ~LivenessHolder();

 private:
  struct Impl;
  explicit LivenessHolder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Of a value of the word.
constexpr bool is_alive(std::uint32_t word) {
  return (word & 0x3FFFFFFFu) != 0 && (word & 0x40000000u) == 0;  // FUTEX_TID_MASK, FUTEX_OWNER_DIED
}

}  // namespace outrigger::ipc
