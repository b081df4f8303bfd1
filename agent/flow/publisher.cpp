#include "agent/flow/publisher.h"

#include <tuple>

namespace outrigger::flow {
namespace {

auto fields(const core::ProfileStatus& s) {
  return std::tie(s.target, s.creating, s.pending, s.running, s.terminating, s.template_revision,
                  s.template_digits, s.template_wanted, s.wait, s.last_error, s.last_error_message,
                  s.retry_at_monotonic_ns, s.created_total, s.create_failed_total);
}
// The resource version alone is no news: it would wake the driver for every bookmark.
auto fields(const core::ControlStatus& s) {
  return std::tie(s.session, s.synced, s.stale, s.ids_wanted, s.drain_left, s.last_error,
                  s.last_error_message);
}

}  // namespace

void Publisher::record(core::ExecutorRecord record, const std::string& nonce) {
  if (record.pod.nonce.empty()) record.pod.nonce = nonce;
  sink_.publish(record);
  dirty_ = true;
}

void Publisher::profile(const core::ProfileStatus& status) {
  const auto it = profiles_.find(status.profile);
  if (it != profiles_.end() && fields(it->second) == fields(status)) return;
  profiles_[status.profile] = status;
  sink_.publish(status);
  dirty_ = true;
}

void Publisher::control(const core::ControlStatus& status) {
  if (any_control_ && fields(control_) == fields(status)) return;
  control_ = status;
  any_control_ = true;
  sink_.publish(status);
  dirty_ = true;
}

void Publisher::result(core::Epoch epoch, const core::CommandResult& result) {
  sink_.result(epoch, result);
  dirty_ = true;
}

void Publisher::commit() {
  if (!dirty_) return;
  sink_.commit();
  dirty_ = false;
}

}  // namespace outrigger::flow
