// A kubeconfig as it is written: the named entries, nothing resolved. Used by this room only.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "agent/config/cluster.h"
#include "agent/core/result.h"

namespace outrigger::config {

struct Kubeconfig {
  struct Server {
    std::string url, tls_server_name, proxy_url;
    Pem ca;
    bool insecure = false;
  };
  struct User {
    std::string token, token_file;
    Pem certificate, key;
    std::string unsupported;  // what of it can't be used, for a text
  };
  struct Context {
    std::string cluster, user, name_space;
  };
  std::map<std::string, Server> clusters;
  std::map<std::string, User> users;
  std::map<std::string, Context> contexts;
  std::string current_context;
};

// Relative paths become absolute, seen from the file. Errors name FILE:LINE and never show a value that may be secret.
Result<Kubeconfig> parse_kubeconfig(const std::string& text, const std::string& file);
// What `first` does not have, from `second`: as kubectl merges.
void merge(Kubeconfig& first, Kubeconfig second);
Result<Cluster> resolve(const Kubeconfig& config, const std::string& context, const std::string& source);

}  // namespace outrigger::config
