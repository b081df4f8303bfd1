#include <filesystem>
#include <set>
#include <vector>

#include "bench/creates/contestants.h"
#include "bench/support/peer.h"
#include "bench/support/program.h"
#include "outrigger/shim.h"
#include "shim/examples/pod_renderer.h"

namespace outrigger::bench {
namespace {

constexpr std::int64_t patience_ns = 60'000'000'000;

void must(outrigger_code code, const char* what) {
  if (code != OUTRIGGER_OK) give_up(std::string(what) + ": " + outrigger_code_name(code));
}

// The least driver that can hold a target: no colours, no commands, only the two counts that are timed.
class Driver {
 public:
  explicit Driver(const std::string& run_directory) {
    outrigger_options wanted{};
    wanted.struct_size = sizeof wanted;
    wanted.run_directory = run_directory.c_str();
    wanted.application_id = application;
    wanted.client_version = "bench";
    char error[256] = "";
    if (outrigger_open(&wanted, &session_, error, sizeof error) != OUTRIGGER_OK) give_up(error);
    outrigger_policy policy;
    outrigger_policy_defaults(&policy);
    must(outrigger_post_policy(session_, &policy, nullptr), "policy");
    for (std::uint32_t digits = 1; digits <= 4; ++digits) post_template(digits);
    must(outrigger_post_target(session_, 0, 0, nullptr), "target");
  }
  ~Driver() { outrigger_close(session_); }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  void target(std::uint32_t executors) {
    must(outrigger_post_target(session_, 0, executors, nullptr), "target");
  }

  void turn() {
    outrigger_wait(session_, 100);
    for (std::size_t count = 1; count != 0;) {
      must(outrigger_read_changes(session_, changes_.data(), changes_.size(), &count), "read");
      known_.clear();
      for (std::size_t i = 0; i < count; ++i) take(changes_[i]);
      if (!known_.empty())
        must(outrigger_post_known(session_, known_.data(), known_.size(), nullptr, 0, nullptr), "known");
      if (count != 0) must(outrigger_post_ack(session_, changes_[count - 1].sequence), "ack");
    }
  }

  bool synced() const {
    outrigger_state state{};
    state.struct_size = sizeof state;
    outrigger_read_state(session_, &state);
    return state.session == OUTRIGGER_SESSION_ATTACHED && state.synced != 0 && state.unsent == 0;
  }
  std::size_t created() const { return created_.size(); }
  std::size_t running() const { return running_.size(); }

 private:
  void take(const outrigger_change& change) {
    if (change.state == OUTRIGGER_EXECUTOR_PENDING || change.state == OUTRIGGER_EXECUTOR_RUNNING)
      created_.insert(change.executor_id);
    if (change.state == OUTRIGGER_EXECUTOR_RUNNING && running_.insert(change.executor_id).second)
      known_.push_back(change.executor_id);
    if (change.state == OUTRIGGER_EXECUTOR_CREATE_FAILED)
      give_up("executor " + std::to_string(change.executor_id) + " could not be created");
  }

  void post_template(std::uint32_t digits) {
    std::string pods[2];
    outrigger_sample samples[2]{};
    for (std::uint32_t i = 0; i < 2; ++i) {
      samples[i].executor_id = example::sample_id(digits, i + 1);
      pods[i] = example::render_pod(application, example::resource_profile(0), samples[i].executor_id);
      samples[i].pod = {pods[i].data(), pods[i].size()};
    }
    outrigger_template wanted{};
    wanted.struct_size = sizeof wanted;
    wanted.revision = 1;
    wanted.id_digits = digits;
    wanted.samples = samples;
    wanted.sample_count = 2;
    must(outrigger_post_template(session_, &wanted, nullptr), "template");
  }

  outrigger_session* session_ = nullptr;
  std::vector<outrigger_change> changes_ = std::vector<outrigger_change>(1024);
  std::set<std::uint64_t> created_, running_;
  std::vector<std::uint64_t> known_;
};

}  // namespace

AgentTimes run_product(const std::string& kubeconfig, const std::string& directory, std::uint32_t creates) {
  for (const char* part : {"/run", "/lock"}) std::filesystem::create_directories(directory + part);
  Program agent(
      "outrigger-agent",
      {"--kubeconfig", kubeconfig, "--namespace", "spark", "--application-id", application, "--run-dir",
       directory + "/run", "--lock-dir", directory + "/lock", "--listen", "127.0.0.1:0"},
      directory + "/agent.log");
  const std::int64_t begin = now_ns();
  while (!std::filesystem::exists(directory + "/run/state")) {
    if (!agent.alive() || now_ns() - begin > patience_ns)
      give_up("the agent did not start; see " + directory);
  }
  Driver driver(directory + "/run");
  const auto until = [&](const char* what, auto done) {
    const std::int64_t start = now_ns();
    while (!done()) {
      driver.turn();
      if (!agent.alive() || now_ns() - start > patience_ns)
        give_up(std::string("waited in vain for ") + what + "; see " + directory + "/agent.log");
    }
    return now_ns();
  };
  until("the first sync", [&] { return driver.synced(); });
  AgentTimes times;
  const double cpu = cpu_seconds(agent.pid());
  const std::int64_t start = now_ns();
  driver.target(creates);
  const auto since = [start](std::int64_t now) { return static_cast<double>(now - start) / 1e9; };
  times.created_s = since(until("the creates", [&] { return driver.created() >= creates; }));
  times.running_s = since(until("the running pods", [&] { return driver.running() >= creates; }));
  times.agent_cpu_s = cpu_seconds(agent.pid()) - cpu;
  return times;
}

}  // namespace outrigger::bench
