// The driver's end of `agent.sock`.
#include <poll.h>
#include <sys/socket.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "ipc/socket_packets.h"

namespace outrigger::ipc {
namespace {

// Until readable or the deadline; false at the deadline.
bool wait_readable(int fd, std::int64_t deadline_ns) {
  for (;;) {
    const std::int64_t left = deadline_ns - monotonic_ns();
    if (left <= 0) return false;
    pollfd entry{fd, POLLIN, 0};
    const int r = poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left / 1'000'000 + 1, 60'000)));
    if (r > 0) return true;
  }
}

// One packet; *passed gets the descriptor that came with it, if exactly one did.
ssize_t receive_answer(int socket, AnswerPacket& answer, Fd& passed) {
  iovec part{&answer, sizeof answer};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  const cmsghdr* header = got > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int))) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    passed = Fd(fd);
  }
  return got;
}

}  // namespace

Outcome<DriverConnection> connect_agent(const std::string& path, std::uint64_t generation,
                                        std::int64_t timeout_ns) {
  const std::int64_t deadline = monotonic_ns() + timeout_ns;
  const auto address = socket_address(path);
  if (!address) return address.failure();
  DriverConnection connection;
  connection.socket = Fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const int fd = connection.socket.get();
  if (!connection.socket) return system_failure("socket", errno);
  // The agent accepts without delay or is hung; then a full backlog is what connect() would wait for.
  timeval limit{};
  limit.tv_sec = static_cast<time_t>(timeout_ns / 1'000'000'000);
  limit.tv_usec = static_cast<suseconds_t>(std::max<std::int64_t>(timeout_ns % 1'000'000'000 / 1000, 1));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address.value()), sizeof(sockaddr_un)) != 0) {
    return system_failure("can't connect to " + path, errno,
                          errno == EAGAIN ? Reason::stale : Reason::no_socket);
  }
  const HelloPacket hello = make_hello(generation);
  if (send(fd, &hello, sizeof hello, MSG_NOSIGNAL) != static_cast<ssize_t>(sizeof hello)) {
    // The agent may have refused already; its answer says more than EPIPE.
    if (errno != EPIPE && errno != ECONNRESET)
      return system_failure("can't send to " + path, errno, Reason::no_socket);
  }
  if (!wait_readable(fd, deadline)) {
    return Failure{Reason::stale,
                   "no answer on " + path + " within " + std::to_string(timeout_ns / 1'000'000) + " ms"};
  }
  AnswerPacket answer;
  Fd passed;
  const ssize_t got = receive_answer(fd, answer, passed);
  if (got <= 0) return Failure{Reason::no_socket, path + " was closed without an answer"};
  if (got != static_cast<ssize_t>(sizeof answer) || answer.magic != answer_magic) {
    return Failure{Reason::wrong_magic, path + " does not speak this protocol"};
  }
  if (answer.reason != 0) {
    const auto size = std::min<std::size_t>(answer.text_bytes, sizeof answer.text);
    return Failure{static_cast<Reason>(std::min<std::uint32_t>(answer.reason, 255)),
                   std::string(answer.text, size)};
  }
  if (!passed) return Failure{Reason::refused, path + " sent no command queue"};
  auto queue = open_queue(std::move(passed), generation, answer.epoch);
  if (!queue) return queue.failure();
  connection.queue = queue.take();
  return connection;
}

bool agent_hung_up(const DriverConnection& connection) {
  char byte = 0;
  const ssize_t got = recv(connection.socket.get(), &byte, 1, MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EINTR);
}

}  // namespace outrigger::ipc
