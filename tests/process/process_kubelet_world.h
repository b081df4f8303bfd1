// An API server whose pods are processes, and pods of /bin/sh.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/processes_stage.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::test {

// Why this machine cannot run pods as processes; empty when it can.
std::string process_kubelet_forbidden();

class ProcessKubelet : public testing::Test {
 protected:
  void SetUp() override;
  // Another server; `images` as lines of the kubelet's configuration.
  void start(const std::vector<std::string>& arguments, const std::string& images = {}, bool tls = false);

  nlohmann::json get(const std::string& target);  // fails the test unless 200
  HttpAnswer send(const std::string& method, const std::string& target, const std::string& body = {},
                  const std::string& type = "application/json");
  void create(const std::string& plural, const nlohmann::json& object);
  nlohmann::json pod(const std::string& name) { return get(pods + name); }
  // Waits until the pod's phase is this, and returns the pod.
  nlohmann::json until(const std::string& name, const std::string& phase);
  void until_gone(const std::string& name);
  std::string log(const std::string& name, const std::string& container = "main");

  static constexpr const char* base = "/api/v1/namespaces/spark/";
  static inline const std::string pods{"/api/v1/namespaces/spark/pods/"};
  TemporaryFolder folder;
  std::unique_ptr<ApiServer> server;
};

// A container that runs a script.
nlohmann::json shell(const std::string& script, const std::string& name = "main");
nlohmann::json shell_pod(const std::string& name, const nlohmann::json& containers);
nlohmann::json mount(const std::string& volume, const std::string& path, bool read_only = false);

// Processes of this machine whose command line holds the text.
int processes_with(const std::string& text);

}  // namespace outrigger::test
