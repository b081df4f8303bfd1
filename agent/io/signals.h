// SIGTERM and SIGINT as events of the loop: the first asks for a drain, the second ends at once. SIGPIPE is ignored.
#pragma once
#include <functional>
#include <memory>

namespace outrigger::io {

class AsioLoop;

class Signals {
 public:
  Signals(AsioLoop& loop, std::function<void(int signal)> on_first,
          std::function<void(int signal)> on_second);
  ~Signals();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrigger::io
