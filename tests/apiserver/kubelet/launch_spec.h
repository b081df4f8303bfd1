// What the kubelet tells the program that becomes a container: one JSON file, read once.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outrigger::apiserver {

struct LaunchMount {
  std::string source;  // on the host: a directory or a file
  std::string target;  // in the container
  bool read_only = false;
};

struct LaunchSpec {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> env;
  std::string cwd = "/";
  std::string hostname;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;
  bool no_new_privileges = false;
  bool read_only_root = false;
  std::string scratch;                // an empty directory of this container's own
  std::vector<std::string> hidden;    // host directories that the container sees empty
  std::vector<LaunchMount> overlays;  // content of the image: writable copies
  std::vector<LaunchMount> mounts;    // volumes
  // Instead of a new container: run argv in the namespaces of this process.
  std::optional<std::int64_t> join_pid;
};

std::string to_text(const LaunchSpec& spec);
// Throws std::runtime_error.
LaunchSpec launch_spec(const std::string& text);

// Every line that the launched program writes to this descriptor:
//   "pid N"         the container's first process, in the pid namespace of the reader
//   "running"       the command was executed
//   "error TEXT"    it was not; the last line
//   "exit CODE SIGNAL"  it ended; SIGNAL is 0, or CODE is 128 + SIGNAL; the last line
inline constexpr int launch_report_descriptor = 3;

// Entry points of the program, first argument:
//   container SPEC_FILE | join SPEC_FILE | probe-http HOST PORT PATH TIMEOUT_MS | probe-tcp HOST PORT TIMEOUT_MS
// Null when `mode` is none of them.
using LaunchMode = int (*)(int argc, char** argv);
LaunchMode launch_mode(const char* mode);

}  // namespace outrigger::apiserver
