// Sleeping until the other side has done something (C10 to C12). Shared futexes by raw system call.
//
// Loss-free by four sequentially consistent operations and no fence: the waker stores its progress word, then
// loads the flag; the waiter stores the flag, then loads the progress word. In every total order one of them
// sees the other.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>

#include "ipc/command_queue_layout.h"
#include "ipc/state_view.h"

namespace outrigger::ipc {

enum class Woken : std::uint8_t {
  changes,     // something to read
  agent_dead,  // the agent died since the caller last looked (C13)
  retired,     // a newer agent has the name: attach again (C14)
  timeout,
  stopped,  // stop() was called
};

struct WaitOptions {
  std::int64_t timeout_ns = -1;  // < 0: none
  std::int64_t spin_ns = 20'000;
};

// The driver's reader. One waiting thread at a time. `waiting_flag` is its queue's reader_waiting; nullptr
// for a reader without a queue (agentctl), which nobody wakes for changes and which therefore looks every
// limits::wait_slice_ns.
class ReaderWait {
 public:
  explicit ReaderWait(const StateView& view, Word32* waiting_flag = nullptr);
  struct Seen {
    std::uint64_t sequence = 0;  // newest change consumed
    std::uint64_t results = 0;   // header's results_written when results were last polled
    bool alive = true;           // false: the death is known, wait for the rest only
  };
  // `retired` is returned for as long as it is true, so attach again instead of waiting on a retired state.
  Woken wait(const Seen& seen, const WaitOptions& options);
  std::uint64_t results_written() const { return view_.header->results_written.load_acquire(); }
  // Waits that ended by the clock although there was work: 0 unless a wake was lost (C12).
  std::uint64_t late_wakes() const { return late_wakes_; }

 private:
  StateView view_;
  Word32* waiting_flag_;
  std::uint64_t late_wakes_ = 0;
};

// The agent's waiter thread. `queue` is hostile: its words are only compared and slept on. Product code
// passes a timeout of limits::wait_slice_ns where futex_waitv is missing: a driver can requeue a waiter of
// its own memfd.
class CommandWait {
 public:
  CommandWait(const StateView& view, QueueHeader* queue);
  // Until tail differs from `seen_tail`; *tail gets the value seen, a hint only.
  Woken wait(std::uint64_t seen_tail, std::uint64_t* tail, const WaitOptions& options);
  // From any thread; every later wait() returns `stopped`.
  void stop();
  std::uint64_t late_wakes() const { return late_wakes_; }

 private:
  StateView view_;
  QueueHeader* queue_;
  Word32 stop_;  // private futex word; waited on beside the queue's
  std::uint64_t late_wakes_ = 0;
};

}  // namespace outrigger::ipc
