// The Http port on libcurl's multi interface: one multi per lane, both on the loop. Credentials are added here and
// never leave: no text, log or metric holds a token or a key.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "agent/config/cluster.h"
#include "agent/core/limits.h"
#include "agent/core/result.h"
#include "agent/ports/http.h"

namespace outrigger::metrics {
class Catalog;
}
namespace outrigger::ports {
class Log;
}

namespace outrigger::io {

class AsioLoop;

struct HttpOptions {
  config::Cluster cluster;
  config::Server server;
  std::string user_agent = "outrigger-agent/0.0.0 (linux/amd64)";
  std::size_t write_connections = core::limits::creates_in_flight;  // HTTP/1.1; over HTTP/2 as many streams
  std::size_t turn_bytes = core::limits::loop_turn_bytes;  // delivered before other handlers get a turn
};

// "outrigger-agent/VERSION (linux/amd64)"
std::string user_agent(const std::string& program, const std::string& version);

class CurlHttp final : public ports::Http {
 public:
  // Reads the credentials' files once: what is missing or unreadable is one line. Log and metrics may be null; all
  // must outlive it.
  static Result<std::unique_ptr<CurlHttp>> open(AsioLoop& loop, HttpOptions options, ports::Log* log,
                                                metrics::Catalog* metrics);
  ~CurlHttp() override;  // nobody is told

  ports::ExchangeId start(ports::Lane lane, kube::Request request, ports::HttpSink& sink) override;
  void cancel(ports::ExchangeId id) override;
  void reload_credentials() override;

  std::size_t open_exchanges() const;

 private:
  struct Impl;
  explicit CurlHttp(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrigger::io
