#include "agent/io/gateway_http.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "agent/core/limits.h"

namespace outrigger::io {
namespace {

constexpr std::size_t secret_bytes = 32;
constexpr std::size_t secret_chars = 2 * secret_bytes;

constexpr const char* unauthorized =
    R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"outrigger gateway: the bearer token is )"
    R"(missing or wrong; set spark.kubernetes.authenticate.oauthTokenFile (in cluster mode )"
    R"(spark.kubernetes.authenticate.driver.mounted.oauthTokenFile) to the agent's gateway token file","reason":"Unauthorized","code":401})";

bool shows(const std::string& authorization, const std::string& secret) {
  constexpr std::string_view scheme = "Bearer ";
  return authorization.size() == scheme.size() + secret.size() && authorization.starts_with(scheme) &&
         CRYPTO_memcmp(authorization.data() + scheme.size(), secret.data(), secret.size()) == 0;
}

Result<std::optional<std::string>> read_secret(const std::string& path) {
  const auto failed = [&](const std::string& why) { return fail("gateway token file " + path + ": " + why); };
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT) return std::nullopt;
  if (fd < 0) return failed(std::strerror(errno));
  struct stat info{};
  std::array<char, secret_chars + 1> text{};
  const bool mine = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
                    (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  const ssize_t got = read(fd, text.data(), text.size());
  close(fd);
  if (!mine) return failed("somebody else may write it; remove it");
  const std::string secret(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  if (secret.size() != secret_chars || secret.find_first_not_of("0123456789abcdef") != std::string::npos)
    return failed("this is no token of a gateway; remove it");
  return secret;
}

}  // namespace

Result<std::string> load_or_make_secret(const std::string& path, bool shared) {
  auto old = read_secret(path);
  if (!old) return tl::unexpected(old.error());
  if (const std::optional<std::string>& known = *old; known) return *known;
  const auto failed = [&](const char* what) {
    return fail("gateway token file " + path + ": " + what + ": " + std::strerror(errno));
  };
  std::array<unsigned char, secret_bytes> random{};
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    return failed("getrandom");
  std::string secret;
  for (const unsigned char byte : random) {
    constexpr std::string_view hex = "0123456789abcdef";
    secret += hex[byte >> 4];
    secret += hex[byte & 15];
  }
  // Under another name first: a driver that reads it never finds half of it.
  const std::string fresh = path + ".new";
  unlink(fresh.c_str());
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
  if (fd < 0) return failed("can't be made");
  if (shared) (void)fchmod(fd, 0444);  // whatever the umask says
  const bool written = write(fd, secret.data(), secret.size()) == static_cast<ssize_t>(secret.size());
  close(fd);
  if (!written || rename(fresh.c_str(), path.c_str()) != 0) {
    const auto failure = failed("can't be written");
    unlink(fresh.c_str());
    return failure;
  }
  return secret;
}

GatewayHttp::GatewayHttp(std::unique_ptr<HttpServer> server) : server_(std::move(server)) {}
GatewayHttp::~GatewayHttp() = default;

Result<std::unique_ptr<GatewayHttp>> GatewayHttp::open(AsioLoop& loop, const GatewayOptions& options,
                                                       HttpServer::Handler handler) {
  auto guarded = [secret = options.secret, handler = std::move(handler)](HttpQuestion question,
                                                                         HttpServer::Answer answer) {
    if (!shows(question.authorization, secret))
      return answer({.code = 401, .content_type = "application/json", .body = unauthorized});
    question.authorization.clear();
    handler(std::move(question), std::move(answer));
  };
  // Selectors list up to 1,000 executor ids (S31).
  auto server = HttpServer::open(loop,
                                 {.key = "gateway.listen",
                                  .listen = options.listen,
                                  .loopback_only = true,
                                  .header_bytes = core::limits::gateway_header_bytes,
                                  .body_bytes = core::limits::gateway_body_bytes},
                                 std::move(guarded));
  if (!server) return fail(server.error().text);
  return std::unique_ptr<GatewayHttp>(new GatewayHttp(std::move(*server)));
}

std::uint16_t GatewayHttp::port() const {
  return server_->port();
}

}  // namespace outrigger::io
