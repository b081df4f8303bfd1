#include "agent/io/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace outrigger::io {
namespace {

constexpr int backlog = 64;

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_storage storage;
};

socklen_t size_of(const Address& address) {
  return address.any.sa_family == AF_INET6 ? sizeof(address.v6) : sizeof(address.v4);
}

bool is_loopback(const Address& address) {
  if (address.any.sa_family == AF_INET) return (ntohl(address.v4.sin_addr.s_addr) >> 24) == 127;
  return IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr);
}

bool parse(std::string host, std::uint16_t port, Address& out) {
  out = {};
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (inet_pton(AF_INET, host.c_str(), &out.v4.sin_addr) == 1) {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(port);
    return true;
  }
  out = {};
  out.v6.sin6_family = AF_INET6;
  out.v6.sin6_port = htons(port);
  return host.empty() || inet_pton(AF_INET6, host.c_str(), &out.v6.sin6_addr) == 1;
}

// Every address of a kernel that has no IPv6.
Address any_v4(std::uint16_t port) {
  Address out{};
  out.v4.sin_family = AF_INET;
  out.v4.sin_port = htons(port);
  return out;
}

}  // namespace

Listener::~Listener() {
  if (fd_ >= 0) close(fd_);
}

Listener::Listener(Listener&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), v6_(other.v6_), port_(other.port_) {}

int Listener::release() {
  return std::exchange(fd_, -1);
}

Result<Listener> Listener::open(const ListenAddress& wanted) {
  const auto refuse = [&](const std::string& why) {
    return fail(wanted.key + " is '" + wanted.listen + "': " + why);
  };
  const auto failed = [&](const char* what) {
    return refuse(std::string(what) + ": " + std::strerror(errno));
  };
  const auto colon = wanted.listen.rfind(':');
  if (colon == wanted.listen.npos) return refuse("expected ADDRESS:PORT or :PORT");
  const std::string host = wanted.listen.substr(0, colon);
  const unsigned long number = std::strtoul(wanted.listen.c_str() + colon + 1, nullptr, 10);
  Listener made;
  if (host == "fd") {
    int listening = 0;
    socklen_t size = sizeof(listening);
    const int fd = static_cast<int>(number);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0)
      return refuse("that descriptor is no listening socket");
    made.fd_ = fd;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  } else {
    const auto port = static_cast<std::uint16_t>(number);
    Address address{};
    if (!parse(host, port, address)) return refuse("the address is no IP address");
    made.fd_ = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made.fd_ < 0 && host.empty()) {
      address = any_v4(port);
      made.fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    }
    if (made.fd_ < 0) return failed("socket");
    if (wanted.loopback_only && !is_loopback(address))
      return refuse("only a loopback address is safe here; use 127.0.0.1");
    const int on = 1, off = 0;
    setsockopt(made.fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address.any.sa_family == AF_INET6) setsockopt(made.fd_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(made.fd_, &address.any, size_of(address)) != 0) return failed("bind");
    if (listen(made.fd_, backlog) != 0) return failed("listen");
  }
  Address bound{};
  socklen_t size = sizeof(bound);
  if (getsockname(made.fd_, &bound.any, &size) != 0) return failed("getsockname");
  if (wanted.loopback_only && !is_loopback(bound))
    return refuse("only a loopback address is safe here; use 127.0.0.1");
  made.v6_ = bound.any.sa_family == AF_INET6;
  made.port_ = ntohs(made.v6_ ? bound.v6.sin6_port : bound.v4.sin_port);
  return made;
}

}  // namespace outrigger::io
