// Our own programs as child processes of a test: started, listened to, signalled by pid, ended with the test whatever
// happens to it (PDEATHSIG). Start them from the test's main thread: the signal follows the thread that forked.
#pragma once
#include <sys/types.h>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace outrigger::test {

using Milliseconds = std::chrono::milliseconds;

// A condition did not come true in time, or a process ended first; says what was waited for.
struct Hung : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// How long anything may take before it counts as hung: 60 s, four times that under a sanitizer, times
// $OUTRIGGER_TEST_PATIENCE (a number).
Milliseconds patience();
// 1, or more where everything is slower: sanitizers.
int slowness();

class Process;

// Looks at `holds` every few milliseconds until it is true. Throws Hung after `limit`, or as soon as one of `alive`
// has ended; the text names `what` and the last line of each of them.
void wait_until(const std::string& what, const std::function<bool()>& holds,
                const std::vector<Process*>& alive = {}, Milliseconds limit = patience());

struct Launch {
  std::string program;  // a name in OUTRIGGER_BIN_DIR, or a path with a slash
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  // beside the test's own
  bool input = false;                              // a pipe for write_line(); otherwise /dev/null
};

struct Exit {
  int code = -1;   // of exit(), -1 when a signal ended it
  int signal = 0;  // 0 when it ended by itself
};

class Process {
 public:
  Process() = default;                     // none
  explicit Process(const Launch& launch);  // throws when it can't be started
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();  // SIGKILL and reaped, if it still runs

  pid_t pid() const { return pid_; }
  const std::string& name() const { return name_; }
  bool alive();
  void signal(int number);  // nothing when it has been reaped
  void stop();              // SIGSTOP, and waits until it has stopped
  void resume();            // SIGCONT
  Exit kill();              // SIGKILL
  Exit wait(Milliseconds limit = patience());
  // Once it has ended.
  std::optional<Exit> exit();

  // Everything said so far; never blocks the child, however late the test reads.
  const std::string& out();
  const std::string& err();
  // Waits until one line of standard output (or error) contains `text`, looking at `from` bytes and later; returns it.
  std::string out_line(const std::string& text, std::size_t from = 0);
  std::string err_line(const std::string& text, std::size_t from = 0);
  // false: it does not read any more.
  bool write_line(const std::string& line);
  void close_input();
  std::string last_words();

 private:
  struct Said {
    int file = -1;
    std::string text;
    const std::string& read();
  };
  std::string line(Said& said, const std::string& text, std::size_t from);
  void release() noexcept;
  void take(Process& other) noexcept;
  void reap(int options);

  std::string name_ = "no process";
  pid_t pid_ = -1;
  int input_ = -1;
  std::optional<Exit> exit_;
  Said out_, err_;
};

}  // namespace outrigger::test
