// A call of the driver's own Kubernetes client and its answer, as values.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

namespace outrigger::flow {

struct GatewayRequest {
  std::string method;  // as it was sent: "GET"
  std::string target;  // path and query
  std::string content_type;
  std::string body;
};

struct GatewayAnswer {
  std::uint16_t code = 200;
  std::string body;
  std::string content_type = "application/json";
  std::string retry_after;  // seconds, as the server said it; empty = none
};

using GatewayRespond = std::function<void(GatewayAnswer)>;

}  // namespace outrigger::flow
