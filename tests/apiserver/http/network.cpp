#include "tests/apiserver/http/network.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <stdexcept>

#include "tests/apiserver/http/connection.h"

namespace outrigger::apiserver {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;
using asio::ip::tcp;

// One Asio timer under all timers of the server: 20,000 pods wait in a map, not in the reactor.
class AsioClock final : public Clock {
 public:
  explicit AsioClock(asio::io_context& context) : timer_(context) {}

  std::int64_t unix_ms() const override { return since_epoch<std::chrono::system_clock>(); }
  std::int64_t steady_ms() const override { return since_epoch<std::chrono::steady_clock>(); }

  TimerId after(Millis delay, std::function<void()> then) override {
    const Key key{std::chrono::steady_clock::now() + delay, ++last_id_};
    const bool first = waiting_.empty() || key < waiting_.begin()->first;
    waiting_.emplace(key, std::move(then));
    due_.emplace(key.second, key.first);
    if (first) arm();
    return key.second;
  }

  void cancel(TimerId id) override {
    const auto found = due_.find(id);
    if (found == due_.end()) return;
    waiting_.erase({found->second, id});
    due_.erase(found);
  }

 private:
  using Key = std::pair<std::chrono::steady_clock::time_point, TimerId>;

  template <class C>
  static std::int64_t since_epoch() {
    return std::chrono::duration_cast<Millis>(C::now().time_since_epoch()).count();
  }

  void arm() {
    timer_.expires_at(waiting_.begin()->first.first);
    timer_.async_wait([this](Error error) {
      if (!error) fire();
    });
  }

  void fire() {
    const auto now = std::chrono::steady_clock::now();
    while (!waiting_.empty() && waiting_.begin()->first.first <= now) {
      auto node = waiting_.extract(waiting_.begin());
      due_.erase(node.key().second);
      node.mapped()();
    }
    if (!waiting_.empty()) arm();
  }

  asio::steady_timer timer_;
  std::map<Key, std::function<void()>> waiting_;
  std::map<TimerId, std::chrono::steady_clock::time_point> due_;
  TimerId last_id_ = 0;
};

class AsioDescriptors final : public Descriptors {
 public:
  explicit AsioDescriptors(asio::io_context& context) : context_(context) {}
  ~AsioDescriptors() override {
    for (auto& [descriptor, stream] : watched_) stream->release();
  }

  void watch(int descriptor, std::function<void()> then) override {
    auto stream = std::make_shared<asio::posix::stream_descriptor>(context_, descriptor);
    watched_[descriptor] = stream;
    wait(stream, std::make_shared<std::function<void()>>(std::move(then)));
  }

  void forget(int descriptor) override {
    const auto found = watched_.find(descriptor);
    if (found == watched_.end()) return;
    found->second->release();
    watched_.erase(found);
  }

 private:
  using Stream = std::shared_ptr<asio::posix::stream_descriptor>;

  void wait(const Stream& stream, const std::shared_ptr<std::function<void()>>& then) {
    stream->async_wait(asio::posix::stream_descriptor::wait_read, [this, stream, then](Error error) {
      if (error || !stream->is_open()) return;
      (*then)();
      if (stream->is_open()) wait(stream, then);
    });
  }

  asio::io_context& context_;
  std::map<int, Stream> watched_;
};

}  // namespace

