#include "tests/support/processes_stage.h"

#include <curl/curl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

namespace outrigger::test {
namespace {

std::size_t append(char* bytes, std::size_t one, std::size_t count, void* text) {
  static_cast<std::string*>(text)->append(bytes, one * count);
  return one * count;
}

std::string write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) throw std::runtime_error(path + " can't be written");
  return path;
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Of a YAML that a program of ours wrote: one key a line.
std::string field(const std::string& yaml, const std::string& name) {
  const auto at = yaml.find(name + ":");
  if (at == std::string::npos) return {};
  const auto begin = yaml.find_first_not_of(" \"'", at + name.size() + 1);
  return yaml.substr(begin, yaml.find_first_of("\"' \n", begin) - begin);
}

}  // namespace

HttpAnswer http(const std::string& method, const std::string& url, const std::string& body,
                const std::vector<std::string>& headers) {
  HttpAnswer answer;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), &curl_easy_cleanup);
  curl_slist* lines = nullptr;
  for (const auto& header : headers) lines = curl_slist_append(lines, header.c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> sent(lines, &curl_slist_free_all);
  CURL* h = handle.get();
  curl_easy_setopt(h, CURLOPT_URL, url.c_str());
  curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(h, CURLOPT_HTTPHEADER, lines);
  curl_easy_setopt(h, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(h, CURLOPT_USERAGENT, "test");
  curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, static_cast<long>(patience().count()));
  if (method != "GET") {
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body.c_str());
  }
  curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(h, CURLOPT_WRITEDATA, &answer.body);
  if (const CURLcode failed = curl_easy_perform(h); failed != CURLE_OK)
    return {0, curl_easy_strerror(failed)};
  curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &answer.code);
  return answer;
}

std::string to_yaml(const Kubeconfig& config) {
  std::string yaml =
      "apiVersion: v1\nkind: Config\ncurrent-context: test\nclusters:\n- name: test\n  cluster:\n"
      "    server: " +
      config.server + "\n";
  if (!config.authority_file.empty()) yaml += "    certificate-authority: " + config.authority_file + "\n";
  yaml += "users:\n- name: test\n  user:";
  yaml += config.token.empty() ? " {}\n" : "\n    token: " + config.token + "\n";
  yaml += "contexts:\n- name: test\n  context: {cluster: test, user: test, namespace: " + config.name_space +
          "}\n";
  return yaml;
}

void write_kubeconfig(const std::string& path, const Kubeconfig& config) {
  write_file(path, to_yaml(config));
  ::chmod(path.c_str(), 0600);
}

ApiServer::ApiServer(const Options& options) : kubeconfig_(options.folder + "/kubeconfig") {
  std::filesystem::create_directories(options.folder);
  Launch launch{"outrigger-apiserver",
                {"--listen", "127.0.0.1:0", "--write-kubeconfig", kubeconfig_, "--namespace", name_space},
                {},
                false};
  const auto add = [&](const std::vector<std::string>& words) {
    launch.arguments.insert(launch.arguments.end(), words.begin(), words.end());
  };
  if (!options.tls) add({"--plain", "--no-auth"});
  if (!options.config.empty())
    add({"--config", write_file(options.folder + "/apiserver.yaml", options.config)});
  if (!options.faults.empty()) add({"--faults", write_file(options.folder + "/faults.yaml", options.faults)});
  add(options.arguments);
  process_ = Process(launch);
  const std::string line = process_.out_line("listening on ");
  url_ = line.substr(line.rfind(' ') + 1);
  token_ = field(read_file(kubeconfig_), "token");
}

std::string ApiServer::ask(const std::string& method, const std::string& target,
                           const std::string& body) const {
  const auto answer = http(method, url_ + target, body, {"Authorization: Bearer " + token_});
  if (answer.code < 200 || answer.code > 299)
    throw std::runtime_error("the API server answers " + method + " " + target + " with " +
                             std::to_string(answer.code) + ": " + answer.body.substr(0, 300));
  return answer.body;
}

Launch agent_launch(const AgentOptions& options) {
  Launch launch{
      "outrigger-agent",
      {"--kubeconfig", options.kubeconfig, "--namespace", name_space, "--application-id", options.application,
       "--run-dir", options.run_dir, "--lock-dir", options.lock_dir, "--log-format", "json"},
      {},
      false};
  if (options.listen) launch.arguments.insert(launch.arguments.end(), {"--listen", *options.listen});
  launch.arguments.insert(launch.arguments.end(), options.arguments.begin(), options.arguments.end());
  return launch;
}

std::string admin_url(Process& agent) {
  // {"adminPort":"40123", ...}
  const std::string line = agent.err_line("\"adminPort\"");
  const auto at = line.find("\"adminPort\"");
  const auto begin = line.find_first_of("0123456789", at);
  return "http://127.0.0.1:" + line.substr(begin, line.find_first_not_of("0123456789", begin) - begin);
}

}  // namespace outrigger::test
