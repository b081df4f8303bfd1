#include "tests/apiserver/http/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <optional>

#include "tests/apiserver/api/status.h"

namespace outrigger::apiserver {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Error = boost::system::error_code;
using Plain = beast::tcp_stream;
using Secure = beast::ssl_stream<beast::tcp_stream>;

// Go buffers 2,048 bytes before it decides for chunks.
constexpr std::size_t content_length_most = 2048;

template <class Stream>
class HttpConnection final : public Connection, public std::enable_shared_from_this<HttpConnection<Stream>> {
 public:
  HttpConnection(Stream stream, std::shared_ptr<ConnectionContext> context, Peer peer)
      : stream_(std::move(stream)), context_(std::move(context)), peer_(std::move(peer)) {}

  void start() override {
    if constexpr (std::is_same_v<Stream, Secure>) {
      stream_.async_handshake(asio::ssl::stream_base::server, [self = this->shared_from_this()](Error error) {
        if (error) return self->end();
        self->read();
      });
    } else {
      read();
    }
  }

  void drop() override { end(); }

  void fall_silent() override {
    silent_ = true;
    peer_.black_holed = true;
  }

  const Peer& peer() const override { return peer_; }

 private:
  // The way back of one request; holds the connection weakly, so that a late answer finds nobody.
  class Exchange final : public Responder {
   public:
    Exchange(std::weak_ptr<HttpConnection> connection, std::uint64_t turn, std::uint64_t id)
        : connection_(std::move(connection)), turn_(turn), id_(id) {}
    void answer(HttpResponse response) override {
      if (auto c = mine()) c->write_answer(std::move(response));
    }
    void stream(HttpResponse head, std::shared_ptr<BodySource> body) override {
      if (auto c = mine()) {
        c->write_stream(std::move(head), std::move(body));
      } else {
        body->closed();
      }
    }
    void close() override {
      if (auto c = mine()) c->end();
    }
    void black_hole() override {
      if (auto c = mine()) {
        c->fall_silent();
        c->swallow();
      }
    }
    std::uint64_t connection_id() const override { return id_; }

   private:
    std::shared_ptr<HttpConnection> mine() const {
      auto connection = connection_.lock();
      return connection && connection->turn_ == turn_ && !connection->ended_ ? connection : nullptr;
    }
    std::weak_ptr<HttpConnection> connection_;
    std::uint64_t turn_;
    std::uint64_t id_;
  };

  void read() {
    if (silent_) return swallow();
    parser_.emplace();
    parser_->body_limit(context_->body_bytes);
    parser_->header_limit(context_->header_bytes);
    beast::http::async_read(stream_, buffer_, *parser_,
                            [self = this->shared_from_this()](Error error, std::size_t) {
                              if (error == beast::http::error::body_limit) return self->refuse_large_body();
                              if (error == beast::http::error::header_limit)
                                return self->refuse_large_header();
                              if (error) return self->end();
                              self->dispatch();
                            });
  }

  void refuse_large_body() {
    keep_alive_ = false;
    ++turn_;
    write_answer(
        failure({.code = 413,
                 .reason = "RequestEntityTooLarge",
                 .message = "Request entity too large: limit is " + std::to_string(context_->body_bytes)}));
  }

  // Go's own answer, given before any handler runs.
  void refuse_large_header() {
    keep_alive_ = false;
    ++turn_;
    HttpResponse response{
        .code = 431, .content_type = "text/plain; charset=utf-8", .headers = {}, .body = {}};
    response.body = "431 Request Header Fields Too Large";
    write_answer(std::move(response));
  }

  void dispatch() {
    auto message = parser_->release();
    auto request = std::make_shared<HttpRequest>();
    request->method = std::string(message.method_string());
    request->target = std::string(message.target());
    for (const auto& field : message) request->headers.emplace_back(field.name_string(), field.value());
    keep_alive_ = message.keep_alive();
    request->body = std::move(message.body());
    if (peer_.user_agent.empty()) peer_.user_agent = request->header("user-agent");
    ++peer_.requests;
    if (silent_) return swallow();
    auto exchange = std::make_shared<Exchange>(this->weak_from_this(), ++turn_, peer_.id);
    (*context_->handler)(std::move(request), std::move(exchange));
  }

  std::string head(const HttpResponse& response, std::optional<std::size_t> length) const {
    std::string text = "HTTP/1.1 " + std::to_string(response.code) + " " +
                       std::string(reason_phrase(response.code)) + "\r\n";
    const auto add = [&](std::string_view name, std::string_view value) {
      text.append(name).append(": ").append(value).append("\r\n");
    };
    add("Audit-Id", context_->audit_id());
    add("Cache-Control", "no-cache, private");
    add("Content-Type", response.content_type);
    for (const auto& [name, value] : response.headers) add(name, value);
    add("Date", http_date(context_->clock->unix_ms()));
    if (length) {
      add("Content-Length", std::to_string(*length));
    } else {
      add("Transfer-Encoding", "chunked");
    }
    if (!keep_alive_) add("Connection", "close");
    return text += "\r\n";
  }

