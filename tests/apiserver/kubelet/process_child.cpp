#include "tests/apiserver/kubelet/process_child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "tests/apiserver/kubelet/launch_spec.h"

namespace outrigger::apiserver {
namespace {

class SpawnSetup {
 public:
  SpawnSetup() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

Child::Child(Descriptors& descriptors, Options options)
    : descriptors_(descriptors), options_(std::move(options)) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
  SpawnSetup setup;
  const std::string log = options_.log.empty() ? "/dev/null" : options_.log;
  ::posix_spawn_file_actions_addopen(&setup.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&setup.actions, STDOUT_FILENO, log.c_str(),
                                     O_WRONLY | O_APPEND | O_CREAT, 0644);
  ::posix_spawn_file_actions_adddup2(&setup.actions, STDOUT_FILENO, STDERR_FILENO);
  ::posix_spawn_file_actions_adddup2(&setup.actions, pipe[1], launch_report_descriptor);
  ::posix_spawn_file_actions_addclosefrom_np(&setup.actions, launch_report_descriptor + 1);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::posix_spawnattr_setsigmask(&setup.attributes, &signals);
  ::sigaddset(&signals, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&setup.attributes, &signals);
  ::posix_spawnattr_setpgroup(&setup.attributes, 0);
  ::posix_spawnattr_setflags(&setup.attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  std::vector<char*> argv;
  for (auto& word : options_.argv) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int error =
      ::posix_spawn(&launcher_, argv.front(), &setup.actions, &setup.attributes, argv.data(), environ);
  ::close(pipe[1]);
  if (error != 0) {
    ::close(pipe[0]);
    throw std::runtime_error(options_.argv.front() + ": " + std::strerror(error));
  }
  report_ = pipe[0];
  ::fcntl(report_, F_SETFL, O_NONBLOCK);
  descriptors_.watch(report_, [this] { read(); });
}

Child::~Child() {
  if (launcher_ == 0) return;
  kill();
  descriptors_.forget(report_);
  ::close(report_);
  wait_for(launcher_);
}

void Child::terminate() {
  if (first_ > 0) {
    ::kill(first_, SIGTERM);
  } else {
    terminate_when_known_ = true;
  }
}

void Child::kill() {
  if (first_ > 0) {
    ::kill(first_, SIGKILL);  // the whole pid namespace goes with it
  } else if (launcher_ > 0) {
    ::kill(launcher_, SIGKILL);
  }
}

void Child::read() {
  char buffer[1024];
  const ssize_t count = ::read(report_, buffer, sizeof buffer);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return end();
  bytes_.append(buffer, static_cast<std::size_t>(count));
  for (auto at = bytes_.find('\n'); at != std::string::npos; at = bytes_.find('\n')) {
    const std::string text = bytes_.substr(0, at);
    bytes_.erase(0, at + 1);
    line(text);
  }
}

void Child::line(const std::string& text) {
  if (text == "running") return options_.on_running();
  if (text.starts_with("error ")) {
    ending_.error = text.substr(6);
  } else if (std::sscanf(text.c_str(), "exit %d %d", &ending_.code, &ending_.signal) == 2) {
    ending_.reported = true;
  } else if (std::sscanf(text.c_str(), "pid %d", &first_) == 1 && terminate_when_known_) {
    ::kill(first_, SIGTERM);
  }
}

void Child::end() {
  descriptors_.forget(report_);
  ::close(report_);
  const int status = wait_for(launcher_);
  launcher_ = 0;
  first_ = 0;
  if (!ending_.reported) {
    ending_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    ending_.code = ending_.signal != 0 ? 128 + ending_.signal : WEXITSTATUS(status);
  }
  const auto on_end = std::move(options_.on_end);
  const ChildEnd ending = ending_;
  on_end(ending);  // *this may be gone now
}

}  // namespace outrigger::apiserver
