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
      : request_(std::move(request)), done_(std::move(done)), calls_(calls) {}

  void on_head(const kube::ResponseHead& head) override { reply_.head = head; }
  bool on_body(std::string_view bytes) override {
    if (dropped_) return true;
    if (reply_.body.size() + bytes.size() <= core::limits::answer_bytes) {
      reply_.body.append(bytes);
      return true;
    }
    // Of a deletecollection that went well this is every object that it deleted, 10 kB a pod: nobody reads it, and to break
    // it off would make a success a failure.
    dropped_ = request_.verb == kube::Verb::remove_collection && reply_.head.code / 100 == 2;
    oversize_ = !dropped_;
    reply_.body = {};
    return dropped_;
  }
  void on_end(const ports::TransportEnd& end) override { calls_.finished(*this, end); }

  kube::Request request_;
  Done done_;
  Reply reply_;
  ports::ExchangeId exchange_ = 0;
  core::Instant started_{};
  bool asked_again_ = false;
  bool oversize_ = false, dropped_ = false;

 private:
  Calls& calls_;
};

Calls::Calls(ports::Http& http, ports::Clock& clock) : http_(http), clock_(clock) {}

Calls::~Calls() {
  for (const auto& [call, owned] : open_) http_.cancel(call->exchange_);
}

void Calls::start(kube::Request request, Done done) {
  auto owned = std::make_unique<Call>(*this, std::move(request), std::move(done));
  Call& call = *owned;
  open_.emplace(&call, std::move(owned));
  launch(call);
}

void Calls::launch(Call& call) {
  call.started_ = clock_.now();
  call.reply_ = {};
  call.dropped_ = false;
  call.exchange_ = http_.start(ports::Lane::write, call.request_, call);
}

void Calls::finished(Call& call, const ports::TransportEnd& end) {
  call.reply_.end = end;
  call.reply_.took = clock_.now() - call.started_;
  if (call.oversize_)
    call.reply_.end = {ports::Transport::interrupted,
                       "the answer is larger than " + std::to_string(core::limits::answer_bytes) + " bytes",
                       false};
  if (call.reply_.complete() && call.reply_.head.code == 401 && !call.asked_again_) {
    call.asked_again_ = true;
    http_.reload_credentials();
    launch(call);
    return;
  }
  const auto owned = std::move(open_.at(&call));
  open_.erase(&call);
  owned->done_(owned->reply_);
}

}  // namespace outrigger::flow
