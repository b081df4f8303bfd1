// One process of ours (client mode): started on the loop, its end told on the loop. The kernel sends it SIGTERM if we die.
#pragma once
#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/result.h"

namespace outrigger::io {

class AsioLoop;

struct ChildCommand {
  std::vector<std::string> argv;                                    // argv[0] is looked for in PATH
  std::vector<std::pair<std::string, std::string>> variables = {};  // set over what is inherited
  // An agent of ours: a process group of its own, so that the terminal's Ctrl-C is not for it; nothing to read; SIGTERM and
  // SIGINT wait until it has an io::Signals.
  bool background = false;
  int inherited = -1;  // a close-on-exec descriptor of ours that it gets under the same number
};

class ChildProcess {
 public:
  // `on_exit` gets the exit code, 128 + the number of the signal that ended it, or 127 if it could not be executed.
  static Result<std::unique_ptr<ChildProcess>> start(AsioLoop& loop, const ChildCommand& command,
                                                     std::function<void(int code)> on_exit);
  ~ChildProcess();  // SIGKILL, if it still runs
  bool running() const;
  void signal(int number) const;  // nothing, if it has ended

 private:
  struct Impl;
  explicit ChildProcess(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace outrigger::io
