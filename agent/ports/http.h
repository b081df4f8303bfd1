#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/kube/http_message.h"

namespace outrigger::ports {

// How an exchange ended below HTTP.
enum class Transport : std::uint8_t {
  ok = 0,       // the answer is complete
  refused,      // no connection was made: a write certainly did not happen
  interrupted,  // connection lost, reset, cut short: the outcome of a write is unknown
  timed_out,    // deadline or stall: likewise
  tls,          // certificate or handshake: a write certainly did not happen
  aborted,      // by us (sink said stop, or cancel)
};

struct TransportEnd {
  Transport outcome = Transport::ok;
  std::string detail;        // one line, no secret
  bool certificate = false;  // tls: the server's certificate is not trusted
};

// Receives one exchange, on the loop thread. Owned by the caller of start(), must outlive the exchange or
// cancel it.
class HttpSink {
 public:
  virtual ~HttpSink() = default;
  virtual void on_head(const kube::ResponseHead& head) = 0;
  // Borrowed bytes, at most limits::loop_turn_bytes. false = abort the exchange (on_end follows with
  // aborted).
  virtual bool on_body(std::string_view bytes) = 0;
  // Exactly once per start(), never inside it, unless cancelled. The sink may be destroyed inside.
  virtual void on_end(const TransportEnd& end) = 0;
};

using ExchangeId = std::uint64_t;  // 0 = none

// Two lanes, so that a first sync never delays a write: `watch` has a connection of its own.
enum class Lane : std::uint8_t { watch, write };

class Http {
 public:
  virtual ~Http() = default;
  virtual ExchangeId start(Lane lane, kube::Request request, HttpSink& sink) = 0;
  // No callback comes after cancel() returns. Unknown ids are ignored.
  virtual void cancel(ExchangeId id) = 0;
  // 401: drop the cached token, so that the next exchange reads it again.
  virtual void reload_credentials() = 0;
};

}  // namespace outrigger::ports