struct Network::Impl {
  explicit Impl(Options given)
      : options(std::move(given)),
        clock(context),
        descriptors(context),
        acceptor(context),
        tls(asio::ssl::context::tls_server) {
    if (options.tls) {
      tls.use_certificate_chain_file(options.files.certificate);
      tls.use_private_key_file(options.files.key, asio::ssl::context::pem);
      tls.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    }
    Error error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) throw std::runtime_error("--listen: '" + options.address + "' is not an IP address");
    endpoint = tcp::endpoint(address, options.port);
    open();
    endpoint = acceptor.local_endpoint();
    connection_context = std::make_shared<ConnectionContext>();
    connection_context->handler = &handler;
    connection_context->clock = &clock;
    connection_context->tls = options.tls ? &tls : nullptr;
    connection_context->body_bytes = options.body_bytes;
    connection_context->header_bytes = options.header_bytes;
    connection_context->on_end = [this](std::uint64_t id) {
      asio::post(context, [this, id] { connections.erase(id); });
    };
    connection_context->audit_id = [this] { return random_uuid(random); };
  }

  void open() {
    Error error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(1024, error);
    if (error) {
      throw std::runtime_error("cannot listen on " + options.address + ":" + std::to_string(endpoint.port()) +
                               ": " + error.message());
    }
  }

  void accept() {
    acceptor.async_accept(context, [this](Error error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || !acceptor.is_open()) return;
      if (!error) welcome(std::move(socket));
      accept();
    });
  }

  void welcome(tcp::socket socket) {
    const Welcome how = on_connect ? on_connect() : Welcome::serve;
    if (how == Welcome::drop) return;
    Error error;
    const auto remote = socket.remote_endpoint(error);
    Peer peer;
    peer.id = ++last_connection;
    peer.address = error ? "unknown" : remote.address().to_string() + ":" + std::to_string(remote.port());
    peer.since_ms = clock.unix_ms();
    if (how == Welcome::black_hole) {
      silent.push_back(std::move(socket));  // the kernel takes bytes until its buffer is full
      return;
    }
    auto connection = make_connection(std::move(socket), connection_context, std::move(peer));
    connections.emplace(last_connection, connection);
    connection->start();
  }

  void for_each(const std::function<void(Connection&)>& act) {
    auto copy = connections;
    for (auto& [id, connection] : copy) act(*connection);
  }

  Options options;
  asio::io_context context{1};
  AsioClock clock;
  AsioDescriptors descriptors;
  tcp::acceptor acceptor;
  tcp::endpoint endpoint;
  asio::ssl::context tls;
  Handler handler;
  std::function<Welcome()> on_connect;
  std::shared_ptr<ConnectionContext> connection_context;
  std::map<std::uint64_t, std::shared_ptr<Connection>> connections;
  std::vector<tcp::socket> silent;
  std::uint64_t last_connection = 0;
  std::mt19937_64 random{std::random_device{}()};
  std::unique_ptr<asio::signal_set> signals;
  std::unique_ptr<asio::posix::stream_descriptor> parent;
  std::array<char, 256> parent_bytes{};

  void wait_for_parent() {
    parent->async_read_some(asio::buffer(parent_bytes), [this](Error error, std::size_t) {
      if (error == asio::error::operation_aborted) return;
      if (error) return context.stop();
      wait_for_parent();
    });
  }
};

Network::Network(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Network::~Network() = default;

std::uint16_t Network::port() const {
  return impl_->endpoint.port();
}
Clock& Network::clock() {
  return impl_->clock;
}

Descriptors& Network::descriptors() {
  return impl_->descriptors;
}

void Network::serve(Handler handler, std::function<Welcome()> on_connect) {
  impl_->handler = std::move(handler);
  impl_->on_connect = std::move(on_connect);
  impl_->accept();
}

void Network::run() {
  impl_->context.run();
}
void Network::stop() {
  impl_->context.stop();
}
void Network::post(std::function<void()> on_thread) {
  asio::post(impl_->context, std::move(on_thread));
}

void Network::stop_at_end_of(int descriptor) {
  impl_->parent = std::make_unique<asio::posix::stream_descriptor>(impl_->context);
  Error error;
  impl_->parent->assign(::dup(descriptor), error);
  if (!error) impl_->wait_for_parent();
}

void Network::stop_at_signals() {
  impl_->signals = std::make_unique<asio::signal_set>(impl_->context, SIGTERM, SIGINT);
  impl_->signals->async_wait([this](Error, int) { impl_->context.stop(); });
}

std::vector<Peer> Network::peers() const {
  std::vector<Peer> peers;
  for (const auto& [id, connection] : impl_->connections) peers.push_back(connection->peer());
  return peers;
}

void Network::drop_all() {
  impl_->for_each([](Connection& c) { c.drop(); });
  impl_->silent.clear();
}

void Network::drop_streams() {
  impl_->for_each([](Connection& c) {
    if (c.peer().streaming) c.drop();
  });
}

void Network::black_hole_all() {
  impl_->for_each([](Connection& c) { c.fall_silent(); });
}

void Network::stop_listening() {
  Error ignored;
  impl_->acceptor.close(ignored);
}

void Network::listen_again() {
  impl_->open();
  impl_->accept();
}

}  // namespace outrigger::apiserver
