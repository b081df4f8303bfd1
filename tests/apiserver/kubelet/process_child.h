// A process of the kubelet's own, with its reports. Dies with the server.
#pragma once
#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/apiserver/base/descriptors.h"

namespace outrigger::apiserver {

struct ChildEnd {
  std::string error;      // the command never ran; why
  bool reported = false;  // code and signal are the command's own, as the launched program told
  int code = 0;           // else what the launched program itself ended with
  int signal = 0;
};

class Child {
 public:
  struct Options {
    std::vector<std::string> argv;
    std::string log;  // appended to; empty: nowhere
    std::function<void()> on_running = [] {};
    std::function<void(const ChildEnd&)> on_end;  // last call; the child may be destroyed in it
  };
  // Throws std::runtime_error.
  Child(Descriptors& descriptors, Options options);
  ~Child();  // kills it, if it still runs, and waits for it
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void terminate();                           // SIGTERM to the command
  void kill();                                // SIGKILL to all of it
  pid_t first_pid() const { return first_; }  // of the container; 0 until it is known

 private:
  void read();
  void line(const std::string& text);
  void end();

  Descriptors& descriptors_;
  Options options_;
  pid_t launcher_ = 0;
  pid_t first_ = 0;
  int report_ = -1;
  bool terminate_when_known_ = false;
  std::string bytes_;
  ChildEnd ending_;
};

}  // namespace outrigger::apiserver
