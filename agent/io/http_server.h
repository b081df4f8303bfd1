// A small HTTP/1.1 server for the agent's own endpoints: bounded in connections, header, body and time. Loop thread
// only. What it answers is its handler's business.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/core/result.h"
#include "agent/core/time.h"

namespace outrigger::io {

class AsioLoop;

struct HttpServerOptions {
  std::string key;     // of the configuration, for errors: "admin.listen"
  std::string listen;  // as ListenAddress
  bool loopback_only = false;
  std::size_t connections = 64;
  std::size_t header_bytes = 8192;
  std::size_t body_bytes = 0;
  core::Millis idle_timeout{30'000};
};

struct HttpQuestion {
  std::string method, target, content_type, authorization, body;
};

struct HttpReply {
  unsigned code = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

class HttpServer {
 public:
  // `answer` must be called exactly once, now or later on the loop; after the connection or the server is gone it does
  // nothing. HEAD reaches the handler as HEAD; its body is not sent.
  using Answer = std::function<void(HttpReply)>;
  using Handler = std::function<void(HttpQuestion, Answer)>;
  static Result<std::unique_ptr<HttpServer>> open(AsioLoop& loop, HttpServerOptions options, Handler handler);
  ~HttpServer();
  std::uint16_t port() const;

 private:
  struct Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace outrigger::io
