// The only translation unit that knows CLI11: it is large.
#include <CLI/CLI.hpp>
#include <map>

#include "agent/config/keys.h"
#include "agent/config/load.h"
#include "agent/config/values.h"

namespace outrigger::config {
namespace {

constexpr const char* description =
    "Watches, creates and deletes the executor pods of one Spark application, for a driver that needs no API "
    "token.\n"
    "It stays in the foreground until SIGTERM, then drains.";
constexpr const char* footer = R"(
Settings: a flag wins over a variable, a variable over the file. Every key of the file has a variable:
  channel.runDir is $OUTRIGGER_CHANNEL_RUN_DIR. The usual names of the downward API count, too:
  $POD_NAMESPACE, $POD_NAME, $POD_UID and $SPARK_APPLICATION_ID.

In the driver's pod, as a sidecar:   outrigger-agent --listen :9808
On a desk, with a kubeconfig:        outrigger-agent --kubeconfig ~/.kube/config --namespace spark
                                       --application-id my-app --run-dir /tmp/outrigger
Around a driver on a desk:           outrigger-agent run [FLAGS] [--shim DIR] -- spark-submit job.py
  (or pyspark, jupyter ...): master, class path, secret and run directory are set for it
The driver's side into a volume:     outrigger-agent install-shim DIR
Are the settings right?              outrigger-agent --check --config agent.yaml

Exit codes: 0 drained, 1 refused (nothing was begun), 3 drain incomplete, 4 replaced by a newer agent,
  5 ended by a second signal.)";

std::vector<std::string> known_flags() {
  std::vector<std::string> flags{"--config", "--check", "--version", "--help"};
  for (const auto& key : keys())
    if (!key.flag.empty()) flags.push_back(key.flag);
  return flags;
}

std::string explain_unknown(const std::vector<std::string>& arguments) {
  const auto flags = known_flags();
  for (const auto& argument : arguments) {
    const auto name = argument.substr(0, argument.find('='));
    if (!name.starts_with("-") || std::find(flags.begin(), flags.end(), name) != flags.end()) continue;
    const auto near = nearest(name, flags);
    return "unknown flag '" + name + "'" + (near.empty() ? "; see --help" : "; did you mean " + near + "?");
  }
  return {};
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments,
                                       const std::string& version) {
  CommandLine line;
  CLI::App app(description, "outrigger-agent");
  app.set_version_flag("--version", "outrigger-agent " + version);
  app.footer(footer);
  app.add_option("--config", line.config_file, "settings file (YAML)")->type_name("FILE");
  bool check = false;
  app.add_flag("--check", check, "read the settings and the cluster's, say what is wrong, and end");
  std::map<std::string, std::string> values;
  for (const auto& key : keys())
    if (!key.flag.empty()) app.add_option(key.flag, values[key.path], key.meaning)->type_name(key.value);

  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants it
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    line.action = CommandLine::Action::help;
    line.text = app.help();
    return line;
  } catch (const CLI::CallForVersion&) {
    line.action = CommandLine::Action::version;
    line.text = "outrigger-agent " + version + "\n";
    return line;
  } catch (const CLI::ParseError& error) {
    const auto unknown = explain_unknown(arguments);
    return fail(unknown.empty() ? std::string(error.what()) + "; see --help" : unknown);
  }
  if (check) line.action = CommandLine::Action::check;
  for (const auto& key : keys())
    if (!key.flag.empty() && app.count(key.flag) > 0)
      line.settings.push_back({key.path, values[key.path], key.flag});
  return line;
}

}  // namespace outrigger::config
