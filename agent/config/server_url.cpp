#include "agent/config/server_url.h"

#include "agent/config/values.h"

namespace outrigger::config {

Result<ServerUrl> parse_server_url(const std::string& text) {
  ServerUrl url;
  std::string rest;
  for (const std::string scheme : {"https", "http"})
    if (text.starts_with(scheme + "://")) {
      url.scheme = scheme;
      rest = text.substr(scheme.size() + 3);
    }
  if (url.scheme.empty()) return fail("expected a URL such as https://10.0.0.1:6443");
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= ' ' || c == '"')
      return fail("holds a blank or a character that no URL may hold");
  if (rest.find_first_of("@?#") != rest.npos) return fail("a user, query or fragment is not allowed in it");
  const auto slash = rest.find('/');
  if (slash != rest.npos) {
    url.path = rest.substr(slash);
    rest.resize(slash);
    while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  }
  const auto bracket = rest.rfind(']');
  const auto colon = rest.find(':', bracket == rest.npos ? 0 : bracket);
  url.host = rest.substr(0, colon);
  url.port = colon == rest.npos ? (url.scheme == "https" ? "443" : "80") : rest.substr(colon + 1);
  if (url.host.empty() || (url.host.front() == '[') != (bracket != rest.npos)) return fail("names no host");
  if (!parse_number(url.port, {1, 65535})) return fail("its port is no number from 1 to 65535");
  return url;
}

}  // namespace outrigger::config
