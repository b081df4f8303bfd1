// outrigger-apiserver: an embedded Kubernetes API server for tests, the quickstart and the benchmarks.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "tests/apiserver/base/yaml.h"
#include "tests/apiserver/kubelet/cause.h"
#include "tests/apiserver/kubelet/launch_spec.h"
#include "tests/apiserver/kubelet/process_host.h"
#include "tests/apiserver/server.h"

namespace {

using namespace outrigger::apiserver;

constexpr const char* examples = R"(
Examples
  outrigger-apiserver --write-kubeconfig kc &     TLS on a free port, an administrator's kubeconfig in kc
  outrigger-apiserver --plain --no-auth --listen 127.0.0.1:8001
      curl 127.0.0.1:8001/api/v1/namespaces/spark/pods
      curl -XPOST '127.0.0.1:8001/_control/pods/spark/NAME/die?cause=preempted'
      curl 127.0.0.1:8001/_control/record         what clients did: posts, deletes, deaths, requests by verb and code
  outrigger-apiserver --faults faults.yaml        with, for example:
      latency: {create: 30ms..100ms}
      faults:
      - {kind: throttle, verb: create, probability: 0.1, retry-after: 1s}
      - {kind: restart, after: 20s, down: 500ms}
  outrigger-apiserver --kubelet process --entrypoint '*spark*=tests/apiserver/kubelet/spark_entrypoint.sh' --pod-logs logs
      runs the containers of pods as processes of this machine; as root only
A pod says by annotations how it behaves: sim.outrigger/run-time: 5s, sim.outrigger/end: oom_container,
sim.outrigger/never-schedule: "true", ... All keys: tests/apiserver/README.md
)";

struct Arguments {
  std::string listen = "127.0.0.1:0";
  std::string config_file;
  std::string faults_file;
  std::string kubeconfig_file;
  std::string ready_file;
  std::string name_space = "spark";
  std::vector<std::string> tokens;
  std::string kubelet;
  std::string pod_logs;
  std::vector<std::string> entrypoints;
  bool exit_with_parent = false;
  std::string log_level = "quiet";
};

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Whole or not at all: readers poll for these files.
void write_file(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".tmp";
  {
    std::ofstream out(temporary);
    out << text;
    if (!out.flush()) throw std::runtime_error(path + ": cannot be written");
  }
  ::chmod(temporary.c_str(), 0600);
  std::filesystem::rename(temporary, path);
}

void read_listen(Config& config, const std::string& listen) {
  const auto colon = listen.rfind(':');
  const std::string port = colon == std::string::npos ? "" : listen.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos ||
      std::stoi(port) > 65535) {
    throw std::runtime_error("--listen: '" + listen + "' is not ADDRESS:PORT");
  }
  config.address = listen.substr(0, colon);
  if (config.address.starts_with('[') && config.address.ends_with(']'))
    config.address = config.address.substr(1, config.address.size() - 2);
  config.port = static_cast<std::uint16_t>(std::stoi(port));
}

void read_tokens(Config& config, const std::vector<std::string>& tokens) {
  for (const auto& token : tokens) {
    const auto equals = token.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == token.size())
      throw std::runtime_error("--token: NAME=TOKEN expected");
    config.accounts.push_back(administrator(token.substr(0, equals), token.substr(equals + 1)));
  }
  if (config.accounts.empty()) {
    std::random_device device;
    std::mt19937_64 random((static_cast<std::uint64_t>(device()) << 32) ^ device());
    config.accounts.push_back(administrator("admin", random_uuid(random)));
  }
}

// Flags win over the file: an entrypoint of a flag is looked at first.
void read_kubelet(Config& config, const Arguments& arguments) {
  if (!arguments.pod_logs.empty()) config.processes.logs = arguments.pod_logs;
  for (auto at = arguments.entrypoints.rbegin(); at != arguments.entrypoints.rend(); ++at) {
    const auto equals = at->rfind('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == at->size())
      throw std::runtime_error("--entrypoint: '" + *at + "' is not IMAGE=PROGRAM");
    const std::string program = std::filesystem::absolute(at->substr(equals + 1)).string();
    ImageRule rule;
    rule.image = at->substr(0, equals);
    rule.entrypoint = program;
    config.processes.images.insert(config.processes.images.begin(), std::move(rule));
  }
  const bool used = !arguments.pod_logs.empty() || !arguments.entrypoints.empty();
  if (used && !config.processes.enabled)
    throw std::runtime_error(
        "--pod-logs and --entrypoint are of the kubelet with processes: add --kubelet process");
}

void die_with_parent(Server& server) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  struct stat state{};
  const bool waits = ::fstat(STDIN_FILENO, &state) == 0 &&
                     (S_ISFIFO(state.st_mode) || S_ISSOCK(state.st_mode) || ::isatty(STDIN_FILENO) == 1);
  if (waits) server.stop_at_end_of(STDIN_FILENO);
}

