// The whole server in one object: for the program and for tests in one process.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "tests/apiserver/config.h"

namespace outrigger::apiserver {

class Server {
 public:
  // Listens at once, answers from run() on. Throws std::runtime_error.
  explicit Server(Config config);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  std::string url() const;
  const std::string& ca_pem() const;
  const std::string& ca_file() const;
  std::string kubeconfig(const std::string& token, const std::string& name_space) const;

  // Replaces the fault script; before run(), or through POST /_control/faults. Throws YamlProblem.
  void load_faults(const std::string& yaml, const std::string& file);

  void run();   // until stop(); the calling thread serves
  void stop();  // from any thread
  void stop_at_signals();
  void stop_at_end_of(int descriptor);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrigger::apiserver
