// Status answers, word for word as kube-apiserver 1.34 writes them.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/http/message.h"
#include "tests/apiserver/store/object.h"
#include "tl/expected.hpp"

namespace outrigger::apiserver {

// Either a value or the answer that says why not.
template <class T>
using Outcome = tl::expected<T, HttpResponse>;

struct StatusCause {
  std::string reason;
  std::string message;
  std::string field;
};

struct StatusBody {
  int code = 500;
  std::string reason;
  std::string message;
  std::string name;   // details
  std::string group;  // details
  std::string kind;   // details
  std::vector<StatusCause> causes;
  int retry_after_s = 0;       // details and header
  std::string continue_token;  // metadata
  bool empty_details = false;  // writes "details":{}
};

std::string status_json(const StatusBody& status);  // with a final LF
HttpResponse failure(const StatusBody& status);

namespace status {

HttpResponse not_found(std::string_view plural, std::string_view name);
HttpResponse already_exists(std::string_view plural, std::string_view name, bool terminating);
HttpResponse bad_request(std::string message);
HttpResponse unauthorized();
HttpResponse forbidden_object(std::string_view plural, std::string_view name, std::string_view why);
HttpResponse modified(std::string_view plural, std::string_view name);
HttpResponse precondition(std::string_view kind, std::string_view name, std::string_view field,
                          std::string_view wanted, std::string_view have);
HttpResponse invalid(std::string_view group, std::string_view kind, std::string_view name,
                     std::vector<StatusCause> causes);
HttpResponse too_large_rv(Rv wanted, Rv current);
HttpResponse expired_list();
HttpResponse expired_continue(std::string fresh_token);
HttpResponse malformed_rv(std::string_view text);
HttpResponse unsupported_media_type();
HttpResponse unsupported_patch_type();
HttpResponse not_acceptable();
HttpResponse no_such_resource();
HttpResponse method_not_allowed(std::string_view method);
HttpResponse too_many_requests_text(int retry_after_s);
HttpResponse too_many_requests_json(int retry_after_s);
HttpResponse success(int code);
HttpResponse internal_error(std::string message);
std::string expired_watch_json(Rv wanted, Rv oldest);

}  // namespace status
}  // namespace outrigger::apiserver
