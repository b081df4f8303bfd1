// The programs of a run as a test wants them: API server, agent, and the server's own account of what was done.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/processes.h"

namespace outrigger::test {

struct HttpAnswer {
  long code = 0;  // 0: no answer
  std::string body;
};
// Plain or TLS, whatever certificate; for tests that ask our own programs on the loopback.
HttpAnswer http(const std::string& method, const std::string& url, const std::string& body = {},
                const std::vector<std::string>& headers = {});

inline constexpr const char* name_space = "spark";
inline constexpr const char* application = "spark-process";

// One cluster, one user, one context.
struct Kubeconfig {
  std::string server;
  std::string token;
  std::string authority_file;  // empty: the system's
  std::string name_space = "spark";
};
std::string to_yaml(const Kubeconfig& config);
// Only the owner may read it.
void write_kubeconfig(const std::string& path, const Kubeconfig& config);

// outrigger-apiserver, ready. Plain without tokens unless `arguments` say otherwise.
class ApiServer {
 public:
  struct Options {
    std::string folder;  // for its kubeconfig and configuration
    bool tls = false;    // with tokens; kubeconfig() has one with all rights
    std::string config;  // YAML, see tests/apiserver/README.md
    std::string faults;  // YAML
    std::vector<std::string> arguments;
  };
  explicit ApiServer(const Options& options);

  const std::string& url() const { return url_; }
  const std::string& kubeconfig() const { return kubeconfig_; }
  Process& process() { return process_; }
  // Throws unless the answer is 2xx. The target begins with a slash.
  std::string get(const std::string& target) const { return ask("GET", target, {}); }
  std::string post(const std::string& target, const std::string& body = {}) const {
    return ask("POST", target, body);
  }
  // Every request since the start, by the server's own record (JSON).
  std::string record() const { return get("/_control/record"); }

 private:
  std::string ask(const std::string& method, const std::string& target, const std::string& body) const;
  Process process_;
  std::string url_, kubeconfig_, token_;
};

struct AgentOptions {
  std::string kubeconfig;
  std::string run_dir, lock_dir;
  std::string application = test::application;
  std::optional<std::string> listen;  // "127.0.0.1:0": see admin_url()
  std::vector<std::string> arguments;
};
Launch agent_launch(const AgentOptions& options);
// Waits for the line that says so; of an agent with `listen`.
std::string admin_url(Process& agent);

}  // namespace outrigger::test
