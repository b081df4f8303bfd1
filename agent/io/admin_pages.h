// What the admin endpoints say, without a socket: a request's target in, a page out. In the form of the Kubernetes
// components, so that people and tools read it as they are used to.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "agent/io/health_checks.h"

namespace outrigger::io {

struct AdminPage {
  unsigned code = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};

AdminPage admin_page(std::string_view target, const HealthChecks& checks,
                     const std::function<std::string()>& metrics);

}  // namespace outrigger::io
