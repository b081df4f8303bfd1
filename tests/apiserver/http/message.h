// Requests and answers as values, and the pull interface of long bodies. No Asio here.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace outrigger::apiserver {

struct HttpRequest {
  std::string method;
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string_view header(std::string_view name) const;  // case-insensitive; empty if absent
};

struct HttpResponse {
  int code = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Appends chunks of the chunked transfer coding.
class ChunkWriter {
 public:
  explicit ChunkWriter(std::string& out) : out_(out) {}
  void chunk(std::string_view data);
  void raw(std::string_view bytes) { out_.append(bytes); }
  std::size_t size() const { return out_.size(); }

 private:
  std::string& out_;
};

// A body that is produced as the peer takes it. Called on the server's thread only.
class BodySource {
 public:
  enum class State : std::uint8_t {
    more,  // ask again when the bytes are written
    idle,  // nothing now; the source calls the waker later
    done,  // end the body properly
    cut,   // close the connection without the final chunk
  };
  static constexpr std::size_t fill_bytes = 64u << 10;  // stop appending about here
  virtual ~BodySource() = default;
  virtual State fill(ChunkWriter& out) = 0;
  virtual void closed() = 0;           // the peer is gone or the body has ended; last call
  std::function<void()> wake = [] {};  // set by the connection
};

// One request's way back. May be kept and used later, on the server's thread; calls after the peer left do nothing.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void answer(HttpResponse response) = 0;
  virtual void stream(HttpResponse head, std::shared_ptr<BodySource> body) = 0;
  virtual void close() = 0;       // no answer, connection closed
  virtual void black_hole() = 0;  // no answer, connection stays open and eats bytes
  virtual std::uint64_t connection_id() const = 0;
};

using Handler = std::function<void(std::shared_ptr<const HttpRequest>, std::shared_ptr<Responder>)>;

std::string_view reason_phrase(int code);

}  // namespace outrigger::apiserver
