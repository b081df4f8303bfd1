// The gateway's door: loopback HTTP for the calls that Spark still makes through fabric8 (S28-S31). Loopback is not
// authentication: whoever asks must show the secret that the agent made. What is answered is the handler's business.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "agent/core/result.h"
#include "agent/io/http_server.h"

namespace outrigger::io {

struct GatewayOptions {
  std::string listen;  // 127.0.0.1:PORT; anything but loopback is refused
  std::string secret;
};

class GatewayHttp {
 public:
  static Result<std::unique_ptr<GatewayHttp>> open(AsioLoop& loop, const GatewayOptions& options,
                                                   HttpServer::Handler handler);
  ~GatewayHttp();
  std::uint16_t port() const;

 private:
  explicit GatewayHttp(std::unique_ptr<HttpServer> server);
  std::unique_ptr<HttpServer> server_;
};

// The secret of an earlier incarnation, or a new one: 256 random bits in hex. It must survive the agent, because Spark
// reads it once (S30). `shared`: the driver may run as another user, and only the pod's containers see the directory;
// otherwise the file is its owner's alone. Errors name the path.
Result<std::string> load_or_make_secret(const std::string& path, bool shared = false);

}  // namespace outrigger::io
