// Everything that can be set, and its YAML file.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tests/apiserver/api/access.h"
#include "tests/apiserver/api/api.h"
#include "tests/apiserver/kubelet/plan.h"
#include "tests/apiserver/kubelet/process_settings.h"

namespace outrigger::apiserver {

struct Config {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  bool plain = false;
  std::string tls_dir;       // empty: a new directory under the temporary directory
  bool open_access = false;  // no tokens asked for
  std::vector<Account> accounts;
  ApiSettings api;
  WatchSettings watch;
  KubeletSettings kubelet;
  ProcessSettings processes;  // when enabled, instead of the simulated kubelet
  Store::Window window;
  Rv first_rv = 1;
  std::uint64_t seed = 1;
  bool verbose = false;  // one line per request on stderr
};

// Overlays the file on `config`. Throws YamlProblem with "FILE:LINE: ...".
void read_config(Config& config, const std::string& yaml, const std::string& file);

// A user with all rights.
Account administrator(std::string name, std::string token);

std::string kubeconfig(const Config& config, const std::string& url, const std::string& ca_pem,
                       const std::string& token, const std::string& name_space);

}  // namespace outrigger::apiserver
