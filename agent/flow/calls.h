// One request, one whole answer: the write lane's and the GETs' side of the Http port. Bodies are bounded; a
// 401 drops the token and is asked once more, because it certainly did not happen.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/core/api_error.h"
#include "agent/ports/clock.h"
#include "agent/ports/http.h"

namespace outrigger::flow {

struct Reply {
  ports::TransportEnd end;
  kube::ResponseHead head;  // code 0 = no answer
  std::string body;
  core::Nanos took{0};
  bool complete() const { return end.outcome == ports::Transport::ok && head.code != 0; }
  bool success() const { return complete() && head.code >= 200 && head.code < 300; }
  // A write certainly did not happen: nothing was sent, or the server refused it before doing anything.
  bool never_sent() const {
    return end.outcome == ports::Transport::refused || end.outcome == ports::Transport::tls;
  }
};
// What went wrong, typed; error_class none when it went well.
core::ApiError error_of(const Reply& reply);

class Calls final {
 public:
  using Done = std::function<void(const Reply&)>;
  Calls(ports::Http& http, ports::Clock& clock);
  ~Calls();  // cancels everything
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  // `done` runs once, never inside start().
  void start(kube::Request request, Done done);
  std::size_t open() const { return open_.size(); }

 private:
  class Call;
  void launch(Call& call);
  void finished(Call& call, const ports::TransportEnd& end);

  ports::Http& http_;
  ports::Clock& clock_;
  std::map<Call*, std::unique_ptr<Call>> open_;
};

}  // namespace outrigger::flow
