// What the listener needs of a connection, plain or TLS.
#pragma once
#include <functional>
#include <memory>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "tests/apiserver/http/network.h"

namespace outrigger::apiserver {

class Connection {
 public:
  virtual ~Connection() = default;
  virtual void start() = 0;
  virtual void drop() = 0;
  virtual void fall_silent() = 0;
  virtual const Peer& peer() const = 0;
};

struct ConnectionContext {
  Handler* handler = nullptr;
  const Clock* clock = nullptr;
  boost::asio::ssl::context* tls = nullptr;  // null = plain
  std::size_t body_bytes = 0;
  std::uint32_t header_bytes = 0;
  std::function<void(std::uint64_t)> on_end;
  std::function<std::string()> audit_id;
};

std::shared_ptr<Connection> make_connection(boost::asio::ip::tcp::socket socket,
                                            std::shared_ptr<ConnectionContext> context, Peer peer);

}  // namespace outrigger::apiserver
