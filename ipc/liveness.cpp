#include "ipc/liveness.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

#include "ipc/futex.h"

namespace outrigger::ipc {

static_assert(FUTEX_TID_MASK == 0x3FFFFFFF && FUTEX_OWNER_DIED == 0x40000000);

struct LivenessHolder::Impl {
  explicit Impl(Word32& held) : word(held) {}

  void run() {
    // The kernel walks this list when the thread ends, by whatever cause, and finds the word at node + offset.
    robust_list node{};
    robust_list_head head{};
    head.list.next = &node;
    node.next = &head.list;
    head.futex_offset = static_cast<long>(reinterpret_cast<std::intptr_t>(word.futex_address()) -
                                          reinterpret_cast<std::intptr_t>(&node));
    const long r = syscall(SYS_set_robust_list, &head, sizeof head);
    // The waiters bit is set from the start: readers can't set it, their mapping is read-only. Release: who sees the
    // holder alive sees what this process wrote before.
    if (r == 0) word.store_release(static_cast<std::uint32_t>(syscall(SYS_gettid)) | FUTEX_WAITERS);
    std::unique_lock lock(mutex);
    error = r == 0 ? 0 : errno;
    started = true;
    changed.notify_all();
    changed.wait(lock, [&] { return stopping; });
    lock.unlock();
    if (r != 0) return;
    head.list.next = &head.list;  // empty: nothing for the kernel to do
    word.store_release(0);
    futex_wake(word.futex_address(), 1);
  }

  Word32& word;
  std::mutex mutex;
  std::condition_variable changed;
  bool started = false, stopping = false;
  int error = 0;
  std::thread thread;
};

Outcome<LivenessHolder> LivenessHolder::hold(Word32& word) {
  auto impl = std::make_unique<Impl>(word);
  sigset_t all, before;  // signals are for the threads that expect them
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  impl->thread = std::thread([p = impl.get()] { p->run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  std::unique_lock lock(impl->mutex);
  impl->changed.wait(lock, [&] { return impl->started; });
  const int error = impl->error;
  lock.unlock();
  LivenessHolder holder(std::move(impl));
  if (error != 0) return system_failure("set_robust_list", error);
  return holder;
}

LivenessHolder::LivenessHolder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LivenessHolder::LivenessHolder(LivenessHolder&&) noexcept = default;
LivenessHolder& LivenessHolder::operator=(LivenessHolder&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

LivenessHolder::~LivenessHolder() {
  if (!impl_) return;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->changed.notify_all();
  impl_->thread.join();
}

}  // namespace outrigger::ipc
