// bench_creates: 1,000 executors at a create latency of 20, 100 and 300 ms, by the real agent and shim against
// the embedded API server over TLS; beside a bare load generator and beside the latency alone.
#include <curl/curl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/core/limits.h"
#include "bench/creates/contestants.h"
#include "bench/support/peer.h"
#include "bench/support/program.h"
#include "bench/support/report.h"

namespace {

using namespace outrigger;
using namespace outrigger::bench;

constexpr const char* token = "bench-token";

// A server of its own for each contestant: neither finds the pods of the other.
class Stand {
 public:
  Stand(const std::string& directory, int latency_ms)
      : directory_(directory),
        server_("outrigger-apiserver", arguments(directory, latency_ms), directory + "/server.log") {
    const std::int64_t begin = now_ns();
    while (!std::filesystem::exists(directory + "/ready") || url().empty()) {
      if (!server_.alive() || now_ns() - begin > 20'000'000'000) give_up("the API server did not start");
      usleep(1000);
    }
  }
  std::string url() const {
    std::string line;
    std::ifstream(directory_ + "/ready") >> line;
    return line;
  }
  Server server() const { return {url(), token, directory_ + "/tls/ca.crt"}; }
  std::string kubeconfig() const { return directory_ + "/kubeconfig"; }

 private:
  static std::vector<std::string> arguments(const std::string& directory, int latency_ms) {
    std::filesystem::create_directories(directory + "/tls");
    std::ofstream(directory + "/faults.yaml") << "latency: {create: " << latency_ms << "ms}\n";
    return {"--token",      std::string("bench=") + token, "--tls-dir",          directory + "/tls",
            "--faults",     directory + "/faults.yaml",    "--write-kubeconfig", directory + "/kubeconfig",
            "--ready-file", directory + "/ready"};
  }

  std::string directory_;
  Program server_;
};

}  // namespace

int main(int argc, char** argv) {
  Report report("creates", argc, argv);
  const std::uint32_t creates = report.quick() ? 50 : 1'000;
  const int rounds = report.quick() ? 1 : 3;
  constexpr auto at_a_time = static_cast<std::uint32_t>(core::limits::creates_in_flight);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  char root[] = "/dev/shm/outrigger-bench-XXXXXX";
  if (mkdtemp(root) == nullptr) give_up("no temporary directory in /dev/shm");
  for (const int latency_ms : {20, 100, 300}) {
    std::vector<double> bare, created, running, cpu;
    for (int round = 0; round < rounds; ++round) {
      const std::string place =
          std::string(root) + "/" + std::to_string(latency_ms) + "-" + std::to_string(round);
      {
        const Stand stand(place + "-bare", latency_ms);
        bare.push_back(generate(stand.server(), creates, at_a_time));
      }
      const Stand stand(place + "-agent", latency_ms);
      const AgentTimes times = run_product(stand.kubeconfig(), place + "-agent", creates);
      created.push_back(times.created_s);
      running.push_back(times.running_s);
      cpu.push_back(times.agent_cpu_s);
    }
    const std::string what = std::to_string(creates) + " creates at " + std::to_string(latency_ms) + " ms, ";
    const double ideal = latency_ms / 1e3 * ((creates + at_a_time - 1) / at_a_time);  // whole waves
    report.add({.name = what + "target to all seen",
                .value = percentile(created, 0.5),
                .unit = "s",
                .reference = "bare libcurl, 256 at a time",
                .reference_value = percentile(bare, 0.5),
                .goal = 1.25});
    report.add({.name = what + "target to all seen",
                .value = percentile(created, 0.5),
                .unit = "s",
                .reference = "latency x waves of 256",
                .reference_value = ideal,
                .goal = 1.3});
    report.add({.name = what + "target to all running", .value = percentile(running, 0.5), .unit = "s"});
    report.add({.name = what + "CPU of the agent per executor",
                .value = percentile(cpu, 0.5) / creates * 1e3,
                .unit = "ms"});
  }
  std::filesystem::remove_all(root);
  return report.finish();
}
