// The endpoints on the pod IP: /startupz /livez /readyz (/healthz = /livez) with ?verbose and ?exclude=NAME, and
// /metrics. GET and HEAD only; everything else is 404 or 405. Bounded in connections, header bytes and time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "agent/core/result.h"
#include "agent/core/time.h"
#include "agent/io/health_checks.h"

namespace outrigger::io {

class AsioLoop;
class HttpServer;

struct AdminOptions {
  std::string listen;  // ADDRESS:PORT, [V6]:PORT or :PORT; port 0: any
  std::size_t connections = 64;
  std::size_t header_bytes = 8192;
  core::Millis idle_timeout{30'000};
};

class AdminHttp {
 public:
  // `metrics` renders the page, on the loop.
  static Result<std::unique_ptr<AdminHttp>> open(AsioLoop& loop, AdminOptions options, HealthChecks checks,
                                                 std::function<std::string()> metrics);
  ~AdminHttp();
  std::uint16_t port() const;

 private:
  explicit AdminHttp(std::unique_ptr<HttpServer> server);
  std::unique_ptr<HttpServer> server_;
};

}  // namespace outrigger::io
