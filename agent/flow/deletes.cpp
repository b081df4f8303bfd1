#include "agent/flow/deletes.h"

#include <utility>

namespace outrigger::flow {

void Deletes::start(DeleteCall call, Done done) {
  ++in_flight_;
  DeleteOutcome outcome{call.uid, call.id, call.label_only, DeleteEnd::accepted, {}, clock_.now(), {}};
  calls_.start(std::move(call.request), [this, outcome = std::move(outcome),
                                         done = std::move(done)](const Reply& reply) mutable {
    using enum core::ApiErrorClass;
    --in_flight_;
    outcome.error = error_of(reply);
    outcome.took = reply.took;
    const core::ApiErrorClass c = outcome.error.error_class;
    if (c == not_found || c == conflict || c == gone)
      outcome.end = DeleteEnd::gone;
    else if (c != none)
      outcome.end =
          DeleteEnd::failed;  // idempotent under its precondition: whatever happened, it may be sent again
    done(outcome);
  });
}

}  // namespace outrigger::flow
