#include "agent/config/kubeconfig.h"

#include <yaml-cpp/binary.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>

#include "agent/config/server_url.h"

namespace outrigger::config {
namespace {

// Thrown inside this file only, caught by parse_kubeconfig().
struct Fault {
  std::string text;
};

class Parser {
 public:
  explicit Parser(std::string file)
      : file_(std::move(file)), folder_(std::filesystem::path(file_).parent_path()) {}

  Kubeconfig parse(const std::string& text) {
    const auto root = YAML::Load(text);
    Kubeconfig result;
    if (root.IsNull()) return result;
    if (!root.IsMap())
      throw Fault{file_ + ": is not a kubeconfig: expected a map with clusters, users and contexts"};
    result.current_context = string(root, "current-context");
    each(root, "clusters", "cluster", [&](const std::string& name, const YAML::Node& node) {
      result.clusters.emplace(name, server(node));
    });
    each(root, "users", "user", [&](const std::string& name, const YAML::Node& node) {
      result.users.emplace(name, user(node, name));
    });
    each(root, "contexts", "context", [&](const std::string& name, const YAML::Node& node) {
      result.contexts.emplace(name, Kubeconfig::Context{string(node, "cluster"), string(node, "user"),
                                                        string(node, "namespace")});
    });
    return result;
  }

 private:
  [[noreturn]] void fault(const YAML::Node& node, const std::string& text) const {
    const auto mark = node.Mark();
    throw Fault{file_ + (mark.is_null() ? "" : ":" + std::to_string(mark.line + 1)) + ": " + text};
  }

  template <class Each>
  void each(const YAML::Node& root, const char* list, const char* inside, Each&& take) const {
    const auto node = root[list];
    if (!node || node.IsNull()) return;
    if (!node.IsSequence())
      fault(node, std::string(list) + ": expected a list of entries with name and " + inside);
    for (const auto& entry : node) {
      if (!entry.IsMap()) fault(entry, std::string(list) + ": expected an entry with name and " + inside);
      const auto name = string(entry, "name");
      if (name.empty()) fault(entry, std::string(list) + ": an entry has no name");
      const auto body = entry[inside];
      if (body && !body.IsMap() && !body.IsNull())
        fault(body, std::string(inside) + " '" + name + "': expected a map");
      take(name, body && body.IsMap() ? body : YAML::Node(YAML::NodeType::Map));
    }
  }

  std::string string(const YAML::Node& map, const char* key) const {
    const auto node = map[key];
    if (!node || node.IsNull()) return {};
    if (!node.IsScalar()) fault(node, std::string(key) + ": expected text");
    return node.Scalar();
  }
  bool boolean(const YAML::Node& map, const char* key) const {
    const auto text = string(map, key);
    if (text.empty() || text == "false") return false;
    if (text != "true") fault(map[key], std::string(key) + ": expected true or false");
    return true;
  }
  std::string path(const YAML::Node& map, const char* key) const {
    const auto text = string(map, key);
    return text.empty() ? text : (folder_ / text).lexically_normal().string();
  }
  Pem pem(const YAML::Node& map, const std::string& key) const {
    const auto data_key = key + "-data";
    const auto encoded = string(map, data_key.c_str());
    if (encoded.empty()) return {{}, path(map, key.c_str())};
    const auto bytes = YAML::DecodeBase64(encoded);
    if (bytes.empty()) fault(map[data_key], data_key + ": is not base64");
    return {{bytes.begin(), bytes.end()}, {}};
  }

  Kubeconfig::Server server(const YAML::Node& node) const {
    return {string(node, "server"), string(node, "tls-server-name"), string(node, "proxy-url"),
            pem(node, "certificate-authority"), boolean(node, "insecure-skip-tls-verify")};
  }

