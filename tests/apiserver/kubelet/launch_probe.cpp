#include "tests/apiserver/kubelet/launch_probe.h"

#include <netdb.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace outrigger::apiserver {
namespace {

// The alarm ends a probe that takes too long, as a failure.
void limit(const char* timeout_ms) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  const long ms = std::max(1L, std::strtol(timeout_ms, nullptr, 10));
  const itimerval time{.it_interval = {}, .it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};
  ::setitimer(ITIMER_REAL, &time, nullptr);
}

int connect_to(const char* host, const char* port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host, port, &hints, &found) != 0) return -1;
  int socket = -1;
  for (const addrinfo* at = found; at != nullptr && socket < 0; at = at->ai_next) {
    socket = ::socket(at->ai_family, at->ai_socktype, at->ai_protocol);
    if (socket >= 0 && ::connect(socket, at->ai_addr, at->ai_addrlen) != 0) {
      ::close(socket);
      socket = -1;
    }
  }
  ::freeaddrinfo(found);
  return socket;
}

}  // namespace

int probe_http(int argc, char** argv) {
  if (argc != 6) return 2;
  limit(argv[5]);
  const int socket = connect_to(argv[2], argv[3]);
  if (socket < 0) return 1;
  const std::string request = std::string("GET ") + argv[4] + " HTTP/1.1\r\nHost: " + argv[2] + ":" +
                              argv[3] +
                              "\r\nUser-Agent: kube-probe/1.34\r\nAccept: */*\r\nConnection: close\r\n\r\n";
  if (::send(socket, request.data(), request.size(), 0) < 0) return 1;
  std::string answer;
  char bytes[512];
  while (answer.size() < 12) {
    const ssize_t count = ::recv(socket, bytes, sizeof bytes, 0);
    if (count <= 0) return 1;
    answer.append(bytes, static_cast<std::size_t>(count));
  }
  if (!answer.starts_with("HTTP/1.")) return 1;
  const long status = std::strtol(answer.c_str() + 9, nullptr, 10);
  return status >= 200 && status < 400 ? 0 : 1;
}

int probe_tcp(int argc, char** argv) {
  if (argc != 5) return 2;
  limit(argv[4]);
  return connect_to(argv[2], argv[3]) >= 0 ? 0 : 1;
}

}  // namespace outrigger::apiserver
