// Which API server, whom to trust and who we are, from a kubeconfig or from the pod's service account.
#pragma once
#include <string>

#include "agent/config/load.h"
#include "agent/core/result.h"

namespace outrigger::config {

// Text or the path of a file that is read again when it changes; at most one of the two.
struct Pem {
  std::string data;
  std::string file;
  bool empty() const { return data.empty() && file.empty(); }
};

// Never printed whole: describe() says it without secrets.
struct Cluster {
  std::string server;  // https://HOST:PORT[/PREFIX], no slash at the end
  Pem ca;              // empty: the system's authorities
  bool insecure = false;
  std::string tls_server_name;  // empty: the host of `server`
  Pem client_certificate;
  Pem client_key;
  std::string token;
  std::string token_file;  // over `token`; read again when it changes
  std::string proxy_url;   // http, https or socks5; the environment's proxies are never used
  std::string name_space;  // of the context or the service account; may be empty
  std::string source;      // what it came from, for texts: "in-cluster", "/home/u/.kube/config, context dev"

  std::string host() const;  // HOST:PORT, for metrics
};
std::string describe(const Cluster& cluster);
// "the token of FILE", "client certificate FILE", "no credentials": who we are to the server.
std::string describe_account(const Cluster& cluster);
// Who may have signed the server's certificate: a file, "the system's authorities".
std::string describe_authorities(const Cluster& cluster);

// KUBERNETES_SERVICE_HOST and _PORT, and token, ca.crt and namespace of `directory`.
Result<Cluster> in_cluster(const Environment& environment,
                           const std::string& directory = "/var/run/secrets/kubernetes.io/serviceaccount");

// `paths`: one file, or a list with colons, merged first-wins as kubectl does. An empty context: current-context.
Result<Cluster> load_kubeconfig(const std::string& paths, const std::string& context);

// server.kubeconfig, else KUBECONFIG, else in-cluster if the variables are there, else ~/.kube/config.
Result<Cluster> find_cluster(const Server& server, const Environment& environment);

}  // namespace outrigger::config
