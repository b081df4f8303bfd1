#include "tests/apiserver/kubelet/process_host.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/apiserver/kubelet/launch_spec.h"

namespace outrigger::apiserver {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void forbidden(const std::string& what, const std::string& why) {
  throw std::runtime_error("--kubelet process is not possible on this machine: " + what + ": " + why +
                           "; it needs mount and pid namespaces and overlayfs, so it runs as root only");
}

// What the launched program reports until it ends.
std::string reports_of(const std::string& launcher, const std::string& spec_file) {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) forbidden("a pipe", std::strerror(errno));
  const pid_t child = ::fork();
  if (child == 0) {
    // Two steps: the read end may have the number that the write end must get.
    const int report = ::fcntl(pipe[1], F_DUPFD, 10);
    ::dup2(report, launch_report_descriptor);
    ::close(report);
    ::execl(launcher.c_str(), launcher.c_str(), "container", spec_file.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(pipe[1]);
  std::string text;
  char bytes[512];
  for (ssize_t count = 0; (count = ::read(pipe[0], bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(count));
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return text;
}

}  // namespace

void enter_process_host(const std::string& launcher) {
  if (::unshare(CLONE_NEWNS) != 0) forbidden("unshare of a mount namespace", std::strerror(errno));
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    forbidden("private mounts", std::strerror(errno));
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::string scratch = (fs::temp_directory_path() / "outrigger-trial-XXXXXX").string();
  if (::mkdtemp(scratch.data()) == nullptr) forbidden("a directory " + scratch, std::strerror(errno));
  LaunchSpec spec;
  spec.argv = {"/bin/sh", "-c", ":"};
  spec.hostname = "trial";
  spec.scratch = scratch + "/root";
  fs::create_directories(spec.scratch);
  std::ofstream(scratch + "/spec.json") << to_text(spec);
  const std::string reports = reports_of(launcher, scratch + "/spec.json");
  fs::remove_all(scratch);
  if (reports.find("exit 0 0") != std::string::npos) return;
  const auto error = reports.find("error ");
  forbidden("a container", error == std::string::npos
                               ? "it did not start"
                               : reports.substr(error + 6, reports.find('\n', error) - error - 6));
}

bool may_change_user() {
  if (::geteuid() != 0) return false;
  std::ifstream map("/proc/self/uid_map");
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  return static_cast<bool>(map >> inside >> outside >> count) && count > 1;
}

}  // namespace outrigger::apiserver
