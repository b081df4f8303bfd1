// The only way shared memory is touched: lock-free words with the few orders the protocol uses. Another
// atomics policy (a model checker's) is swapped in here (C3, C25). Every use argues its order in place.
#pragma once
#include <atomic>
#include <cstdint>
#include <type_traits>

namespace outrigger::ipc {

template <class Rep>
class BasicWord {
 public:
  Rep load_relaxed() const noexcept { return value_.load(std::memory_order_relaxed); }
  Rep load_acquire() const noexcept { return value_.load(std::memory_order_acquire); }
  Rep load_seq_cst() const noexcept { return value_.load(std::memory_order_seq_cst); }
  void store_relaxed(Rep v) noexcept { value_.store(v, std::memory_order_relaxed); }
  void store_release(Rep v) noexcept { value_.store(v, std::memory_order_release); }
  void store_seq_cst(Rep v) noexcept { value_.store(v, std::memory_order_seq_cst); }
  Rep add_release(Rep v) noexcept { return value_.fetch_add(v, std::memory_order_release); }
  // For futex(2) only, which wants a plain address.
  const std::uint32_t* futex_address() const noexcept
    requires(sizeof(Rep) == 4)
  {
    return reinterpret_cast<const std::uint32_t*>(&value_);
  }

 private:
  std::atomic<Rep> value_;
  static_assert(std::atomic<Rep>::is_always_lock_free, "shared words need lock-free atomics");
  static_assert(sizeof(std::atomic<Rep>) == sizeof(Rep), "and nothing beside the value");
};
using Word64 = BasicWord<std::uint64_t>;
using Word32 = BasicWord<std::uint32_t>;
static_assert(std::is_standard_layout_v<Word64> && sizeof(Word64) == 8 && sizeof(Word32) == 4);

}  // namespace outrigger::ipc
