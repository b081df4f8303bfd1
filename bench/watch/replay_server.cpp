#include "bench/watch/replay_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <thread>

#include "bench/support/pod_events.h"

namespace outrigger::bench {
namespace {

std::string chunk(const std::string& body) {
  char head[24];
  std::snprintf(head, sizeof head, "%zx\r\n", body.size());
  return head + body + "\r\n";
}

bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

std::vector<std::string> encode_events(std::uint64_t pods, std::size_t events) {
  constexpr PodStep steps[] = {PodStep::pending, PodStep::scheduled, PodStep::creating, PodStep::running};
  std::vector<std::string> chunks;
  chunks.reserve(events + 1);
  std::uint64_t version = 1;
  for (std::size_t i = 0; i < events; ++i) {
    const std::uint64_t id = 1 + i / 4 % pods;
    chunks.push_back(chunk(event_json(i < 4 * pods && i % 4 == 0 ? "ADDED" : "MODIFIED",
                                      {.id = id, .version = ++version, .step = steps[i % 4]})));
  }
  chunks.push_back(chunk(event_json("ADDED", {.id = marker_id, .version = ++version})));
  return chunks;
}

ReplayServer::ReplayServer(const std::vector<std::string>& chunks, const std::string& list_body)
    : pages_(4096), words_(new(pages_.data()) Words{}), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 8) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("replay server");
    std::exit(1);
  }
  port_ = ntohs(address.sin_port);
  peer_ = std::make_unique<Peer>([&] {
    for (;;) {
      const int client = accept(listener_, nullptr, nullptr);
      if (client < 0) return;
      std::thread([this, client, &chunks, &list_body] { serve(client, chunks, list_body); }).detach();
    }
  });
}

ReplayServer::~ReplayServer() {
  peer_->kill_now();
  close(listener_);
}

std::string ReplayServer::url() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

void ReplayServer::serve(int client, const std::vector<std::string>& chunks, const std::string& list_body) {
  const int on = 1;
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::string request;
  char buffer[8192];
  for (;;) {
    const ssize_t got = recv(client, buffer, sizeof buffer, 0);
    if (got <= 0) break;
    request.append(buffer, static_cast<std::size_t>(got));
    if (request.find("\r\n\r\n") == std::string::npos) continue;
    const bool watch = request.find("watch=") != std::string::npos;
    request.clear();
    if (!watch) {
      const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                               std::to_string(list_body.size()) + "\r\n\r\n";
      if (!send_all(client, head.data(), head.size()) ||
          !send_all(client, list_body.data(), list_body.size()))
        break;
      continue;
    }
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    if (!send_all(client, head.data(), head.size())) break;
    words_->watching.store(1, std::memory_order_release);
    while (words_->go.load(std::memory_order_acquire) == 0) usleep(500);
    std::string batch;  // as a server under load: several events to a segment
    for (const std::string& one : chunks) {
      batch += one;
      if (batch.size() < 64 * 1024) continue;
      if (!send_all(client, batch.data(), batch.size())) break;
      batch.clear();
    }
    send_all(client, batch.data(), batch.size());
  }
  close(client);
}

}  // namespace outrigger::bench
