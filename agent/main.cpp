// outrigger-agent: arguments, configuration, cluster; then the app. Every refusal is on standard error, one line a fault.
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "agent/app.h"
#include "agent/config/load.h"
#include "agent/subcommands.h"
#include "agent/supervisor.h"

namespace {

using namespace outrigger;

#ifndef OUTRIGGER_VERSION
#define OUTRIGGER_VERSION "0.0.0"
#endif
#ifndef OUTRIGGER_REVISION
#define OUTRIGGER_REVISION "unknown"
#endif

int refuse(const std::string& text) {
  std::size_t begin = 0;
  while (begin < text.size()) {  // one line a fault
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::fprintf(stderr, "outrigger-agent: %s\n", text.substr(begin, end - begin).c_str());
    begin = end + 1;
  }
  return exit_code::refused;
}

int run_around(const RunArguments& run, const config::Config& config, const config::Cluster& cluster,
               const config::Environment& environment) {
  auto supervisor = Supervisor::open(config);
  if (!supervisor) return refuse(supervisor.error().text);
  auto plan = plan_run(run, driver_address(config, cluster, (*supervisor)->gateway_url()), environment);
  if (!plan) return refuse(plan.error().text);
  const auto ended = (*supervisor)
                         ->run({.agent = agent_command(run),
                                .command = std::move(*plan),
                                .run_dir = config.channel.run_dir,
                                .lock_dir = config.channel.lock_dir,
                                .log = config.log});
  return ended ? *ended : refuse(ended.error().text);
}

int run(const std::vector<std::string>& arguments) {
  const Build build{OUTRIGGER_VERSION, OUTRIGGER_REVISION, __VERSION__};
  const config::Environment environment = config::process_environment();
  if (!arguments.empty() && arguments.front() == "install-shim") {
    const auto said = install_shim({arguments.begin() + 1, arguments.end()});
    if (!said) return refuse(said.error().text);
    std::fputs(said->c_str(), stdout);
    return 0;
  }
  auto wrapped = split_run(arguments);
  if (!wrapped) return refuse(wrapped.error().text);
  const auto line = config::parse_command_line(wrapped->agent_arguments, build.version);
  if (!line) return refuse(line.error().text);
  using Action = config::CommandLine::Action;
  if (line->action == Action::help || line->action == Action::version) {
    std::fputs(line->text.c_str(), stdout);
    return 0;
  }
  auto config = config::load_config(*line, environment);
  if (!config) return refuse(config.error().text);
  const auto place = wrapped->around ? prepare_run(*config) : Result<PrivateDirectory>(PrivateDirectory());
  if (!place) return refuse(place.error().text);
  auto cluster = config::find_cluster(config->server, environment);
  if (!cluster) return refuse(cluster.error().text);
  if (line->action == Action::check) {
    std::printf("configuration is valid; cluster: %s\n", config::describe(*cluster).c_str());
    return 0;
  }
  if (wrapped->around) return run_around(*wrapped, *config, *cluster, environment);
  auto app = App::build(std::move(*config), std::move(*cluster), build);
  if (!app) return refuse(app.error().text);
  const auto ended = (*app)->run();
  return ended ? *ended : refuse(ended.error().text);
}

// Memory that a large list took goes back when it has been read. By itself glibc learns from the first large block that is
// freed to keep such blocks in the heap, where the small ones that live on between them pin them for good.
void keep_small() {
  constexpr int large_bytes = 256 << 10;
  ::mallopt(M_MMAP_THRESHOLD, large_bytes);
  ::mallopt(M_TRIM_THRESHOLD, 2 * large_bytes);
  ::mallopt(M_ARENA_MAX, 2);  // one thread does nearly all of the work
}

}  // namespace

int main(int argc, char** argv) {
  keep_small();
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& bug) {
    return refuse(std::string("ended by an unexpected error: ") + bug.what());
  }
}
