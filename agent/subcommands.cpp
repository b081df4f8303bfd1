#include "agent/subcommands.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>

#include "agent/launch/shim_files.h"

namespace outrigger {
namespace {

namespace fs = std::filesystem;

constexpr const char* install_usage =
    "usage: outrigger-agent install-shim DIR [--from DIR] [--scala 2.12|2.13]\n"
    "Copies the driver's side (jar and native library) of every Scala line, or of one, to DIR/LINE;\n"
    "the driver's class path is then DIR/2.12/* (Spark 3.5) or DIR/2.13/* (Spark 4).\n";

std::string value_of(const config::Environment& environment, const std::string& name) {
  const auto it = environment.find(name);
  return it == environment.end() ? std::string() : it->second;
}

std::string this_program() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).string();
}

// As a shell would find it; the word itself if nothing is found.
std::string in_path(const std::string& program, const std::string& path) {
  if (program.find('/') != program.npos) return program;
  std::istringstream parts(path);
  for (std::string part; std::getline(parts, part, ':');)
    if (const std::string found = part + "/" + program; ::access(found.c_str(), X_OK) == 0) return found;
  return program;
}

// Takes `name VALUE` or `name=VALUE` out of the words.
Result<std::string> take_option(std::vector<std::string>& words, const std::string& name) {
  for (auto it = words.begin(); it != words.end(); ++it) {
    if (it->starts_with(name + "=")) {
      std::string value = it->substr(name.size() + 1);
      words.erase(it);
      return value;
    }
    if (*it != name) continue;
    if (it + 1 == words.end()) return fail(name + " wants a value; see --help");
    std::string value = *(it + 1);
    words.erase(it, it + 2);
    return value;
  }
  return std::string();
}

}  // namespace

PrivateDirectory::~PrivateDirectory() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<RunArguments> split_run(const std::vector<std::string>& arguments) {
  RunArguments run;
  run.agent_arguments = arguments;
  if (arguments.empty() || arguments.front() != "run") return run;
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  run.agent_arguments.assign(arguments.begin() + 1, dashes);
  const auto& own = run.agent_arguments;
  const bool help = std::find(own.begin(), own.end(), "--help") != own.end();
  if (dashes == arguments.end() && !help)
    return fail("run wants a command after --; for example: outrigger-agent run -- spark-submit job.py");
  run.around = !help;
  if (dashes != arguments.end()) run.command.assign(dashes + 1, arguments.end());
  auto shim = take_option(run.agent_arguments, "--shim");
  if (!shim) return tl::unexpected(shim.error());
  run.shim = std::move(*shim);
  return run;
}

Result<PrivateDirectory> prepare_run(config::Config& config) {
  if (!config.application.client_mode())
    return fail("run is for a driver beside the agent (client mode), but application.driverPodName is set");
  if (config.gateway.listen.empty()) config.gateway.listen = "127.0.0.1:0";
  if (config.channel.run_dir != config::Channel{}.run_dir) return PrivateDirectory();
  std::string path = "/dev/shm/outrigger-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr)
    return fail("no run directory can be made in /dev/shm: " + std::string(std::strerror(errno)) +
                "; name one on a tmpfs with --run-dir");
  if (config.channel.lock_dir == config.channel.run_dir) config.channel.lock_dir = path;
  config.channel.run_dir = path;
  return PrivateDirectory(std::move(path));
}

launch::AgentAddress driver_address(const config::Config& config, const config::Cluster& cluster,
                                    std::string gateway_url) {
  const std::string& given = config.application.name_space;
  return {.gateway_url = std::move(gateway_url),
          .token_file = config.gateway_token_file(),
          .run_dir = config.channel.run_dir,
          .name_space = given.empty() ? cluster.name_space : given,
          .shim_class_path = {}};
}

std::vector<std::string> agent_command(const RunArguments& run) {
  std::vector<std::string> words = run.agent_arguments;
  for (const char* own : {"--run-dir", "--lock-dir", "--gateway"}) (void)take_option(words, own);
  words.insert(words.begin(), this_program());
  return words;
}

Result<launch::LaunchPlan> plan_run(const RunArguments& run, launch::AgentAddress address,
                                    const config::Environment& environment) {
  if (run.command.empty()) return launch::plan_launch({}, "", address);
  const auto shim = run.shim.empty() ? launch::find_shim(this_program()) : Result<std::string>(run.shim);
  if (!shim) return tl::unexpected(shim.error());
  const std::string home = launch::find_spark_home(
      value_of(environment, "SPARK_HOME"), in_path(run.command.front(), value_of(environment, "PATH")));
  if (home.empty())
    return fail("where Spark is, is not known: set SPARK_HOME, or name the launcher by its path");
  const auto line = launch::scala_line(home);
  if (!line) return tl::unexpected(line.error());
  const std::string directory = *shim + "/" + *line;
  std::error_code error;
  if (!fs::is_directory(directory, error))
    return fail(directory + " does not exist: there is no shim for Scala " + *line + ", the line of " + home);
  address.shim_class_path = directory + "/*";
  return launch::plan_launch(run.command, value_of(environment, "PYSPARK_SUBMIT_ARGS"), address);
}

Result<std::string> install_shim(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = arguments;
  if (std::find(words.begin(), words.end(), "--help") != words.end()) return std::string(install_usage);
  auto from = take_option(words, "--from");
  auto line = take_option(words, "--scala");
  if (!from || !line) return tl::unexpected(from ? line.error() : from.error());
  if (words.size() != 1 || words.front().starts_with("-"))
    return fail("install-shim wants one directory; see outrigger-agent install-shim --help");
  const auto source = from->empty() ? launch::find_shim(this_program()) : from;
  if (!source) return tl::unexpected(source.error());
  const auto filled = launch::install_shim(*source, words.front(), *line);
  if (!filled) return tl::unexpected(filled.error());
  std::string text;
  for (const std::string& directory : *filled) text += "installed " + directory + "\n";
  return text;
}

}  // namespace outrigger
