#include "tests/apiserver/api/status.h"

namespace outrigger::apiserver {
namespace {

std::string quote_go(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

}  // namespace

std::string status_json(const StatusBody& status) {
  Json json;
  json["kind"] = "Status";
  json["apiVersion"] = "v1";
  json["metadata"] = Json::object();
  if (!status.continue_token.empty()) json["metadata"]["continue"] = status.continue_token;
  json["status"] = status.code < 400 ? "Success" : "Failure";
  if (!status.message.empty()) json["message"] = status.message;
  if (!status.reason.empty()) json["reason"] = status.reason;
  Json details = Json::object();
  if (!status.name.empty()) details["name"] = status.name;
  if (!status.group.empty()) details["group"] = status.group;
  if (!status.kind.empty()) details["kind"] = status.kind;
  for (const auto& cause : status.causes) {
    Json entry = Json::object();
    if (!cause.reason.empty()) entry["reason"] = cause.reason;
    entry["message"] = cause.message;
    if (!cause.field.empty()) entry["field"] = cause.field;
    details["causes"].push_back(std::move(entry));
  }
  if (status.retry_after_s > 0) details["retryAfterSeconds"] = status.retry_after_s;
  if (!details.empty() || status.empty_details) json["details"] = std::move(details);
  json["code"] = status.code;
  return dump(json) + "\n";
}

HttpResponse failure(const StatusBody& status) {
  HttpResponse response;
  response.code = status.code;
  response.body = status_json(status);
  if (status.retry_after_s > 0)
    response.headers.emplace_back("Retry-After", std::to_string(status.retry_after_s));
  return response;
}

namespace status {

HttpResponse not_found(std::string_view plural, std::string_view name) {
  return failure({.code = 404,
                  .reason = "NotFound",
                  .message = std::string(plural) + " " + quote_go(name) + " not found",
                  .name = std::string(name),
                  .kind = std::string(plural)});
}

HttpResponse already_exists(std::string_view plural, std::string_view name, bool terminating) {
  return failure({.code = 409,
                  .reason = "AlreadyExists",
                  .message = std::string(terminating ? "object is being deleted: " : "") +
                             std::string(plural) + " " + quote_go(name) + " already exists",
                  .name = std::string(name),
                  .kind = std::string(plural)});
}

HttpResponse bad_request(std::string message) {
  return failure({.code = 400, .reason = "BadRequest", .message = std::move(message)});
}

HttpResponse unauthorized() {
  return failure({.code = 401, .reason = "Unauthorized", .message = "Unauthorized"});
}

HttpResponse forbidden_object(std::string_view plural, std::string_view name, std::string_view why) {
  return failure(
      {.code = 403,
       .reason = "Forbidden",
       .message = std::string(plural) + " " + quote_go(name) + " is forbidden: " + std::string(why),
       .name = std::string(name),
       .kind = std::string(plural)});
}

HttpResponse modified(std::string_view plural, std::string_view name) {
  return failure(
      {.code = 409,
       .reason = "Conflict",
       .message =
           "Operation cannot be fulfilled on " + std::string(plural) + " " + quote_go(name) +
           ": the object has been modified; please apply your changes to the latest version and try again",
       .name = std::string(name),
       .kind = std::string(plural)});
}

HttpResponse precondition(std::string_view kind, std::string_view name, std::string_view field,
                          std::string_view wanted, std::string_view have) {
  const std::string f(field);
  return failure({.code = 409,
                  .reason = "Conflict",
                  .message = "Operation cannot be fulfilled on " + std::string(kind) + " " + quote_go(name) +
                             ": the " + f + " in the precondition (" + std::string(wanted) +
                             ") does not match the " + f + " in record (" + std::string(have) +
                             "). The object might have been " +
                             (field == "UID" ? "deleted and then recreated" : "modified"),
                  .name = std::string(name),
                  .kind = std::string(kind)});
}

HttpResponse invalid(std::string_view group, std::string_view kind, std::string_view name,
                     std::vector<StatusCause> causes) {
  std::string list;
  for (const auto& cause : causes)
    list.append(list.empty() ? "" : ", ").append(cause.field).append(": ").append(cause.message);
  if (causes.size() > 1) list = "[" + list + "]";
  const std::string full_kind = std::string(kind) + (group.empty() ? "" : ".") + std::string(group);
  return failure({.code = 422,
                  .reason = "Invalid",
                  .message = full_kind + " " + quote_go(name) + " is invalid: " + list,
                  .name = std::string(name),
                  .group = std::string(group),
                  .kind = std::string(kind),
                  .causes = std::move(causes)});
}

HttpResponse too_large_rv(Rv wanted, Rv current) {
  return failure({.code = 504,
                  .reason = "Timeout",
                  .message = "Timeout: Too large resource version: " + std::to_string(wanted) +
                             ", current: " + std::to_string(current),
                  .causes = {{"ResourceVersionTooLarge", "Too large resource version", ""}},
                  .retry_after_s = 1});
}

HttpResponse expired_list() {
  return failure(
      {.code = 410, .reason = "Expired", .message = "The resourceVersion for the provided list is too old."});
}

HttpResponse expired_continue(std::string fresh_token) {
  return failure(
      {.code = 410,
       .reason = "Expired",
       .message = "The provided continue parameter is too old to display a consistent list result. You can "
                  "start a new list without the continue parameter, or use the continue token in this "
                  "response to retrieve the remainder of the results. Continuing with the provided token "
                  "results in an inconsistent list - objects that were created, modified, or deleted "
                  "between the time the first chunk was returned and now may show up in the list.",
       .continue_token = std::move(fresh_token)});
}

HttpResponse malformed_rv(std::string_view text) {
  const std::string value = quote_go(text);
  return failure({.code = 500,
                  .message = "resourceVersion: Invalid value: " + value + ": strconv.ParseUint: parsing " +
                             value + ": invalid syntax"});
}

HttpResponse unsupported_media_type() {
  return failure({.code = 415,
                  .reason = "UnsupportedMediaType",
                  .message =
                      "the body of the request was in an unknown format - accepted media types include: "
                      "application/json, application/yaml, application/vnd.kubernetes.protobuf"});
}

HttpResponse unsupported_patch_type() {
  return failure({.code = 415,
                  .reason = "UnsupportedMediaType",
                  .message = "415: Unsupported Media Type",
                  .empty_details = true});
}

HttpResponse not_acceptable() {
  auto response = failure({.code = 406,
                           .reason = "NotAcceptable",
                           .message = "406: Not Acceptable\n\nAvailable representations: application/json, "
                                      "application/yaml, application/vnd.kubernetes.protobuf",
                           .empty_details = true});
  response.body = parse_json(response.body).dump(2) + "\n";  // the one answer that is always pretty
  return response;
}

HttpResponse no_such_resource() {
  return failure({.code = 404,
                  .reason = "NotFound",
                  .message = "the server could not find the requested resource",
                  .empty_details = true});
}

HttpResponse method_not_allowed(std::string_view method) {
  return failure({.code = 405,
                  .reason = "MethodNotAllowed",
                  .message = "the server does not allow this method on the requested resource (" +
                             std::string(method) + ")",
                  .empty_details = true});
}

HttpResponse too_many_requests_text(int retry_after_s) {
  HttpResponse response{.code = 429, .content_type = "text/plain; charset=utf-8", .headers = {}, .body = {}};
  response.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.body = "Too many requests, please try again later.\n";
  return response;
}

HttpResponse too_many_requests_json(int retry_after_s) {
  return failure({.code = 429,
                  .reason = "TooManyRequests",
                  .message = "the server has received too many requests and has asked us to try again later",
                  .retry_after_s = retry_after_s});
}

HttpResponse success(int code) {
  HttpResponse response;
  response.code = code;
  response.body = status_json({.code = code, .reason = {}, .message = {}});
  return response;
}

HttpResponse internal_error(std::string message) {
  return failure({.code = 500,
                  .reason = "InternalError",
                  .message = "Internal error occurred: " + message,
                  .causes = {{"", message, ""}}});
}

std::string expired_watch_json(Rv wanted, Rv oldest) {
  std::string json = status_json({.code = 410,
                                  .reason = "Expired",
                                  .message = "too old resource version: " + std::to_string(wanted) + " (" +
                                             std::to_string(oldest) + ")"});
  json.pop_back();
  return json;
}

}  // namespace status
}  // namespace outrigger::apiserver
