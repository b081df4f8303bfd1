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
  x_sink.publish(record);
  x_dirty = true;
}

void Publisher::profile(const core::ProfileStatus& status) {
  const auto it = x_profiles.find(status.profile);
  if (it != x_profiles.end() && fields(it->second) == fields(status)) return;
  x_profiles[status.profile] = status;
  x_sink.publish(status);
  x_dirty = true;
}

void Publisher::control(const core::ControlStatus& status) {
  if (x_any_control && fields(x_control) == fields(status)) return;
  x_control = status;
  x_any_control = true;
  x_sink.publish(status);
  x_dirty = true;
}

void Publisher::result(core::Epoch epoch, const core::CommandResult& result) {
  x_sink.result(epoch, result);
  x_dirty = true;
}

void Publisher::commit() {
  if (!x_dirty) return;
  x_sink.commit();
  x_dirty = false;
}

}  // namespace outrigger::flow
