#include "ipc/socket_packets.h"

#include <sys/socket.h>
#include <algorithm>
#include <cstring>

namespace outrigger::ipc {

Outcome<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Failure{Reason::invalid, "socket path '" + path + "' has " + std::to_string(path.size()) +
                                        " bytes (allowed: 1 to " +
                                        std::to_string(sizeof address.sun_path - 1) + ")"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

HelloPacket make_hello(std::uint64_t generation) {
  HelloPacket hello;
  hello.layout_hash = layout_hash;
  hello.generation = generation;
  return hello;
}

AnswerPacket make_answer(Reason reason, const std::string& text, std::uint64_t generation,
                         std::uint64_t epoch) {
  AnswerPacket answer;
  answer.reason = static_cast<std::uint32_t>(reason);
  answer.layout_hash = layout_hash;
  answer.generation = generation;
  answer.epoch = epoch;
  answer.text_bytes = static_cast<std::uint32_t>(std::min(text.size(), limits::answer_text_bytes));
  std::memcpy(answer.text, text.data(), answer.text_bytes);
  return answer;
}

Outcome<HelloPacket> read_hello(std::span<const char> bytes) {
  HelloPacket hello;
  if (bytes.size() != sizeof hello) {
    return Failure{Reason::wrong_magic, "a hello of " + std::to_string(bytes.size()) +
                                            " bytes or more instead of " + std::to_string(sizeof hello)};
  }
  std::memcpy(&hello, bytes.data(), sizeof hello);
  if (hello.magic != hello_magic) return Failure{Reason::wrong_magic, "not a hello of this protocol"};
  if (hello.major_min > layout_major || hello.major_max < layout_major) {
    return Failure{Reason::wrong_major, "the driver's shim speaks layout " + std::to_string(hello.major_min) +
                                            " to " + std::to_string(hello.major_max) + ", this agent " +
                                            std::to_string(layout_major) +
                                            ": use agent and shim of one release"};
  }
  if (hello.layout_hash != layout_hash) {
    return Failure{Reason::wrong_layout,
                   "the driver's shim has layout " + std::to_string(layout_major) + "." +
                       std::to_string(hello.minor) + " with another hash than this agent's " +
                       std::to_string(layout_major) + "." + std::to_string(layout_minor) +
                       ": use agent and shim of one release"};
  }
  return hello;
}

bool send_answer(int socket, const AnswerPacket& answer, int fd_to_pass) {
  iovec part{const_cast<AnswerPacket*>(&answer), sizeof answer};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd_to_pass >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &fd_to_pass, sizeof(int));
  }
  return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof answer);
}

}  // namespace outrigger::ipc
