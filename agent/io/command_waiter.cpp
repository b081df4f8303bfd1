#include "agent/io/command_waiter.h"

#include <utility>

namespace outrigger::io {

CommandWaiter::CommandWaiter(const ipc::StateView& view, ipc::QueueHeader* queue, std::function<void()> ready)
    : wait_(view, queue), ready_(std::move(ready)), thread_([this] { run(); }) {}

CommandWaiter::~CommandWaiter() {
  wait_.stop();
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void CommandWaiter::rearm() {
  {
    std::lock_guard lock(mutex_);
    armed_ = true;
  }
  changed_.notify_all();
}

// The tail that was seen, not what was consumed, is what the next sleep compares with: a tail that lies can't spin it.
void CommandWaiter::run() {
  std::uint64_t seen = 0;
  const ipc::WaitOptions options{.timeout_ns = ipc::limits::heartbeat_stale_ns, .spin_ns = 0};
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return armed_ || stopping_; });
      if (stopping_) return;
    }
    std::uint64_t tail = seen;
    const auto woken = wait_.wait(seen, &tail, options);
    if (woken == ipc::Woken::stopped) return;
    if (tail == seen) continue;
    seen = tail;
    {
      std::lock_guard lock(mutex_);
      armed_ = false;
    }
    ready_();
  }
}

}  // namespace outrigger::io
