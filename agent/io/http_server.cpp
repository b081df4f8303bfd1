#include "agent/io/http_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>

#include "agent/io/asio_loop.h"
#include "agent/io/listener.h"

namespace outrigger::io {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

struct Shared {
  AsioLoop& loop;
  HttpServerOptions options;
  HttpServer::Handler handler;
  std::size_t open = 0;
  bool closed = false;
};

// One connection: read a request, answer, again, until it closes, idles or breaks a bound.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Shared> shared, tcp::socket socket)
      : shared_(std::move(shared)), stream_(std::move(socket)) {
    ++shared_->open;
  }
  ~Connection() { --shared_->open; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_->options.header_bytes));
    parser_->body_limit(shared_->options.body_bytes);
    stream_.expires_after(shared_->options.idle_timeout);
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
      AsioLoop::Turn turn(self->shared_->loop);
      self->heard(error);
    });
  }

 private:
  static std::string text(beast::string_view view) { return {view.data(), view.size()}; }

  void heard(error_code error) {
    if (shared_->closed || error == http::error::end_of_stream || error == beast::error::timeout) return;
    if (error == http::error::header_limit)
      return answer({.code = 431, .body = "the header is too large\n"}, false, false);
    if (error == http::error::body_limit)
      return answer({.code = 413, .body = "the body is too large\n"}, false, false);
    if (error || !parser_) return;
    auto request = parser_->release();
    const bool head = request.method() == http::verb::head, keep_alive = request.keep_alive();
    HttpQuestion question{text(request.method_string()), text(request.target()),
                          text(request[http::field::content_type]), text(request[http::field::authorization]),
                          std::move(request.body())};
    stream_.expires_never();  // the handler's time is its own
    shared_->handler(std::move(question),
                     [self = shared_from_this(), keep_alive, head](HttpReply reply) mutable {
                       if (!self || self->shared_->closed) return;
                       std::exchange(self, nullptr)->answer(std::move(reply), keep_alive, head);
                     });
  }

  void answer(HttpReply reply, bool keep_alive, bool head_only) {
    response_.emplace(static_cast<http::status>(reply.code), 11);
    response_->set(http::field::content_type, reply.content_type);
    response_->set("X-Content-Type-Options", "nosniff");
    response_->set(http::field::cache_control, "no-cache, private");
    for (const auto& [name, value] : reply.headers) response_->set(name, value);
    response_->keep_alive(keep_alive);
    response_->content_length(reply.body.size());
    if (!head_only) response_->body() = std::move(reply.body);
    stream_.expires_after(shared_->options.idle_timeout);
    serializer_.emplace(*response_);
    auto written = [self = shared_from_this(), keep_alive](error_code error, std::size_t) {
      if (error || !keep_alive || self->shared_->closed) return self->stream_.close();
      AsioLoop::Turn turn(self->shared_->loop);
      self->read();
    };
    if (head_only)
      http::async_write_header(stream_, *serializer_, std::move(written));
    else
      http::async_write(stream_, *serializer_, std::move(written));
  }

  std::shared_ptr<Shared> shared_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

}  // namespace

struct HttpServer::Impl : std::enable_shared_from_this<HttpServer::Impl> {
  std::shared_ptr<Shared> shared;
  tcp::acceptor acceptor;

  explicit Impl(std::shared_ptr<Shared> s) : shared(std::move(s)), acceptor(shared->loop.context()) {}

  Status adopt(Listener listener) {
    error_code error;
    const auto protocol = listener.v6() ? tcp::v6() : tcp::v4();
    acceptor.assign(protocol, listener.fd(), error);
    if (error) return fail(shared->options.key + ": " + error.message());
    listener.release();
    return {};
  }

  void accept() {
    acceptor.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (self->shared->closed) return;
      AsioLoop::Turn turn(self->shared->loop);
      if (error) return self->rest();  // out of descriptors: trying again at once would spin
      // Over the bound: closed at once, so that a flood can't hold what the probes need.
      if (self->shared->open < self->shared->options.connections)
        std::make_shared<Connection>(self->shared, std::move(socket))->read();
      self->accept();
    });
  }

  void rest() {
    shared->loop.start(core::Millis(100), [weak = weak_from_this()] {
      if (const auto self = weak.lock(); self && !self->shared->closed) self->accept();
    });
  }
};

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->shared->closed = true;
  error_code ignored;
  impl_->acceptor.close(ignored);
}

Result<std::unique_ptr<HttpServer>> HttpServer::open(AsioLoop& loop, HttpServerOptions options,
                                                     Handler handler) {
  auto listener = Listener::open({options.key, options.listen, options.loopback_only});
  if (!listener) return fail(listener.error().text);
  auto impl =
      std::make_shared<Impl>(std::make_shared<Shared>(Shared{loop, std::move(options), std::move(handler)}));
  if (auto ok = impl->adopt(std::move(*listener)); !ok) return fail(ok.error().text);
  impl->accept();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

}  // namespace outrigger::io