int run(const Arguments& arguments, Config config) {
  read_listen(config, arguments.listen);
  if (!arguments.kubelet.empty()) config.processes.enabled = arguments.kubelet == "process";
  if (!arguments.config_file.empty())
    read_config(config, read_file(arguments.config_file), arguments.config_file);
  read_kubelet(config, arguments);
  if (config.processes.enabled) enter_process_host(config.processes.launcher);
  read_tokens(config, arguments.tokens);
  config.api.namespaces.insert(arguments.name_space);
  const std::string token = config.accounts.front().token;
  const std::string faults = arguments.faults_file.empty() ? "" : read_file(arguments.faults_file);
  ::signal(SIGPIPE, SIG_IGN);
  Server server(std::move(config));
  if (!faults.empty()) server.load_faults(faults, arguments.faults_file);
  server.stop_at_signals();
  if (arguments.exit_with_parent) die_with_parent(server);
  if (!arguments.kubeconfig_file.empty())
    write_file(arguments.kubeconfig_file, server.kubeconfig(token, arguments.name_space));
  std::printf("listening on %s\n", server.url().c_str());
  std::fflush(stdout);
  if (!arguments.ready_file.empty()) write_file(arguments.ready_file, server.url() + "\n");
  server.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // The kubelet starts this program again for each container: not for users.
  // It ends without what a return from main brings: a leak check can't work in namespaces whose first process is gone.
  if (const LaunchMode mode = argc > 1 ? launch_mode(argv[1]) : nullptr; mode != nullptr)
    ::_exit(mode(argc, argv));
  Arguments arguments;
  Config config;
  CLI::App app(
      "An embedded Kubernetes API server with a simulated kubelet, or one that runs processes, and a fault "
      "script. It answers as "
      "kube-apiserver 1.34 does\nwhere it implements something; see tests/apiserver/README.md.",
      "outrigger-apiserver");
  app.footer(examples);
  app.add_option("--listen", arguments.listen, "address and port; port 0 picks a free one, which is printed")
      ->capture_default_str();
  app.add_flag("--plain", config.plain, "HTTP without TLS");
  app.add_option(
      "--tls-dir", config.tls_dir,
      "where ca.crt, server.crt and server.key are, or are made (default: a new temporary directory)");
  app.add_option("--token", arguments.tokens,
                 "NAME=TOKEN, an account with all rights; repeatable (default: one random token)");
  app.add_flag("--no-auth", config.open_access, "anyone may do anything");
  app.add_option("--namespace", arguments.name_space, "a namespace that exists, and the kubeconfig's")
      ->capture_default_str();
  app.add_option("--config", arguments.config_file,
                 "YAML: tokens with rules, namespaces, quotas, budgets, kubelet, watch, history-events");
  app.add_option("--faults", arguments.faults_file, "YAML: latency and faults; also POST /_control/faults");
  app.add_option("--write-kubeconfig", arguments.kubeconfig_file,
                 "writes a kubeconfig of the first account when ready");
  app.add_option("--ready-file", arguments.ready_file, "writes the URL there when ready");
  app.add_option(
         "--kubelet", arguments.kubelet,
         "simulated (default): pods live by timers and annotations; process: containers are local processes "
         "in namespaces of their own")
      ->check(CLI::IsMember({"simulated", "process"}));
  app.add_option(
      "--pod-logs", arguments.pod_logs,
      "with --kubelet process: where containers write, as NAMESPACE/POD/CONTAINER.log, and kubelet.log");
  app.add_option(
      "--entrypoint", arguments.entrypoints,
      "with --kubelet process: IMAGE=PROGRAM, what containers of images like IMAGE (* and ?) run when they "
      "have no command; repeatable. For Spark: tests/apiserver/kubelet/spark_entrypoint.sh");
  app.add_option("--history-events", config.window.events,
                 "events kept for watches and consistent lists; older ones are compacted")
      ->capture_default_str();
  app.add_option("--seed", config.seed, "of all random choices but UIDs of requests")->capture_default_str();
  app.add_flag("--exit-with-parent", arguments.exit_with_parent,
               "ends when its parent dies, or when standard input (a pipe) closes");
  app.add_option("--log", arguments.log_level, "quiet, or requests: one line per request on stderr")
      ->check(CLI::IsMember({"quiet", "requests"}))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  config.verbose = arguments.log_level == "requests";
  try {
    return run(arguments, std::move(config));
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "outrigger-apiserver: %s\n", problem.what());
    return 1;
  }
}
