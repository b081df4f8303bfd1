// A listening TCP socket: bound to ADDRESS:PORT, or inherited. An inherited one outlives its agent, so that who connects
// while a killed agent is started again waits in the backlog instead of being refused.
#pragma once
#include <cstdint>
#include <string>

#include "agent/core/result.h"

namespace outrigger::io {

struct ListenAddress {
  std::string key;     // of the configuration, for errors: "admin.listen"
  std::string listen;  // ADDRESS:PORT, [V6]:PORT, :PORT (port 0: any), or fd:N for the inherited descriptor N
  bool loopback_only = false;
};

class Listener {
 public:
  // Errors name the key and its value.
  static Result<Listener> open(const ListenAddress& address);
  ~Listener();
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&&) = delete;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int fd() const { return fd_; }  // close-on-exec
  int release();                  // the caller closes it
  bool v6() const { return v6_; }
  std::uint16_t port() const { return port_; }

 private:
  Listener() = default;
  int fd_ = -1;
  bool v6_ = false;
  std::uint16_t port_ = 0;
};

}  // namespace outrigger::io
