#include "agent/io/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "agent/io/asio_loop.h"

namespace outrigger::io {
namespace {

constexpr int not_executed = 127;

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool replaced = false;
    for (const auto& [name, value] : variables)
      replaced = replaced || (text.starts_with(name) && text.substr(name.size()).starts_with('='));
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : variables) {
    std::string entry = name;
    all.push_back(entry.append("=").append(value));
  }
  return all;
}

}  // namespace

struct ChildProcess::Impl : std::enable_shared_from_this<ChildProcess::Impl> {
  AsioLoop& loop;
  pid_t pid;
  boost::asio::posix::stream_descriptor end;  // a pidfd: readable once the process has ended
  std::function<void(int)> on_exit;
  bool running = true;

  Impl(AsioLoop& l, pid_t p, int fd, std::function<void(int)> told)
      : loop(l), pid(p), end(l.context(), fd), on_exit(std::move(told)) {}

  void arm() {
    end.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                   [self = shared_from_this()](const boost::system::error_code& error) {
                     if (error || !self->running) return;
                     AsioLoop::Turn turn(self->loop);
                     self->reap(0);
                   });
  }

  void reap(int options) {
    int status = 0;
    if (waitpid(pid, &status, options) != pid) return;
    running = false;
    if (on_exit) on_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
};

ChildProcess::ChildProcess(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

ChildProcess::~ChildProcess() {
  impl_->on_exit = nullptr;
  if (impl_->running) {
    ::kill(impl_->pid, SIGKILL);
    impl_->reap(0);
  }
  boost::system::error_code ignored;
  impl_->end.close(ignored);
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(AsioLoop& loop, const ChildCommand& command,
                                                          std::function<void(int)> on_exit) {
  std::vector<std::string> words = command.argv, variables = environment_with(command.variables);
  std::vector<char*> argv = pointers(words), envp = pointers(variables);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail("'" + command.argv.front() + "' can't be started: fork: " + std::strerror(errno));
  if (pid == 0) {  // only async-signal-safe calls: the agent has threads
    ::signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(not_executed);
    if (command.background) {
      setpgid(0, 0);
      sigset_t
          held;  // until it listens to them (io::Signals): one sent before that would end it without a drain
      sigemptyset(&held);
      sigaddset(&held, SIGTERM);
      sigaddset(&held, SIGINT);
      sigprocmask(SIG_BLOCK, &held, nullptr);
      if (const int nothing = open("/dev/null", O_RDONLY); nothing >= 0) dup2(nothing, STDIN_FILENO);
    }
    if (command.inherited >= 0) fcntl(command.inherited, F_SETFD, 0);
    execvpe(argv[0], argv.data(), envp.data());
    constexpr std::string_view text = "outrigger-agent: the command can't be executed: ";
    (void)!write(STDERR_FILENO, text.data(), text.size());
    (void)!write(STDERR_FILENO, argv[0], std::strlen(argv[0]));
    (void)!write(STDERR_FILENO, "\n", 1);
    _exit(not_executed);
  }
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) {
    const int error = errno;
    ::kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return fail("'" + command.argv.front() + "' can't be watched: pidfd_open: " + std::strerror(error));
  }
  auto impl = std::make_shared<Impl>(loop, pid, fd, std::move(on_exit));
  impl->arm();
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(impl)));
}

bool ChildProcess::running() const {
  return impl_->running;
}

void ChildProcess::signal(int number) const {
  if (impl_->running) ::kill(impl_->pid, number);  // not reaped, so the number is still its own
}

}  // namespace outrigger::io
