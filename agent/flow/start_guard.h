// Until the first sync a fault that only a person can change ends the agent with one line, and so does a server that
// cannot be reached for too long. After it such faults never do. Pure: what failed and the time come in, the verdict
// goes out.
#pragma once
#include <optional>
#include <string>

#include "agent/core/api_error.h"
#include "agent/core/time.h"
#include "agent/kube/http_message.h"
#include "agent/kube/watch_machine.h"

namespace outrigger::flow {

// What the line names. No secret is among them.
struct StartNames {
  std::string server;       // its URL
  std::string authorities;  // who may have signed its certificate: a file, "the system's authorities"
  std::string account;      // who we are: "the token of FILE", "no credentials"
  std::string source;       // where all that was read: a kubeconfig, "in-cluster"
};

// A list or a watch that is going to be asked again.
struct StartFault {
  kube::RestartReason reason = kube::RestartReason::none;
  kube::Verb verb = kube::Verb::list;
  core::ApiError error;  // class transport: no whole answer, the message says why
  bool asked_at_once =
      false;  // the next attempt does not wait, because it may do better (a token read again)
};

class StartGuard {
 public:
  using Verdict = std::optional<std::string>;  // nullopt: go on; else one line that says why not

  // bound 0: a server that is away is waited for without end.
  StartGuard(StartNames names, std::string name_space, core::Millis bound);

  void begin(core::Instant now);     // the first request leaves
  void progress(core::Instant now);  // a part of the first list arrived: the bound counts from here
  void settle();  // the table was complete and a watch was open: nothing is refused any more
  bool settled() const { return settled_; }

  Verdict failed(StartFault fault, core::Instant now);
  // Asked when deadline() is over.
  Verdict due(core::Instant now) const;
  std::optional<core::Instant> deadline() const;  // nullopt: none (not begun, settled, no bound)
  // For the probes: how long it has been tried, and the last fault. Empty once settled.
  std::string waiting(core::Instant now) const;

 private:
  Verdict refusal(const StartFault& fault) const;
  std::string forbidden(const StartFault& fault) const;
  std::string too_long(core::Instant now) const;

  StartNames names_;
  std::string name_space_;
  core::Millis bound_;
  std::optional<core::Instant> since_;
  std::optional<StartFault> last_;
  bool settled_ = false;
};

}  // namespace outrigger::flow
