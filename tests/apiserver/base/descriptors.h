// Waiting for file descriptors on the server's thread.
#pragma once
#include <functional>

namespace outrigger::apiserver {

class Descriptors {
 public:
  virtual ~Descriptors() = default;
  // Calls `then` each time the descriptor has bytes or its other end is closed, until forget(). The descriptor stays
  // the caller's, who forgets it before closing it. Never called from inside watch().
  virtual void watch(int descriptor, std::function<void()> then) = 0;
  virtual void forget(int descriptor) = 0;  // unknown ones are ignored
};

}  // namespace outrigger::apiserver
