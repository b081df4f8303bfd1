// Certificates of a test: an authority, and leaves signed by it. Made in memory, valid for a day.
#pragma once
#include <memory>
#include <string>

namespace outrigger::test {

struct Identity {
  std::string certificate, key;  // PEM
};
class Authority {
 public:
  explicit Authority(const std::string& name);
  ~Authority();
  Authority(Authority&&) noexcept;
  const std::string& pem() const;
  // `names`: subjectAltName as OpenSSL writes it, "IP:127.0.0.1,DNS:kube.example"; empty: a client's.
  Identity issue(const std::string& common_name, const std::string& names) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrigger::test
