#include "agent/launch/spark_command.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace outrigger::launch {
namespace {

constexpr std::array<std::string_view, 5> launchers = {"spark-submit", "pyspark", "spark-shell", "spark-sql",
                                                       "sparkR"};
constexpr std::array<std::string_view, 7> flags_without_value = {
    "--verbose", "-v", "--supervise", "--version", "--help", "-h", "--usage-error"};
constexpr std::string_view class_path_key = "spark.driver.extraClassPath";

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// One option of spark-submit: where its value stands, or that it has none.
struct Option {
  std::string_view name;
  std::string* word = nullptr;  // that holds the value
  std::size_t value_at = 0;     // in it
  std::string_view value() const {
    return word == nullptr ? std::string_view() : std::string_view(*word).substr(value_at);
  }
};

// The options before the job's own file; what comes after it is the job's business.
std::vector<Option> options_of(std::vector<std::string>& argv) {
  std::vector<Option> options;
  for (std::size_t i = 1; i < argv.size() && argv[i].starts_with('-'); ++i) {
    std::string& word = argv[i];
    if (const auto sign = word.find('='); word.starts_with("--") && sign != word.npos) {
      options.push_back({std::string_view(word).substr(0, sign), &word, sign + 1});
    } else if (std::find(flags_without_value.begin(), flags_without_value.end(), word) !=
               flags_without_value.end()) {
      options.push_back({word});
    } else if (i + 1 < argv.size()) {
      options.push_back({word, &argv[i + 1], 0});
      ++i;
    }
  }
  return options;
}

// The value of a --conf KEY=VALUE, or nothing.
std::string_view value_of_conf(const Option& option, std::string_view key) {
  if ((option.name != "--conf" && option.name != "-c") || !option.value().starts_with(key)) return {};
  const std::string_view rest = option.value().substr(key.size());
  return rest.starts_with('=') ? rest.substr(1) : std::string_view();
}

Status check_master(std::string_view master, const AgentAddress& agent) {
  if (master.empty() || master == "k8s://" + agent.gateway_url) return {};
  if (master.starts_with("k8s"))
    return fail(
        "the command names the master " + std::string(master) +
        ", which would go around the agent; leave it out: the agent asks the cluster of its own kubeconfig");
  return fail("the command names the master " + std::string(master) +
              ", which is not Kubernetes; run it without outrigger-agent");
}

Status check_mode(std::string_view mode) {
  if (mode != "cluster") return {};
  return fail(
      "the command asks for deploy mode cluster, where the driver runs in a pod of its own; there the agent "
      "is a "
      "sidecar of that pod: see deploy/spark");
}

std::vector<std::string> settings_for(const AgentAddress& agent, const std::string& class_path) {
  const auto conf = [](std::string_view key, const std::string& value) {
    return std::string(key) + "=" + value;
  };
  return {"--master",
          "k8s://" + agent.gateway_url,
          "--conf",
          conf(class_path_key, class_path),
          "--conf",
          conf("spark.kubernetes.allocation.pods.allocator", "io.outrigger.spark.OutriggerPodsAllocator"),
          "--conf",
          conf("spark.kubernetes.authenticate.oauthTokenFile", agent.token_file),
          "--conf",
          conf("spark.kubernetes.namespace", agent.name_space),
          "--conf",
          conf("spark.outrigger.runDir", agent.run_dir)};
}

// For a variable that a shell-like splitter reads again.
std::string quoted(const std::string& word) {
  if (word.find_first_of(" \t'\"\\*") == word.npos) return word;
  std::string out = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

bool is_spark_launcher(const std::string& program) {
  return std::find(launchers.begin(), launchers.end(), base_name(program)) != launchers.end();
}

Result<LaunchPlan> plan_launch(std::vector<std::string> command, const std::string& pyspark_submit_args,
                               const AgentAddress& agent) {
  if (command.empty())
    return fail("no command after --; for example: outrigger-agent run -- spark-submit job.py");
  LaunchPlan plan;
  // fabric8 sends whatever credentials it finds, even to loopback, and uses a proxy if one is named (S29).
  plan.variables = {{"KUBECONFIG", "/dev/null"},
                    {"KUBERNETES_AUTH_TRYKUBECONFIG", "false"},
                    {"KUBERNETES_AUTH_TRYSERVICEACCOUNT", "false"},
                    {"NO_PROXY", "127.0.0.1"},
                    {"no_proxy", "127.0.0.1"},
                    {"OUTRIGGER_RUN_DIR", agent.run_dir}};
  std::string class_path = agent.shim_class_path;
  if (!is_spark_launcher(command.front())) {
    std::string text;
    for (const std::string& word : settings_for(agent, class_path)) text += quoted(word) + " ";
    text += pyspark_submit_args.empty() ? "pyspark-shell" : pyspark_submit_args;
    plan.variables.emplace_back("PYSPARK_SUBMIT_ARGS", std::move(text));
    plan.argv = std::move(command);
    return plan;
  }
  for (Option& option : options_of(command)) {
    const auto master = option.name == "--master" ? option.value() : value_of_conf(option, "spark.master");
    const auto mode =
        option.name == "--deploy-mode" ? option.value() : value_of_conf(option, "spark.submit.deployMode");
    if (auto ok = check_master(master, agent); !ok) return tl::unexpected(ok.error());
    if (auto ok = check_mode(mode); !ok) return tl::unexpected(ok.error());
    // The user's own class path stays, behind the shim's; of two settings Spark takes the later one.
    const auto theirs =
        option.name == "--driver-class-path" ? option.value() : value_of_conf(option, class_path_key);
    if (!theirs.empty()) option.word->insert(option.word->size() - theirs.size(), class_path + ":");
  }
  plan.argv = {command.front()};
  for (std::string& word : settings_for(agent, class_path)) plan.argv.push_back(std::move(word));
  plan.argv.insert(plan.argv.end(), command.begin() + 1, command.end());
  return plan;
}

}  // namespace outrigger::launch
