// Runs something at the very moment when this thread first stores into a page: the page is read-only until then, and
// the fault is the moment. So an interleaving that chance finds once in a million rounds is tested each time.
#pragma once
#include <sys/mman.h>
#include <csignal>
#include <functional>

namespace outrigger::ipc::test {

class AtFirstStore {
 public:
  AtFirstStore(void* page, std::function<void()> act) : page_(page), act_(std::move(act)) {
    current = this;
    struct sigaction action{};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &before_);
    mprotect(page_, 4096, PROT_READ);
  }
  AtFirstStore(const AtFirstStore&) = delete;
  AtFirstStore& operator=(const AtFirstStore&) = delete;
  ~AtFirstStore() {
    mprotect(page_, 4096, PROT_READ | PROT_WRITE);
    sigaction(SIGSEGV, &before_, nullptr);
    current = nullptr;
  }
  bool happened() const { return happened_; }

 private:
  static void on_fault(int, siginfo_t* info, void*) {
    const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
    AtFirstStore* self = current;
    if (self == nullptr || self->happened_ || at - reinterpret_cast<std::uintptr_t>(self->page_) >= 4096) {
      std::signal(SIGSEGV, SIG_DFL);  // a real one
      return;
    }
    self->happened_ = true;
    mprotect(self->page_, 4096, PROT_READ | PROT_WRITE);
    self->act_();  // then the store is done again, and succeeds
  }
  static inline AtFirstStore* current = nullptr;
  void* page_;
  std::function<void()> act_;
  struct sigaction before_{};
  bool happened_ = false;
};

}  // namespace outrigger::ipc::test
