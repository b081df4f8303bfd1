// From an answer that is not a success to what to do about it. JSON Status, text/plain and empty bodies are
// all normal: flow control answers in plain text, and proxies answer as they like.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/api_error.h"
#include "agent/kube/http_message.h"

namespace outrigger::kube {

// The fields of a metav1.Status that are read. In band (an ERROR event) or as a body.
struct StatusFields {
  std::uint16_t code = 0;
  std::string reason;
  std::string message;
  std::string details_kind;
  std::vector<std::string> causes;  // their reasons
  std::int64_t retry_after_s = -1;  // details.retryAfterSeconds; -1 = none
  std::string continue_token;       // metadata.continue of an expired list
};

// error_class none for 2xx. The HTTP code decides, refined by the Status; a body that is no Status becomes the
// message. Retry-After as seconds, or as an HTTP date against the answer's own Date (there is no clock here).
core::ApiError decode_error(const ResponseHead& head, std::string_view body);
// An ERROR event: HTTP said 200, the Status says the rest.
core::ApiError classify_in_band(const StatusFields& status);

// Seconds since the epoch of an IMF-fixdate ("Sat, 21 Nov 2026 13:11:11 GMT"); -1 for anything else.
std::int64_t parse_http_date(std::string_view text);

}  // namespace outrigger::kube
