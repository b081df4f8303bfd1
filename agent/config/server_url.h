// The API server's URL, taken apart and checked.
#pragma once
#include <string>

#include "agent/core/result.h"

namespace outrigger::config {

struct ServerUrl {
  std::string scheme, host, port;  // host with brackets if it is IPv6; port never empty
  std::string path;                // without a slash at the end
  std::string text() const { return scheme + "://" + host + ":" + port + path; }
};
// http or https, HOST or HOST:PORT, a path; no user, query or fragment.
Result<ServerUrl> parse_server_url(const std::string& text);

}  // namespace outrigger::config