  Kubeconfig::User user(const YAML::Node& node, const std::string& name) const {
    Kubeconfig::User result{string(node, "token"),
                            path(node, "tokenFile"),
                            pem(node, "client-certificate"),
                            pem(node, "client-key"),
                            {}};
    const bool sufficient =
        !result.token.empty() || !result.token_file.empty() || !result.certificate.empty();
    const auto refuse = [&](const std::string& what) {
      result.unsupported = "user '" + name + "' of " + file_ + " uses " + what +
                           ", which is not supported; give it a token, a tokenFile or a client certificate";
    };
    if (node["as"] || node["as-uid"] || node["as-groups"]) refuse("impersonation (as)");
    if (sufficient) return result;  // as in client-go, these come before the plug-ins
    if (node["exec"]) refuse("an exec plug-in (" + command_of(node["exec"]) + ")");
    if (node["auth-provider"]) refuse("an auth-provider");
    if (node["username"] || node["password"]) refuse("a user name and password");
    return result;
  }
  std::string command_of(const YAML::Node& exec) const { return exec.IsMap() ? string(exec, "command") : ""; }

  std::string file_;
  std::filesystem::path folder_;
};

template <class Map>
std::string names(const Map& map) {
  std::string all;
  for (const auto& [name, unused] : map) all += (all.empty() ? "" : ", ") + name;
  return all.empty() ? "none" : all;
}

Status check_cluster(const Cluster& c, const std::string& cluster_name, const std::string& user_name) {
  if (c.insecure && !c.ca.empty())
    return fail("cluster '" + cluster_name +
                "' has certificate-authority and insecure-skip-tls-verify; keep one");
  if (c.client_certificate.empty() != c.client_key.empty())
    return fail("user '" + user_name + "' has a client " + (c.client_key.empty() ? "certificate" : "key") +
                " without its " + (c.client_key.empty() ? "key" : "certificate"));
  return {};
}

}  // namespace

Result<Kubeconfig> parse_kubeconfig(const std::string& text, const std::string& file) {
  try {
    return Parser(file).parse(text);
  } catch (const Fault& fault) {
    return fail(fault.text);
  } catch (const YAML::Exception& error) {
    return fail(file + (error.mark.is_null() ? "" : ":" + std::to_string(error.mark.line + 1)) + ": " +
                error.msg);
  }
}

void merge(Kubeconfig& first, Kubeconfig second) {
  first.clusters.merge(second.clusters);
  first.users.merge(second.users);
  first.contexts.merge(second.contexts);
  if (first.current_context.empty()) first.current_context = std::move(second.current_context);
}

Result<Cluster> resolve(const Kubeconfig& config, const std::string& wanted, const std::string& source) {
  const auto& name = wanted.empty() ? config.current_context : wanted;
  if (name.empty())
    return fail(source +
                ": has no current-context; choose one with --context; there are: " + names(config.contexts));
  const auto context = config.contexts.find(name);
  if (context == config.contexts.end())
    return fail(source + ": there is no context '" + name + "'; there are: " + names(config.contexts));
  const auto& [cluster_name, user_name, name_space] = context->second;
  const auto server = config.clusters.find(cluster_name);
  if (server == config.clusters.end())
    return fail(source + ": context '" + name + "' names the cluster '" + cluster_name +
                "', which is not there; there are: " + names(config.clusters));
  const auto user = config.users.find(user_name);
  if (!user_name.empty() && user == config.users.end())
    return fail(source + ": context '" + name + "' names the user '" + user_name +
                "', which is not there; there are: " + names(config.users));

  Cluster c;
  c.source = source + ", context " + name;
  if (server->second.url.empty()) return fail(source + ": cluster '" + cluster_name + "' has no server");
  auto url = parse_server_url(server->second.url);
  if (!url)
    return fail(source + ": cluster '" + cluster_name + "': server is '" + server->second.url +
                "': " + url.error().text);
  c.server = url->text();
  c.ca = server->second.ca;
  c.insecure = server->second.insecure;
  c.tls_server_name = server->second.tls_server_name;
  c.proxy_url = server->second.proxy_url;
  c.name_space = name_space.empty() ? "default" : name_space;
  if (user != config.users.end()) {
    if (!user->second.unsupported.empty()) return fail(user->second.unsupported);
    c.token = user->second.token;
    c.token_file = user->second.token_file;
    c.client_certificate = user->second.certificate;
    c.client_key = user->second.key;
  }
  if (auto ok = check_cluster(c, cluster_name, user_name); !ok) return fail(source + ": " + ok.error().text);
  return c;
}

}  // namespace outrigger::config
