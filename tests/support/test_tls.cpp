#include "tests/support/test_tls.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace outrigger::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

void need(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

void extend(X509* certificate, X509* issuer, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  need(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate blank(const std::string& name, EVP_PKEY* key) {
  Certificate certificate(X509_new(), &X509_free);
  X509_set_version(certificate.get(), 2);
  unsigned char serial[8];
  RAND_bytes(serial, sizeof(serial));
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()),
                          serial[0] + (std::uint64_t{serial[1]} << 8) + (std::uint64_t{serial[2]} << 16) +
                              (std::uint64_t{serial[3]} << 24) + 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

template <class Write>
std::string pem_of(Write write) {
  BIO* out = BIO_new(BIO_s_mem());
  write(out);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(out);
  return text;
}
std::string pem_of(X509* certificate) {
  return pem_of([&](BIO* out) { PEM_write_bio_X509(out, certificate); });
}

}  // namespace

struct Authority::Impl {
  Key key{EVP_EC_gen("P-256"), &EVP_PKEY_free};
  Certificate certificate{nullptr, &X509_free};
  std::string pem;
};

Authority::Authority(const std::string& name) : impl_(std::make_unique<Impl>()) {
  need(impl_->key != nullptr, "EVP_EC_gen");
  impl_->certificate = blank(name, impl_->key.get());
  auto* certificate = impl_->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  extend(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  extend(certificate, certificate, NID_key_usage, "critical,keyCertSign");
  need(X509_sign(certificate, impl_->key.get(), EVP_sha256()) > 0, "X509_sign");
  impl_->pem = pem_of(certificate);
}

Authority::~Authority() = default;
Authority::Authority(Authority&&) noexcept = default;
const std::string& Authority::pem() const {
  return impl_->pem;
}

Identity Authority::issue(const std::string& common_name, const std::string& names) const {
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  need(key != nullptr, "EVP_EC_gen");
  const auto certificate = blank(common_name, key.get());
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(impl_->certificate.get()));
  extend(certificate.get(), impl_->certificate.get(), NID_ext_key_usage,
         names.empty() ? "clientAuth" : "serverAuth");
  if (!names.empty()) extend(certificate.get(), impl_->certificate.get(), NID_subject_alt_name, names);
  need(X509_sign(certificate.get(), impl_->key.get(), EVP_sha256()) > 0, "X509_sign");
  return {pem_of(certificate.get()), pem_of([&](BIO* out) {
            PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace outrigger::test
