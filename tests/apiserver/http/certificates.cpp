#include "tests/apiserver/http/certificates.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace outrigger::apiserver {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("TLS: cannot " + what);
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  if (!key) fail("make a key");
  return key;
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) fail("add a certificate extension");
}

Certificate make_certificate(const char* name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  constexpr long day_s = 86'400;
  Certificate certificate(X509_new());
  if (!certificate) fail("make a certificate");
  X509* x = certificate.get();
  X509_set_version(x, 2);
  std::unique_ptr<BIGNUM, Freer<BN_free>> serial(BN_new());
  BN_rand(serial.get(), 120, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY);
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(x));
  X509_gmtime_adj(X509_getm_notBefore(x), -day_s);
  X509_gmtime_adj(X509_getm_notAfter(x), 365 * day_s);
  X509_set_pubkey(x, key);
  X509_NAME* subject = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1,
                             -1, 0);
  X509* signer = issuer != nullptr ? issuer : x;
  X509_set_issuer_name(x, X509_get_subject_name(signer));
  const bool authority = issuer == nullptr;
  add_extension(x, signer, NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(x, signer, NID_key_usage,
                authority ? "critical,keyCertSign,cRLSign,digitalSignature" : "critical,digitalSignature");
  add_extension(x, signer, NID_subject_key_identifier, "hash");
  if (!authority) {
    add_extension(x, signer, NID_authority_key_identifier, "keyid");
    add_extension(x, signer, NID_ext_key_usage, "serverAuth");
    add_extension(
        x, signer, NID_subject_alt_name,
        "IP:127.0.0.1,IP:::1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc");
  }
  if (X509_sign(x, issuer_key, EVP_sha256()) == 0) fail("sign a certificate");
  return certificate;
}

using File = std::unique_ptr<FILE, Freer<std::fclose>>;

File open_for_writing(const std::string& path, ::mode_t mode) {
  File file(std::fopen(path.c_str(), "w"));
  if (!file || ::fchmod(::fileno(file.get()), mode) != 0) fail("write " + path);
  return file;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TlsMaterial prepare_tls(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) fail("create " + directory + ": " + error.message());
  TlsMaterial material;
  material.ca_file = directory + "/ca.crt";
  material.files = {directory + "/server.crt", directory + "/server.key"};
  const bool there = std::filesystem::exists(material.ca_file) &&
                     std::filesystem::exists(material.files.certificate) &&
                     std::filesystem::exists(material.files.key);
  if (!there) {
    const Key ca_key = make_key();
    const Certificate ca = make_certificate("outrigger-apiserver-ca", ca_key.get(), nullptr, ca_key.get());
    const Key key = make_key();
    const Certificate server = make_certificate("outrigger-apiserver", key.get(), ca.get(), ca_key.get());
    PEM_write_X509(open_for_writing(material.ca_file, 0644).get(), ca.get());
    PEM_write_X509(open_for_writing(material.files.certificate, 0644).get(), server.get());
    PEM_write_PrivateKey(open_for_writing(material.files.key, 0600).get(), key.get(), nullptr, nullptr, 0,
                         nullptr, nullptr);
  }
  material.ca_pem = read_file(material.ca_file);
  return material;
}

}  // namespace outrigger::apiserver