  void write_answer(HttpResponse response) {
    if (silent_) return swallow();
    if (response.body.size() <= content_length_most) {
      out_ = head(response, response.body.size()) + response.body;
    } else {
      out_ = head(response, {});
      ChunkWriter writer(out_);
      writer.chunk(response.body);
      out_ += "0\r\n\r\n";
    }
    asio::async_write(stream_, asio::buffer(out_),
                      [self = this->shared_from_this()](Error error, std::size_t) {
                        if (error || !self->keep_alive_) return self->end();
                        self->read();
                      });
  }

  void write_stream(HttpResponse response, std::shared_ptr<BodySource> body) {
    if (silent_) {
      body->closed();
      return swallow();
    }
    source_ = std::move(body);
    source_->wake = [weak = this->weak_from_this()] {
      if (auto self = weak.lock()) self->schedule_pump();
    };
    peer_.streaming = true;
    out_ = head(response, {});
    watch_for_end();
    pump();
  }

  void schedule_pump() {
    if (writing_ || pump_scheduled_ || ended_ || !source_) return;
    pump_scheduled_ = true;
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
      self->pump_scheduled_ = false;
      self->pump();
    });
  }

  void pump() {
    if (writing_ || ended_ || silent_ || !source_) return;
    auto state = BodySource::State::more;
    ChunkWriter writer(out_);
    while (state == BodySource::State::more && out_.size() < BodySource::fill_bytes)
      state = source_->fill(writer);
    if (state == BodySource::State::done) {
      writer.raw("0\r\n\r\n");
      source_->closed();
      source_.reset();
      peer_.streaming = false;
    }
    if (out_.empty()) {
      if (state == BodySource::State::cut) end();
      return;
    }
    writing_ = true;
    asio::async_write(stream_, asio::buffer(out_),
                      [self = this->shared_from_this(), state](Error error, std::size_t) {
                        self->writing_ = false;
                        self->out_.clear();
                        if (error || state == BodySource::State::cut) return self->end();
                        if (state == BodySource::State::done) return self->after_stream();
                        self->pump();
                      });
  }

  // While a body streams, one small read stays open: it is how the peer's leaving is noticed.
  void watch_for_end() {
    watching_ = true;
    stream_.async_read_some(asio::buffer(probe_),
                            [self = this->shared_from_this()](Error error, std::size_t size) {
                              self->watching_ = false;
                              if (self->ended_) return;
                              if (error) return self->end();
                              // The next request came early; keep its bytes for the parser.
                              auto room = self->buffer_.prepare(size);
                              asio::buffer_copy(room, asio::buffer(self->probe_, size));
                              self->buffer_.commit(size);
                              if (!self->source_ && !self->writing_) return self->read();
                              self->watch_for_end();
                            });
  }

  void after_stream() {
    if (!keep_alive_) return end();
    // The probing read is still open; the next request arrives through it.
    if (!watching_) read();
  }

  // Takes bytes for ever, answers nothing.
  void swallow() {
    if (watching_ || ended_) return;
    watching_ = true;
    stream_.async_read_some(asio::buffer(probe_),
                            [self = this->shared_from_this()](Error error, std::size_t) {
                              self->watching_ = false;
                              if (error) return self->end();
                              self->swallow();
                            });
  }

  void end() {
    if (ended_) return;
    ended_ = true;
    if (source_) {
      auto source = std::move(source_);
      source->closed();
    }
    Error ignored;
    auto& socket = beast::get_lowest_layer(stream_).socket();
    socket.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    beast::get_lowest_layer(stream_).close();
    context_->on_end(peer_.id);
  }

  Stream stream_;
  std::shared_ptr<ConnectionContext> context_;
  Peer peer_;
  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
  std::string out_;
  std::shared_ptr<BodySource> source_;
  std::array<char, 4096> probe_{};
  std::uint64_t turn_ = 0;
  bool keep_alive_ = true;
  bool writing_ = false;
  bool pump_scheduled_ = false;
  bool watching_ = false;
  bool silent_ = false;
  bool ended_ = false;
};

}  // namespace

std::shared_ptr<Connection> make_connection(asio::ip::tcp::socket socket,
                                            std::shared_ptr<ConnectionContext> context, Peer peer) {
  Error ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  beast::tcp_stream stream(std::move(socket));
  if (context->tls == nullptr) {
    return std::make_shared<HttpConnection<Plain>>(std::move(stream), std::move(context), std::move(peer));
  }
  Secure secure(std::move(stream), *context->tls);
  return std::make_shared<HttpConnection<Secure>>(std::move(secure), std::move(context), std::move(peer));
}

}  // namespace outrigger::apiserver
