#include "agent/config/cluster.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "agent/config/kubeconfig.h"
#include "agent/config/server_url.h"

namespace outrigger::config {
namespace {

std::string value(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

Result<std::string> read_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return fail(path + ": is a directory");
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(path + ": can't be read; check the path and its permissions");
  return std::string{std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::string Cluster::host() const {
  const auto url = parse_server_url(server);
  return url ? url->host + ":" + url->port : "unknown";
}

std::string describe_account(const Cluster& c) {
  if (!c.token_file.empty()) return "the token of " + c.token_file;
  if (!c.token.empty()) return "the token in " + c.source;
  if (!c.client_certificate.file.empty()) return "the client certificate " + c.client_certificate.file;
  if (!c.client_certificate.empty()) return "the client certificate in " + c.source;
  return "no credentials";
}

std::string describe_authorities(const Cluster& c) {
  if (c.insecure) return "no authority";
  if (!c.ca.file.empty()) return c.ca.file;
  return c.ca.empty() ? "the system's authorities" : "the certificate-authority-data in " + c.source;
}

std::string describe(const Cluster& c) {
  return c.server + " (" + c.source + "; " + describe_account(c) + "; " + describe_authorities(c) + ")";
}

Result<Cluster> in_cluster(const Environment& environment, const std::string& directory) {
  auto host = value(environment, "KUBERNETES_SERVICE_HOST");
  const auto port = value(environment, "KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty())
    return fail(
        "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not both set; pass "
        "--kubeconfig");
  if (host.find(':') != host.npos && host.front() != '[') host = "[" + host + "]";
  auto url = parse_server_url("https://" + host + ":" + port);
  if (!url)
    return fail("KUBERNETES_SERVICE_HOST is '" + host + "', KUBERNETES_SERVICE_PORT '" + port +
                "': " + url.error().text);
  Cluster c;
  c.server = url->text();
  c.source = "in-cluster";
  c.token_file = directory + "/token";
  c.ca.file = directory + "/ca.crt";
  for (const auto& file : {c.token_file, c.ca.file})
    if (!exists(file))
      return fail(file +
                  ": is not there; mount a service account token with ca.crt in the agent's container");
  if (auto text = read_file(directory + "/namespace")) {
    c.name_space = *text;
    while (!c.name_space.empty() && static_cast<unsigned char>(c.name_space.back()) <= ' ')
      c.name_space.pop_back();
  }
  return c;
}

Result<Cluster> load_kubeconfig(const std::string& paths, const std::string& context) {
  const bool several = paths.find(':') != paths.npos;
  Kubeconfig merged;
  bool any = false;
  std::istringstream in(paths);
  for (std::string path; std::getline(in, path, ':');) {
    if (path.empty() || (several && !exists(path)))
      continue;  // kubectl leaves absent ones of a list out, too
    auto text = read_file(path);
    if (!text) return fail(text.error().text);
    auto parsed = parse_kubeconfig(*text, path);
    if (!parsed) return fail(parsed.error().text);
    merge(merged, std::move(*parsed));
    any = true;
  }
  if (!any) return fail(paths + ": none of these files is there");
  return resolve(merged, context, paths);
}

Result<Cluster> find_cluster(const Server& server, const Environment& environment) {
  if (!server.kubeconfig.empty()) return load_kubeconfig(server.kubeconfig, server.context);
  if (const auto paths = value(environment, "KUBECONFIG"); !paths.empty())
    return load_kubeconfig(paths, server.context);
  if (!value(environment, "KUBERNETES_SERVICE_HOST").empty()) return in_cluster(environment);
  if (const auto home = value(environment, "HOME"); !home.empty() && exists(home + "/.kube/config"))
    return load_kubeconfig(home + "/.kube/config", server.context);
  return fail(
      "no API server: not in a cluster (KUBERNETES_SERVICE_HOST is not set), KUBECONFIG is not set and "
      "~/.kube/config is not there; pass --kubeconfig FILE");
}

}  // namespace outrigger::config
