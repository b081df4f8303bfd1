// A server in this process with the state that an exchange needs.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "tests/apiserver/server.h"
#include "tests/conformance/client.h"
#include "tests/support/transcript.h"

namespace outrigger::conformance {

class World {
 public:
  explicit World(const std::string& config_yaml = {});
  ~World();

  std::uint16_t port() const { return server_->port(); }
  void stop();
  Answer ask(const Question& question);  // as administrator
  Answer get(const std::string& target) {
    return ask({.method = "GET", .target = target, .headers = {}, .body = {}});
  }
  Answer post(const std::string& target, const std::string& body);
  void load_faults(const std::string& yaml);

  // Posts an executor as the recording did; annotations as JSON members.
  void pod(const std::string& app, int id, const std::string& annotations = {});
  // Waits for the pod's phase by reading a watch.
  void until(const std::string& app, int id, const std::string& phase);
  void running(const std::string& app, int count);
  std::string field(const std::string& app, int id, const std::string& metadata_member);
  std::string rv();  // newest, as a list says
  void compact();

  // The recorded request, for this server: texts are replaced in target and body.
  Question question(const support::Transcript& transcript,
                    const std::map<std::string, std::string>& replace = {}) const;

 private:
  std::unique_ptr<apiserver::Server> server_;
  std::thread thread_;
};

std::string executor_body(const std::string& app, int id, const std::string& annotations);

}  // namespace outrigger::conformance
