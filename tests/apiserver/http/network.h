// The listener: TCP or TLS connections, HTTP/1.1 with keep-alive, one Asio thread for everything.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/apiserver/base/clock.h"
#include "tests/apiserver/base/descriptors.h"
#include "tests/apiserver/http/message.h"

namespace outrigger::apiserver {

struct TlsFiles {
  std::string certificate;  // PEM files
  std::string key;
};

struct Peer {
  std::uint64_t id = 0;
  std::string address;
  std::string user_agent;
  std::int64_t since_ms = 0;  // wall time
  std::uint64_t requests = 0;
  bool streaming = false;
  bool black_holed = false;
};

// What to do with a connection that was just accepted.
enum class Welcome : std::uint8_t { serve, drop, black_hole };

class Network {
 public:
  struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    bool tls = true;
    TlsFiles files;
    std::size_t body_bytes = 3u << 20;      // the real server's bound
    std::uint32_t header_bytes = 1u << 20;  // Go's; a selector of 1,000 executor ids is one line of a header
  };
  // Throws std::runtime_error when it cannot listen or load the certificate.
  explicit Network(Options options);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  std::uint16_t port() const;
  Clock& clock();
  Descriptors& descriptors();
  void serve(Handler handler, std::function<Welcome()> on_connect);
  // Runs until stop(); the calling thread becomes the server's thread.
  void run();
  void stop();                                 // from any thread
  void post(std::function<void()> on_thread);  // from any thread
  // Ends run() when the descriptor reports end of file (a pipe, a socket or a terminal).
  void stop_at_end_of(int descriptor);
  void stop_at_signals();  // SIGTERM, SIGINT

  // On the server's thread:
  std::vector<Peer> peers() const;
  void drop_all();
  void drop_streams();
  void black_hole_all();  // existing connections fall silent
  void stop_listening();
  void listen_again();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrigger::apiserver
