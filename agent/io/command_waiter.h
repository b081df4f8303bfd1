// The thread that sleeps until the driver has posted something. It only ever hands over a message.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "ipc/wakeup.h"

namespace outrigger::io {

// One round: the thread sees the queue's tail move, calls `ready` (on the thread), and waits for rearm() before it looks
// again. So however often a hostile driver moves the tail, there is at most one message under way.
class CommandWaiter {
 public:
  CommandWaiter(const ipc::StateView& view, ipc::QueueHeader* queue, std::function<void()> ready);
  ~CommandWaiter();  // joins; the queue's memory may go afterwards
  CommandWaiter(const CommandWaiter&) = delete;
  CommandWaiter& operator=(const CommandWaiter&) = delete;

  void rearm();

 private:
  void run();

  ipc::CommandWait wait_;
  std::function<void()> ready_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool armed_ = true, stopping_ = false;
  std::thread thread_;
};

}  // namespace outrigger::io
