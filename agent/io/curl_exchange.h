// One request and its answer on a libcurl easy handle: options in, callbacks out. Used by CurlHttp only.
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "agent/config/cluster.h"
#include "agent/core/time.h"
#include "agent/metrics/instruments.h"
#include "agent/ports/http.h"

namespace outrigger::io {

class Credentials;
class CurlLane;

class CurlExchange {
 public:
  struct Setup {
    const config::Cluster& cluster;
    const config::Server& server;
    const Credentials& credentials;
    const std::string& user_agent;
  };
  CurlExchange(ports::ExchangeId id, ports::Lane lane, kube::Request request, ports::HttpSink& sink);
  ~CurlExchange();
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;

  // The handle is made or reused by the owner, and given back by it.
  void prepare(void* easy, CurlLane& lane, const Setup& setup);
  void* release();
  void* easy() const { return easy_; }

  void stop() { stopped_ = true; }  // the sink has said so
  // No callback of the sink comes any more.
  void cancel() { sink_ = nullptr; }
  ports::HttpSink* sink() const { return sink_; }
  ports::TransportEnd end(int code) const;
  unsigned code() const { return head_told_ ? head_.code : 0; }
  long connections_made() const;
  bool over_http2() const;  // of an answer
  const kube::Request& request() const { return request_; }
  ports::ExchangeId id() const { return id_; }
  ports::Lane lane() const { return lane_; }

  // What was received after the turn's share was used up; delivered in later turns, before anything else is received.
  // At most what libcurl reads in one go (100 buffers).
  std::string& backlog() { return backlog_; }
  // Ends the exchange once its backlog is delivered.
  std::optional<int> finished;

  core::Instant began{};
  metrics::Counter bytes;  // of answer bodies

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int on_before_request(void* self, char*, char*, int, int);
  static int on_socket(void* self, int socket, int purpose);
  void header_line(std::string_view line);
  bool body(std::string_view bytes);
  void set_tls(const Setup& setup);
  void set_connection(const Setup& setup);
  void set_request(const Setup& setup);
  void add_header(const std::string& line);
  void name_reason(std::string& detail) const;

  ports::ExchangeId id_;
  ports::Lane lane_;
  kube::Request request_;
  ports::HttpSink* sink_;
  void* easy_ = nullptr;        // CURL
  void* headers_ = nullptr;     // curl_slist
  void* connect_to_ = nullptr;  // curl_slist
  CurlLane* owner_ = nullptr;
  kube::ResponseHead head_;
  bool head_told_ = false;
  bool stopped_ = false;  // by the sink
  std::size_t body_limit_ = 0;
  bool over_limit_ = false;
  std::size_t received_ = 0;
  int sendings_ = 0;  // connections the request was sent on, or was about to
  std::string backlog_;
  unsigned stall_ms_ = 0;
  std::array<char, 256> error_text_{};
};

}  // namespace outrigger::io
