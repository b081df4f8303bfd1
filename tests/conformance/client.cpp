#include "tests/conformance/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace outrigger::conformance {

std::string Answer::header(const std::string& name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& h) { return h.first == name; });
  return found == headers.end() ? "" : found->second;
}

bool Answer::has(const std::string& name) const {
  return std::any_of(headers.begin(), headers.end(), [&](const auto& h) { return h.first == name; });
}

Client::Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{60, 0};  // a hang becomes a failure
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect");
}

Client::~Client() {
  ::close(socket_);
}

bool Client::more() {
  std::array<char, 16384> piece{};
  const auto size = ::recv(socket_, piece.data(), piece.size(), 0);
  if (size <= 0) return false;
  buffer_.append(piece.data(), static_cast<std::size_t>(size));
  return true;
}

std::optional<std::string> Client::line() {
  std::size_t end;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!more()) return {};
  }
  std::string text = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return text;
}

std::optional<std::string> Client::bytes(std::size_t count) {
  while (buffer_.size() < count) {
    if (!more()) return {};
  }
  std::string text = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return text;
}

Answer Client::open(const Question& question) {
  std::string text = question.method + " " + question.target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  for (const auto& [name, value] : question.headers) text += name + ": " + value + "\r\n";
  if (!question.body.empty()) text += "Content-Length: " + std::to_string(question.body.size()) + "\r\n";
  text += "\r\n" + question.body;
  if (::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) return {};
  Answer answer;
  const auto status = line();
  if (!status || status->size() < 12) return answer;
  answer.code = std::stoi(status->substr(9, 3));
  while (const auto header = line()) {
    if (header->empty()) return answer;
    const auto colon = header->find(": ");
    std::string name = header->substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    answer.headers.emplace_back(name, header->substr(colon + 2));
  }
  answer.code = 0;
  return answer;
}

std::optional<std::string> Client::next_chunk() {
  const auto size = line();
  if (!size) return {};
  const auto length = std::stoul(*size, nullptr, 16);
  auto chunk = bytes(length + 2);
  if (!chunk) return {};
  if (length == 0) {
    complete_ = true;
    return {};
  }
  chunk->resize(length);
  return chunk;
}

Answer Client::ask(const Question& question) {
  Answer answer = open(question);
  if (answer.code == 0) return answer;
  complete_ = false;
  if (answer.has("content-length")) {
    const auto body = bytes(std::stoul(answer.header("content-length")));
    answer.complete = body.has_value();
    answer.body = body.value_or("");
    return answer;
  }
  while (const auto chunk = next_chunk()) answer.body += *chunk;
  answer.complete = complete_;
  return answer;
}

}  // namespace outrigger::conformance
