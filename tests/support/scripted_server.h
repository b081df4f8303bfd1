// A loopback HTTPS server that does what a test tells it, connection by connection: answer, cut, reset, say nothing. It
// blocks on its own threads; nothing in it sleeps.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/test_tls.h"

namespace outrigger::test {

struct HeardRequest {
  std::string method, target, body;
  std::map<std::string, std::string> headers;  // names in lower case
};

class Line {
 public:
  virtual ~Line() = default;
  // false: the handshake failed. Without TLS: true.
  virtual bool handshake() = 0;
  virtual std::optional<HeardRequest> read() = 0;  // nullopt: the client has closed
  virtual bool write(std::string_view bytes) = 0;
  virtual void hold() = 0;                             // until the client or the test is done
  virtual void reset() = 0;                            // a TCP RST instead of a clean end
  virtual const std::string& client_name() const = 0;  // common name of the client's certificate

  bool answer(unsigned code, std::string_view body, const std::string& more_headers = "");
};

class ScriptedServer {
 public:
  // `number` counts connections from 0. When the script returns the connection is closed, cleanly unless reset.
  using Script = std::function<void(Line& line, int number)>;
  struct Options {
    std::optional<Identity> identity;  // none: plain HTTP
    std::string client_authority;      // PEM: a client certificate is demanded
  };
  ScriptedServer(Options options, Script script);
  ~ScriptedServer();

  std::uint16_t port() const;
  std::string url() const;
  int connections() const;
  void replace_identity(const Identity& identity);  // for connections to come

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrigger::test
