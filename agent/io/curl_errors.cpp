#include "agent/io/curl_errors.h"

#include <curl/curl.h>

namespace outrigger::io {
namespace {

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// A handshake that the network cut, not one that failed.
bool handshake_cut(const std::string& text) {
  return contains(text, "SSL_ERROR_SYSCALL") || contains(text, "Connection reset") ||
         contains(text, "unexpected eof");
}

ports::Transport outcome_of(const CurlEnd& end) {
  using ports::Transport;
  switch (static_cast<CURLcode>(end.code)) {
    case CURLE_OK:
      return Transport::ok;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_PROXY:
      return Transport::refused;
    case CURLE_OPERATION_TIMEDOUT:
      return end.sent ? Transport::timed_out : Transport::refused;
    case CURLE_SSL_CONNECT_ERROR:
      return handshake_cut(end.text) ? Transport::refused : Transport::tls;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return Transport::tls;
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
      return Transport::aborted;
    default:  // 18, 52, 55, 56, 65, 92 ...: the connection ended in the middle
      return end.sent ? Transport::interrupted : Transport::refused;
  }
}

}  // namespace

ports::TransportEnd transport_end(const CurlEnd& end) {
  ports::TransportEnd result;
  result.outcome = outcome_of(end);
  // libcurl had sent it, lost the connection, and could not make another.
  if (end.sent && (result.outcome == ports::Transport::refused || result.outcome == ports::Transport::tls))
    result.outcome = ports::Transport::interrupted;
  if (end.code == CURLE_OK) return result;
  result.certificate = end.code == CURLE_PEER_FAILED_VERIFICATION;
  result.detail = end.text.empty() ? curl_easy_strerror(static_cast<CURLcode>(end.code)) : end.text;
  for (char& c : result.detail)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  result.detail += " (curl " + std::to_string(end.code) + ")";
  return result;
}

}  // namespace outrigger::io
