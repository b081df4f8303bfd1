#include "agent/io/admin_http.h"

#include <utility>

#include "agent/io/admin_pages.h"
#include "agent/io/http_server.h"

namespace outrigger::io {

AdminHttp::AdminHttp(std::unique_ptr<HttpServer> server) : server_(std::move(server)) {}
AdminHttp::~AdminHttp() = default;

Result<std::unique_ptr<AdminHttp>> AdminHttp::open(AsioLoop& loop, AdminOptions options, HealthChecks checks,
                                                   std::function<std::string()> metrics) {
  auto handler = [checks = std::move(checks), metrics = std::move(metrics)](
                     const HttpQuestion& question, const HttpServer::Answer& answer) {
    if (question.method != "GET" && question.method != "HEAD")
      return answer({.code = 405, .body = "only GET and HEAD\n", .headers = {{"Allow", "GET, HEAD"}}});
    AdminPage page = admin_page(question.target, checks, metrics);
    answer({.code = page.code, .content_type = page.content_type, .body = std::move(page.body)});
  };
  auto server = HttpServer::open(loop,
                                 {.key = "admin.listen",
                                  .listen = std::move(options.listen),
                                  .connections = options.connections,
                                  .header_bytes = options.header_bytes,
                                  .idle_timeout = options.idle_timeout},
                                 std::move(handler));
  if (!server) return fail(server.error().text);
  return std::unique_ptr<AdminHttp>(new AdminHttp(std::move(*server)));
}

std::uint16_t AdminHttp::port() const {
  return server_->port();
}

}  // namespace outrigger::io
