// The program that becomes a container, or looks into one. It runs apart from the server, so it may block.
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/apiserver/kubelet/launch_probe.h"
#include "tests/apiserver/kubelet/launch_root.h"
#include "tests/apiserver/kubelet/launch_spec.h"

namespace outrigger::apiserver {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

void report(const std::string& line) {
  const std::string text = line + "\n";
  if (::write(launch_report_descriptor, text.data(), text.size()) < 0) ::_exit(1);  // nobody listens any more
}

LaunchSpec read_spec(const char* file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(std::string(file) + ": cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  return launch_spec(text.str());
}

void die_with_parent() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void become_user(const LaunchSpec& spec) {
  const bool other = spec.uid != 0 || spec.gid != 0 || !spec.groups.empty();
  if (other && ::setgroups(spec.groups.size(), spec.groups.data()) != 0 && errno != EPERM) fail("setgroups");
  if (spec.gid != 0 && ::setresgid(spec.gid, spec.gid, spec.gid) != 0)
    fail("setgid " + std::to_string(spec.gid));
  if (spec.uid != 0 && ::setresuid(spec.uid, spec.uid, spec.uid) != 0)
    fail("setuid " + std::to_string(spec.uid));
  if (spec.no_new_privileges) ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  die_with_parent();  // a change of user takes it away
}

void reset_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGPIPE, SIGCHLD, SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);
}

// Runs the command; comes back only with the reason why not.
std::string execute(const LaunchSpec& spec) {
  try {
    become_user(spec);
    if (::chdir(spec.cwd.c_str()) != 0) fail("working directory " + spec.cwd);
  } catch (const std::runtime_error& problem) {
    return problem.what();
  }
  ::clearenv();
  for (const auto& [name, value] : spec.env) ::setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> argv;
  for (const auto& word : spec.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::setsid();
  reset_signals();
  ::execvp(argv.front(), argv.data());
  return spec.argv.front() + ": " + std::strerror(errno);
}

void report_end(int status) {
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  const int code = signal != 0 ? 128 + signal : WEXITSTATUS(status);
  report("exit " + std::to_string(code) + " " + std::to_string(signal));
}

// Starts the command and tells whether it runs. The pipe closes at the exec, or brings the reason why there was none.
pid_t start(const LaunchSpec& spec) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) fail("pipe");
  const pid_t child = ::fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    const std::string why = execute(spec);
    if (::write(pipe[1], why.data(), why.size()) < 0) ::_exit(127);
    ::_exit(127);
  }
  ::close(pipe[1]);
  std::string why;
  char bytes[256];
  for (ssize_t count = 0; (count = ::read(pipe[0], bytes, sizeof bytes)) > 0;)
    why.append(bytes, static_cast<std::size_t>(count));
  ::close(pipe[0]);
  if (!why.empty()) throw std::runtime_error(why);
  report("running");
  return child;
}

// The first process of the container: hands signals on, collects the dead, ends with the command.
int supervise(const LaunchSpec& spec) {
  die_with_parent();
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
  pid_t command = 0;
  try {
    if (::sethostname(spec.hostname.c_str(), spec.hostname.size()) != 0) fail("hostname " + spec.hostname);
    enter_root(spec);
    command = start(spec);
  } catch (const std::exception& problem) {
    report(std::string("error ") + problem.what());
    return 128;
  }
  while (true) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&all, &info);
    if (signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT || signal == SIGUSR1 ||
        signal == SIGUSR2) {
      ::kill(command, signal);
      continue;
    }
    int status = 0;
    for (pid_t ended = 0; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (ended != command) continue;
      report_end(status);
      return 0;
    }
  }
}

int container(int argc, char** argv) {
  die_with_parent();
  try {
    if (argc != 3) throw std::runtime_error("container SPEC_FILE");
    const LaunchSpec spec = read_spec(argv[2]);
    if (::unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID) != 0) fail("new namespaces");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail("private mounts");
    const pid_t first = ::fork();
    if (first < 0) fail("fork");
    if (first == 0) ::_exit(supervise(spec));
    report("pid " + std::to_string(first));
    int status = 0;
    while (::waitpid(first, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) report_end(status);
    return 0;
  } catch (const std::exception& problem) {
    report(std::string("error ") + problem.what());
    return 1;
  }
}

void join_namespace(std::int64_t pid, const char* kind, int type) {
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/" + kind;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(path);
  if (::setns(descriptor, type) != 0) fail("setns " + path);
  ::close(descriptor);
}

int join(int argc, char** argv) {
  die_with_parent();
  try {
    if (argc != 3) throw std::runtime_error("join SPEC_FILE");
    const LaunchSpec spec = read_spec(argv[2]);
    const std::int64_t pid = spec.join_pid.value_or(0);
    join_namespace(pid, "pid", CLONE_NEWPID);
    join_namespace(pid, "uts", CLONE_NEWUTS);
    join_namespace(pid, "mnt", CLONE_NEWNS);
    const pid_t child = start(spec);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    report_end(status);
    return 0;
  } catch (const std::exception& problem) {
    report(std::string("error ") + problem.what());
    return 1;
  }
}

}  // namespace

LaunchMode launch_mode(const char* mode) {
  const std::string_view name(mode);
  if (name == "container") return container;
  if (name == "join") return join;
  if (name == "probe-http") return probe_http;
  if (name == "probe-tcp") return probe_tcp;
  return nullptr;
}

}  // namespace outrigger::apiserver
