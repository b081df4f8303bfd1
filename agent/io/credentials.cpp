#include "agent/io/credentials.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "agent/metrics/catalog.h"
#include "agent/ports/log.h"

namespace outrigger::io {
namespace {

constexpr std::size_t file_bytes = 1u << 20;  // of a token, certificate, key or bundle

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio bio_of(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}
Certificate certificate_of(const std::string& pem) {
  return {PEM_read_bio_X509(bio_of(pem).get(), nullptr, nullptr, nullptr), &X509_free};
}
int no_password(char*, int, int, void*) {
  return 0;
}

Status check_ca(const std::string& pem) {
  if (!certificate_of(pem)) return fail("holds no PEM certificate");
  return {};
}
Status check_token(const std::string& token) {
  for (const char c : token)
    if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) > '~')
      return fail("is not a bearer token: it holds a blank or a character that no header may hold");
  return {};
}
Status check_pair(const std::string& certificate_pem, const std::string& key_pem) {
  const auto certificate = certificate_of(certificate_pem);
  if (!certificate) return fail("the client certificate holds no PEM certificate");
  const Key key{PEM_read_bio_PrivateKey(bio_of(key_pem).get(), nullptr, &no_password, nullptr),
                &EVP_PKEY_free};
  if (!key) return fail("the client key holds no PEM key that is readable without a password");
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    return fail("the client key does not belong to the client certificate");
  return {};
}

Result<std::string> read_whole(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return fail(path + ": " + std::strerror(errno));
  std::string text(file_bytes + 1, '\0');
  std::size_t used = 0;
  ssize_t got = 0;
  while (used < text.size() && (got = ::read(fd, text.data() + used, text.size() - used)) > 0)
    used += static_cast<std::size_t>(got);
  const int error = errno;
  ::close(fd);
  if (got < 0) return fail(path + ": " + std::strerror(error));
  if (used > file_bytes) return fail(path + ": larger than " + std::to_string(file_bytes) + " bytes");
  text.resize(used);
  return text;
}

std::string trimmed(std::string text) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.pop_back();
  return text;
}

}  // namespace

Credentials::Print Credentials::print_of(const std::string& file) {
  struct stat now{};
  if (::stat(file.c_str(), &now) != 0) return {};
  return {now.st_mtim.tv_sec * 1'000'000'000 + now.st_mtim.tv_nsec, now.st_ino,
          static_cast<std::uint64_t>(now.st_size)};
}

bool Credentials::changed(const Source& source) {
  return !source.file.empty() && print_of(source.file) != source.print;
}

// The print is taken before the bytes: a change in between is seen next time.
Result<std::string> Credentials::read(Source& source) {
  source.print = print_of(source.file);
  auto text = read_whole(source.file);
  if (!text) return text;
  *text = trimmed(std::move(*text));
  if (text->empty()) return fail(source.file + ": is empty");
  return text;
}

std::string Credentials::name(const Source& source, const char* what) const {
  return source.file.empty() ? what + (" of " + options_.cluster.source) : source.file;
}

Status Credentials::check_all() const {
  if (auto ok = check_token(token_.text); !ok) return fail(name(token_, "token") + ": " + ok.error().text);
  if (!ca_.text.empty())
    if (auto ok = check_ca(ca_.text); !ok)
      return fail(name(ca_, "certificate authority") + ": " + ok.error().text);
  if (!certificate_.text.empty() || !key_.text.empty())
    if (auto ok = check_pair(certificate_.text, key_.text); !ok)
      return fail(name(certificate_, "client certificate") + ": " + ok.error().text);
  return {};
}

Result<Credentials> Credentials::open(Options options) {
  Credentials made;
  const auto& cluster = options.cluster;
  made.token_ = {cluster.token_file, trimmed(cluster.token), {}};
  made.ca_ = {cluster.ca.file, cluster.ca.data, {}};
  made.certificate_ = {cluster.client_certificate.file, cluster.client_certificate.data, {}};
  made.key_ = {cluster.client_key.file, cluster.client_key.data, {}};
  made.options_ = std::move(options);
  for (auto* source : {&made.token_, &made.ca_, &made.certificate_, &made.key_}) {
    if (source->file.empty()) continue;
    auto text = read(*source);
    if (!text) return fail(text.error().text);
    source->text = std::move(*text);
  }
  if (auto ok = made.check_all(); !ok) return fail(ok.error().text);
  return made;
}

void Credentials::refresh(core::Instant now) {
  if (looked_ == core::Instant{}) looked_ = now;
  if (!due_ && now - looked_ < options_.period) return;
  const bool forced = due_;
  looked_ = now;
  due_ = false;
  if (!token_.file.empty() && (forced || changed(token_))) take_token();
  if (changed(ca_)) take_ca();
  if (changed(certificate_) || changed(key_)) take_pair();
}

void Credentials::report(const Source& source, const Status& outcome) {
  if (options_.metrics != nullptr)
    options_.metrics->rest_client.credentials.at(outcome ? "ok" : "failed").add();
  if (options_.log == nullptr) return;
  if (outcome)
    options_.log->info("credentials read again", {{"file", source.file}});
  else
    options_.log->warning("credentials can't be read again, the last good ones stay",
                          {{"file", source.file}, {"err", outcome.error().text}});
}

void Credentials::take_token() {
  auto text = read(token_);
  if (!text) return report(token_, fail(text.error().text));
  if (auto ok = check_token(*text); !ok) return report(token_, ok);
  token_.text = std::move(*text);
  report(token_, {});
}

void Credentials::take_ca() {
  auto text = read(ca_);
  if (!text) return report(ca_, fail(text.error().text));
  if (auto ok = check_ca(*text); !ok) return report(ca_, ok);
  ca_.text = std::move(*text);
  report(ca_, {});
}

// Certificate and key change one after the other: a pair that does not match yet is looked at again next time.
void Credentials::take_pair() {
  auto certificate = certificate_.file.empty() ? Result<std::string>(certificate_.text) : read(certificate_);
  auto key = key_.file.empty() ? Result<std::string>(key_.text) : read(key_);
  if (!certificate) return report(certificate_, fail(certificate.error().text));
  if (!key) return report(key_, fail(key.error().text));
  if (auto ok = check_pair(*certificate, *key); !ok) {
    certificate_.print = {};
    return report(certificate_, ok);
  }
  certificate_.text = std::move(*certificate);
  key_.text = std::move(*key);
  report(certificate_, {});
}

}  // namespace outrigger::io
