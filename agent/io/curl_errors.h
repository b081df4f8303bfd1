// What libcurl says at the end of a transfer, in the words of the Http port. The line that matters: refused and tls
// mean that a write certainly did not happen, interrupted and timed_out that nobody knows.
#pragma once
#include <string>

#include "agent/ports/http.h"

namespace outrigger::io {

struct CurlEnd {
  int code = 0;       // CURLcode
  bool sent = false;  // on any connection, the request was sent or about to be
  std::string text;   // libcurl's own, may be empty
};
ports::TransportEnd transport_end(const CurlEnd& end);

}  // namespace outrigger::io
