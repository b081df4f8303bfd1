#include "agent/kube/status_decoder.h"

#include <algorithm>
#include <charconv>

#include "agent/core/limits.h"
#include "agent/kube/status_reader.h"
#include "agent/kube/timestamp.h"

namespace outrigger::kube {
namespace {

using core::ApiErrorClass;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Admission first: a webhook may answer with any code, and its text is the only mark it leaves.
ApiErrorClass webhook_class(const StatusFields& status) {
  if (has(status.message, "failed calling webhook")) return ApiErrorClass::webhook_unreachable;
  if (has(status.message, "admission webhook") && has(status.message, "denied the request"))
    return ApiErrorClass::webhook_denied;
  return ApiErrorClass::none;
}

bool has_cause(const StatusFields& status, std::string_view reason) {
  return std::find(status.causes.begin(), status.causes.end(), reason) != status.causes.end();
}

ApiErrorClass forbidden_class(const StatusFields& status) {
  // Quota has no cause of its own: the admission plugin's words are all there is.
  if (has(status.message, "exceeded quota") || has(status.message, "status unknown for quota") ||
      has(status.message, "failed quota"))
    return ApiErrorClass::quota;
  if (has_cause(status, "NamespaceTerminating")) return ApiErrorClass::namespace_missing;
  // Authorisation says who cannot do what. Any other "is forbidden" comes from an admission plugin (PodSecurity,
  // LimitRanger, a missing service account) and is about the object.
  if (has(status.message, " is forbidden: ") && !has(status.message, " cannot "))
    return ApiErrorClass::invalid;
  return ApiErrorClass::rbac;
}

bool is_too_large_version(const StatusFields& status) {
  return has_cause(status, "ResourceVersionTooLarge") ||
         has(status.message, "Too large resource version");  // servers before the cause existed
}

ApiErrorClass not_found_class(const StatusFields& status) {
  return status.details_kind == "namespaces" ? ApiErrorClass::namespace_missing : ApiErrorClass::not_found;
}

// By code, where there is one; else by reason.
ApiErrorClass class_of(std::uint16_t code, const StatusFields& status) {
  if (code == 410 || status.reason == "Expired" || status.reason == "Gone") return ApiErrorClass::gone;
  if (is_too_large_version(status)) return ApiErrorClass::too_large_version;
  if (const auto webhook = webhook_class(status); webhook != ApiErrorClass::none) return webhook;
  switch (code) {
    case 401:
      return ApiErrorClass::unauthorized;
    case 403:
      return forbidden_class(status);
    case 404:
      return not_found_class(status);
    case 409:
      return status.reason == "AlreadyExists" ? ApiErrorClass::already_exists : ApiErrorClass::conflict;
    case 429:
      return ApiErrorClass::throttled;
    default:
      break;
  }
  if (code >= 500) return ApiErrorClass::server_error;
  if (code >= 400) return ApiErrorClass::invalid;
  if (status.reason == "TooManyRequests") return ApiErrorClass::throttled;
  if (status.reason == "Unauthorized") return ApiErrorClass::unauthorized;
  if (status.reason == "Forbidden") return forbidden_class(status);
  if (status.reason == "NotFound") return not_found_class(status);
  if (status.reason == "AlreadyExists") return ApiErrorClass::already_exists;
  if (status.reason == "Conflict") return ApiErrorClass::conflict;
  if (status.reason == "Invalid" || status.reason == "BadRequest") return ApiErrorClass::invalid;
  return ApiErrorClass::server_error;  // not a success, and nothing else is known: back off and retry
}

std::optional<core::Millis> retry_after(const ResponseHead& head, const StatusFields& status) {
  constexpr std::int64_t most_s = 24 * 3600;  // a header of a broken proxy must not silence us for ever
  const std::string_view text = head.header("retry-after");
  std::int64_t seconds = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0) {
    const std::int64_t at = parse_http_date(text);
    const std::int64_t now = parse_http_date(head.header("date"));
    seconds = at >= 0 && now >= 0 ? std::max<std::int64_t>(0, at - now) : status.retry_after_s;
  }
  if (seconds < 0) return std::nullopt;
  return core::Millis(1000 * std::min(seconds, most_s));
}

// A plain text body as a message: one bounded line of ASCII, because nothing says that a proxy sends UTF-8.
std::string plain_message(std::string_view body) {
  std::string text;
  for (const char c : body.substr(0, core::limits::message_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      text += '?';
    } else if (byte >= 0x20 && byte != 0x7F) {
      text += c;
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

core::ApiError error_from(std::uint16_t code, StatusFields&& status) {
  core::ApiError error;
  error.error_class = class_of(code, status);
  error.http_code = code;
  error.reason = std::move(status.reason);
  error.message = std::move(status.message);
  error.continue_token = std::move(status.continue_token);
  return error;
}

}  // namespace

core::ApiError decode_error(const ResponseHead& head, std::string_view body) {
  core::ApiError error;
  error.http_code = head.code;
  if (head.code >= 200 && head.code < 300) return error;

  StatusFields status;
  // Not by Content-Type: flow control sends text/plain, some proxies send a Status as text/plain too.
  if (body.substr(0, 1) == "{" && body.size() <= core::limits::answer_bytes) {
    std::string copy(body);
    JsonReader json;
    std::string kind;
    const bool read = json.open(Padded::of(copy)) && read_status(json, status, kind) && json.finish();
    if (!read || kind != "Status") status = {};
  }
  if (status.message.empty()) status.message = plain_message(body);
  const auto wait = retry_after(head, status);
  error = error_from(head.code, std::move(status));
  error.retry_after = wait;
  error.audit_id = std::string(head.header("audit-id").substr(0, 128));
  return error;
}

core::ApiError classify_in_band(const StatusFields& status) {
  core::ApiError error = error_from(status.code, StatusFields(status));
  if (status.retry_after_s >= 0) error.retry_after = retry_after({}, status);
  return error;
}

std::int64_t parse_http_date(std::string_view text) {
  // "Sat, 21 Nov 2026 13:11:11 GMT": the only form a server may send today.
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' ||
      text[16] != ' ' || text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT")
    return -1;
  const std::size_t month = months.find(text.substr(8, 3));
  const int day = two_digits(text, 5), century = two_digits(text, 12), year = two_digits(text, 14),
            hour = two_digits(text, 17), minute = two_digits(text, 20), second = two_digits(text, 23);
  if (month == std::string_view::npos || month % 3 != 0 || day < 1 || day > 31 || century < 0 || year < 0 ||
      hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return -1;
  const std::int64_t days =
      days_from_civil(century * 100 + year, static_cast<unsigned>(month / 3 + 1), static_cast<unsigned>(day));
  return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

}  // namespace outrigger::kube
