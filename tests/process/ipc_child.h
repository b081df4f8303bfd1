// A forked process that runs one function and ends with it, with the test, or by a signal.
#pragma once
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdint>

#include "ipc/word.h"

namespace outrigger::ipc::test {

class Child {
 public:
  template <class Run>
  explicit Child(const Run& run) : parent_(getpid()), pid_(fork()) {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent_ && getppid() != 0) _exit(3);  // 0: the parent is outside this PID namespace
    run();
    _exit(0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) signal(SIGKILL), wait();
  }
  void signal(int number) const { ::kill(pid_, number); }
  // Until it has stopped (SIGSTOP has taken effect).
  void wait_stopped() const {
    int status = 0;
    waitpid(pid_, &status, WUNTRACED);
  }
  int wait() {
    int status = 0;
    if (pid_ > 0) waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

 private:
  pid_t parent_;
  pid_t pid_;
};

// Words that test and child share, to tell each other how far they are.
class Shared {
 public:
  Shared()
      : words_(static_cast<Word64*>(
            mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() { munmap(words_, 4096); }
  Word64& operator[](int i) const { return words_[i]; }
  void wait_for(int i, std::uint64_t at_least) const {
    while (words_[i].load_acquire() < at_least) sched_yield();
  }

 private:
  Word64* words_;
};

// xorshift: a failing round can be repeated by its number.
struct Random {
  std::uint64_t state;
  std::uint64_t operator()() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  }
  std::uint64_t below(std::uint64_t n) { return (*this)() % n; }
};

}  // namespace outrigger::ipc::test
