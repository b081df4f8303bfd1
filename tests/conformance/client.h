// A blocking HTTP/1.1 client over plain TCP: one request at a time, streams read chunk by chunk.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace outrigger::conformance {

struct Answer {
  int code = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  bool complete = false;  // ended as announced: by length or by the final chunk
  std::string header(const std::string& name) const;
  bool has(const std::string& name) const;
};

struct Question {
  std::string method = "GET";
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

class Client {
 public:
  explicit Client(std::uint16_t port);  // connects to 127.0.0.1
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Answer ask(const Question& question);
  // Sends and reads the head only.
  Answer open(const Question& question);
  // The next chunk of an open stream; nothing at its end. `complete` tells whether the final chunk came.
  std::optional<std::string> next_chunk();
  bool complete() const { return complete_; }

 private:
  bool more();  // reads from the socket; false at its end
  std::optional<std::string> line();
  std::optional<std::string> bytes(std::size_t count);

  int socket_ = -1;
  std::string buffer_;
  bool complete_ = false;
};

}  // namespace outrigger::conformance
