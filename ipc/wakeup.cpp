#include "ipc/wakeup.h"

#include <algorithm>

#include "ipc/futex.h"
#include "ipc/liveness.h"
#include "ipc/system.h"

namespace outrigger::ipc {
namespace {

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Time left of a timeout, as the kernel wants it: < 0 = none.
class Deadline {
 public:
  explicit Deadline(std::int64_t timeout_ns)
      : end_(timeout_ns < 0 ? -1 : monotonic_ns() + timeout_ns), over_(timeout_ns == 0) {}
  // At most `slice_ns`, if that is not negative.
  std::int64_t left(std::int64_t slice_ns) {
    if (end_ < 0) return slice_ns;
    const std::int64_t left = std::max<std::int64_t>(end_ - monotonic_ns(), 0);
    over_ = left == 0;
    return slice_ns < 0 ? left : std::min(left, slice_ns);
  }
  bool over() const { return over_; }

 private:
  std::int64_t end_;
  bool over_;
};

template <class Ready>
void spin(std::int64_t spin_ns, const Ready& ready) {
  if (spin_ns <= 0) return;
  const std::int64_t end = monotonic_ns() + spin_ns;
  while (!ready() && monotonic_ns() < end) {
    for (int i = 0; i < 8 && !ready(); ++i) relax();
  }
}

}  // namespace

ReaderWait::ReaderWait(const StateView& view, Word32* waiting_flag)
    : view_(view), waiting_flag_(waiting_flag) {}

Woken ReaderWait::wait(const Seen& seen, const WaitOptions& options) {
  const StateHeader& h = *view_.header;
  const auto work = [&] {
    return h.applied.load_acquire() > seen.sequence || h.results_written.load_acquire() != seen.results;
  };
  Deadline deadline(options.timeout_ns);
  spin(std::min(options.spin_ns, options.timeout_ns < 0 ? options.spin_ns : options.timeout_ns), work);
  // Without a flag nobody wakes us for changes; without futex_waitv nobody wakes us for both reasons.
  const bool both = has_futex_waitv();
  const std::int64_t slice = waiting_flag_ != nullptr && both ? -1 : limits::wait_slice_ns;
  std::uint32_t slept_on = 0;
  bool by_clock = false;
  for (;;) {
    // Acquire, and before the flag is raised: an increment that follows the writer's look at the flag then differs
    // from `sequence` in the kernel's compare, so the sleep below can't miss it (C10).
    const std::uint32_t sequence = h.prefix.wake_seq.load_acquire();
    const std::uint32_t life = h.liveness.load_acquire();
    // After wake_seq: the newer agent stores `retired` before it counts, so either it is seen here or the count differs.
    if (h.prefix.retired.load_acquire() != 0) return Woken::retired;
    // Sequentially consistent: the reader's half of the four operations; the other half is SnapshotWriter::commit().
    if (waiting_flag_ != nullptr) waiting_flag_->store_seq_cst(1);
    if (h.applied.load_seq_cst() > seen.sequence || h.results_written.load_seq_cst() != seen.results) {
      if (waiting_flag_ != nullptr) {
        waiting_flag_->store_relaxed(
            0);  // saves the writer a wake; losing it against a commit costs one, no more
        if (by_clock && slept_on == sequence) ++late_wakes_;
      }
      return Woken::changes;
    }
    if (seen.alive && !is_alive(life)) return Woken::agent_dead;
    if (deadline.over()) return Woken::timeout;
    const FutexWord words[] = {{h.prefix.wake_seq.futex_address(), sequence},
                               {h.liveness.futex_address(), life}};
    const bool on_life = seen.alive && both;
    const std::int64_t left = deadline.left(slice);
    const int woken = futex_wait({words, on_life ? 2u : 1u}, left);
    // The agent wakes two and the kernel one; whoever is woken passes it on, so that every waiter hears (C11).
    if (woken != futex_not_woken) futex_wake(words[woken].address, 1);
    by_clock = woken == futex_not_woken;
    slept_on = sequence;
    deadline.left(slice);
  }
}

CommandWait::CommandWait(const StateView& view, QueueHeader* queue) : view_(view), queue_(queue) {}

Woken CommandWait::wait(std::uint64_t seen_tail, std::uint64_t* tail, const WaitOptions& options) {
  Deadline deadline(options.timeout_ns);
  spin(std::min(options.spin_ns, options.timeout_ns < 0 ? options.spin_ns : options.timeout_ns),
       [&] { return queue_->tail.load_acquire() != seen_tail || stop_.load_acquire() != 0; });
  const bool both = has_futex_waitv();
  std::uint32_t slept_on = 0;
  bool by_clock = false;
  for (;;) {
    // The mirror of ReaderWait::wait(); its other half is CommandProducer::flush(). The driver can't clear the
    // sleeping word (read-only), so this side does, on the way out.
    const std::uint32_t sequence = queue_->wake_seq.load_acquire();
    // A replaced agent has no driver to tell, and no byte to write (C14).
    const bool replaced = view_.header->prefix.retired.load_acquire() != 0;
    if (!replaced) view_.header->commands_sleeping.store_seq_cst(1);
    const std::uint64_t now = queue_->tail.load_seq_cst();
    Woken out = Woken::timeout;
    if (stop_.load_acquire() != 0) {
      out = Woken::stopped;
    } else if (now != seen_tail) {
      out = Woken::changes;
      if (by_clock && slept_on == sequence) ++late_wakes_;
    } else if (!deadline.over()) {
      const FutexWord words[] = {{queue_->wake_seq.futex_address(), sequence}, {stop_.futex_address(), 0}};
      by_clock = futex_wait({words, both ? 2u : 1u}, deadline.left(both ? -1 : limits::wait_slice_ns)) ==
                 futex_not_woken;
      slept_on = sequence;
      deadline.left(-1);
      continue;
    }
    if (!replaced) view_.header->commands_sleeping.store_relaxed(0);
    *tail = now;
    return out;
  }
}

void CommandWait::stop() {
  stop_.store_seq_cst(1);
  futex_wake(stop_.futex_address(), 1);
}

}  // namespace outrigger::ipc
