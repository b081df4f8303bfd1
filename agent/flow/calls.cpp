#include "agent/flow/calls.h"

#include <utility>

#include "agent/core/limits.h"
#include "agent/kube/status_decoder.h"

namespace outrigger::flow {

core::ApiError error_of(const Reply& reply) {
  if (reply.complete()) return kube::decode_error(reply.head, reply.body);
  return {core::ApiErrorClass::transport, 0, "", reply.end.detail, "", {}, ""};
}

class Calls::Call final : public ports::HttpSink {
 public:
  Call(Calls& calls, kube::Request request, Done done)
      : x_request(std::move(request)), x_done(std::move(done)), x_calls(calls) {}

  void on_head(const kube::ResponseHead& head) override { x_reply.head = head; }
  bool on_body(std::string_view bytes) override {
    if (x_reply.body.size() + bytes.size() > core::limits::answer_bytes) {
      x_oversize = true;
      return false;
    }
    x_reply.body.append(bytes);
    return true;
  }
  void on_end(const ports::TransportEnd& end) override { x_calls.finished(*this, end); }

  kube::Request x_request;
  Done x_done;
  Reply x_reply;
  ports::ExchangeId x_exchange = 0;
  core::Instant x_started{};
  bool x_asked_again = false;
  bool x_oversize = false;

 private:
  Calls& x_calls;
};

Calls::Calls(ports::Http& http, ports::Clock& clock) : x_http(http), x_clock(clock) {}

Calls::~Calls() {
  for (const auto& [call, owned] : x_open) x_http.cancel(call->x_exchange);
}

void Calls::start(kube::Request request, Done done) {
  auto owned = std::make_unique<Call>(*this, std::move(request), std::move(done));
  Call& call = *owned;
  x_open.emplace(&call, std::move(owned));
  launch(call);
}

void Calls::launch(Call& call) {
  call.x_started = x_clock.now();
  call.x_reply = {};
  call.x_exchange = x_http.start(ports::Lane::write, call.x_request, call);
}

void Calls::finished(Call& call, const ports::TransportEnd& end) {
  call.x_reply.end = end;
  call.x_reply.took = x_clock.now() - call.x_started;
  if (call.x_oversize)
    call.x_reply.end = {ports::Transport::interrupted,
                        "the answer is larger than " + std::to_string(core::limits::answer_bytes) + " bytes",
                        false};
  if (call.x_reply.complete() && on_contact) on_contact();
  if (call.x_reply.complete() && call.x_reply.head.code == 401 && !call.x_asked_again) {
    call.x_asked_again = true;
    x_http.reload_credentials();
    launch(call);
    return;
  }
  const auto owned = std::move(x_open.at(&call));
  x_open.erase(&call);
  owned->x_done(owned->x_reply);
}

}  // namespace outrigger::flow
