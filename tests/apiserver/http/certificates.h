// A certificate authority and a server certificate of our own, made at start.
#pragma once
#include <string>

#include "tests/apiserver/http/network.h"

namespace outrigger::apiserver {

struct TlsMaterial {
  TlsFiles files;
  std::string ca_file;
  std::string ca_pem;
};

// Writes ca.crt, server.crt and server.key (mode 0600) to the directory, which is created; what stands there already
// is used again, so that a restarted server keeps its authority. Throws std::runtime_error.
TlsMaterial prepare_tls(const std::string& directory);

}  // namespace outrigger::apiserver
