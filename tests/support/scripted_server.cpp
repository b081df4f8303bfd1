#include "tests/support/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace outrigger::test {
namespace {

using Context = std::shared_ptr<SSL_CTX>;

std::unique_ptr<BIO, decltype(&BIO_free)> bio_of(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

Context context_of(const Identity& identity, const std::string& client_authority) {
  Context context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  X509* certificate = PEM_read_bio_X509(bio_of(identity.certificate).get(), nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio_of(identity.key).get(), nullptr, nullptr, nullptr);
  if (SSL_CTX_use_certificate(context.get(), certificate) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key) != 1)
    throw std::runtime_error("scripted server: certificate or key");
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!client_authority.empty()) {
    X509* authority = PEM_read_bio_X509(bio_of(client_authority).get(), nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority);
    X509_free(authority);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

class Socket final : public Line {
 public:
  Socket(int fd, Context context) : fd_(fd), context_(std::move(context)) {}
  ~Socket() override {
    if (ssl_ != nullptr) {
      if (!reset_) SSL_shutdown(ssl_);
      SSL_free(ssl_);
    }
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool handshake() override {
    if (shaken_ || !context_) return true;
    ssl_ = SSL_new(context_.get());
    SSL_set_fd(ssl_, fd_);
    shaken_ = SSL_accept(ssl_) == 1;
    if (shaken_) note_client();
    return shaken_;
  }

  std::optional<HeardRequest> read() override {
    if (!handshake()) return std::nullopt;
    std::size_t end = 0;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return std::nullopt;
    HeardRequest request;
    std::size_t at = pending_.find("\r\n");
    const auto first = pending_.substr(0, at);
    request.method = first.substr(0, first.find(' '));
    request.target = first.substr(first.find(' ') + 1, first.rfind(' ') - first.find(' ') - 1);
    for (at += 2; at < end;) {
      const auto stop = pending_.find("\r\n", at);
      const auto line = pending_.substr(at, stop - at);
      auto name = line.substr(0, line.find(':'));
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      request.headers[name] = line.substr(line.find(':') + 2);
      at = stop + 2;
    }
    const auto found = request.headers.find("content-length");
    const std::size_t length = found == request.headers.end() ? 0 : std::stoul(found->second);
    while (pending_.size() < end + 4 + length)
      if (!more()) return std::nullopt;
    request.body = pending_.substr(end + 4, length);
    pending_.erase(0, end + 4 + length);
    return request;
  }

  bool write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto n =
          ssl_ != nullptr
              ? SSL_write(ssl_, bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1u << 20)))
              : static_cast<int>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  void hold() override {
    while (more()) pending_.clear();
  }
  void reset() override {
    reset_ = true;
    const linger abrupt{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abrupt, sizeof(abrupt));
  }
  const std::string& client_name() const override { return client_name_; }

 private:
  bool more() {
    char buffer[16384];
    const auto n = ssl_ != nullptr ? SSL_read(ssl_, buffer, sizeof(buffer))
                                   : static_cast<int>(::recv(fd_, buffer, sizeof(buffer), 0));
    if (n <= 0) return false;
    pending_.append(buffer, static_cast<std::size_t>(n));
    return true;
  }
  void note_client() {
    X509* certificate = SSL_get1_peer_certificate(ssl_);
    if (certificate == nullptr) return;
    char name[128] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
    client_name_ = name;
    X509_free(certificate);
  }

  int fd_;
  Context context_;
  SSL* ssl_ = nullptr;
  bool shaken_ = false, reset_ = false;
  std::string pending_, client_name_;
};

}  // namespace

bool Line::answer(unsigned code, std::string_view body, const std::string& more_headers) {
  return write("HTTP/1.1 " + std::to_string(code) +
               " Text\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\nContent-Type: application/json\r\n" + more_headers + "\r\n" + std::string(body));
}

struct ScriptedServer::Impl {
  Options options;
  Script script;
  int listener = -1;
  std::uint16_t port = 0;
  std::atomic<int> count{0};
  std::mutex mutex;
  Context context;
  std::set<int> open;
  bool stopping = false;
  std::vector<std::thread> workers;
  std::thread acceptor;

  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      std::lock_guard lock(mutex);
      if (stopping) {
        ::close(fd);
        return;
      }
      open.insert(fd);
      workers.emplace_back([this, fd, number = count++, current = context] { serve(fd, number, current); });
    }
  }

  void serve(int fd, int number, const Context& current) {
    {
      Socket line(fd, current);
      script(line, number);
    }
    std::lock_guard lock(mutex);
    open.erase(fd);
    ::close(fd);
  }
};

ScriptedServer::ScriptedServer(Options options, Script script) : impl_(std::make_unique<Impl>()) {
  std::signal(SIGPIPE, SIG_IGN);
  impl_->options = std::move(options);
  impl_->script = std::move(script);
  if (impl_->options.identity)
    impl_->context = context_of(*impl_->options.identity, impl_->options.client_authority);
  impl_->listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(impl_->listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(impl_->listener, 256) != 0)
    throw std::runtime_error("scripted server: bind");
  ::getsockname(impl_->listener, reinterpret_cast<sockaddr*>(&address), &size);
  impl_->port = ntohs(address.sin_port);
  impl_->acceptor = std::thread([impl = impl_.get()] { impl->accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    for (const int fd : impl_->open) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(impl_->listener, SHUT_RDWR);
  impl_->acceptor.join();
  for (auto& worker : impl_->workers) worker.join();
  ::close(impl_->listener);
}

std::uint16_t ScriptedServer::port() const {
  return impl_->port;
}
std::string ScriptedServer::url() const {
  return (impl_->options.identity ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(impl_->port);
}
int ScriptedServer::connections() const {
  return impl_->count;
}
void ScriptedServer::replace_identity(const Identity& identity) {
  std::lock_guard lock(impl_->mutex);
  impl_->context = context_of(identity, impl_->options.client_authority);
}

}  // namespace outrigger::test
