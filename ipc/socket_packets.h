// The two packets of `agent.sock` as both ends make and check them.
#pragma once
#include <sys/un.h>
#include <span>
#include <string>

#include "ipc/agent_socket.h"

namespace outrigger::ipc {

Outcome<sockaddr_un> socket_address(const std::string& path);
HelloPacket make_hello(std::uint64_t generation);
AnswerPacket make_answer(Reason reason, const std::string& text, std::uint64_t generation,
                         std::uint64_t epoch);
// Length, magic, versions, hash; both ranges are named in the refusal (C23). `bytes` is hostile.
Outcome<HelloPacket> read_hello(std::span<const char> bytes);
// Never blocks. `fd_to_pass` < 0: none. False: it did not leave.
bool send_answer(int socket, const AnswerPacket& answer, int fd_to_pass);

}  // namespace outrigger::ipc
