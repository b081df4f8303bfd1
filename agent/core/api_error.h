// What went wrong with a request, typed by what to do about it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/core/time.h"

namespace outrigger::core {

// The numbers are part of the channel's byte map: append only.
enum class ApiErrorClass : std::uint8_t {
  none = 0,
  unauthorized,         // 401: reload the token, retry once
  rbac,                 // 403 "cannot VERB resource": terminal until someone grants it
  quota,                // 403 "exceeded quota", "status unknown for quota", "must specify": hold, with jitter
  webhook_denied,       // 400/403 "admission webhook ... denied the request": terminal for this template
  webhook_unreachable,  // 500 "failed calling webhook": back off, retry
  not_found,            // 404
  namespace_missing,    // 404 namespaces "x" not found: terminal
  already_exists,       // 409 AlreadyExists
  conflict,             // 409 Conflict (precondition, stale resource version)
  invalid,              // 400, 415, 422: terminal for this template
  gone,                 // 410: relist
  too_large_version,    // 504 cause ResourceVersionTooLarge: retry, then relist without a version
  throttled,            // 429: wait Retry-After
  server_error,         // other 5xx: back off, retry
  transport,            // no answer, or a broken one: the outcome of a write is unknown
  policy,               // refused by our own pod policy before it left
  count_
};

struct ApiError {
  ApiErrorClass error_class = ApiErrorClass::none;
  std::uint16_t http_code = 0;  // 0 = no answer
  std::string reason;           // Status.reason, or empty
  std::string message;          // Status.message or the plain text, truncated to limits::message_bytes
  std::string audit_id;         // Audit-ID header
  std::optional<Millis> retry_after;
  std::string continue_token;  // of a 410 on a paged list
};

std::string_view to_string(ApiErrorClass error_class);

}  // namespace outrigger::core
