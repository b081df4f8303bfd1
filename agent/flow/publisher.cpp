#include "agent/flow/publisher.h"

#include <tuple>
#include <vector>

#include "agent/core/in_flight.h"
#include "agent/core/records.h"

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
  if (shown_to_ != nonce) shown_to_ = nonce;
  sink_.publish(record);
  dirty_ = true;
}

void Publisher::another_driver(const core::Books& books) {
  if (shown_to_.empty()) return;
  const std::string before = shown_to_;
  books.pods.each([&](const core::PodRow& row) {
    if (row.pod.nonce == before && row.pod.executor_id.value != 0) record(core::record_of_left(row), before);
  });
  for (const auto& [id, expectation] : books.expected.all())
    if (!expectation.retired &&
        (expectation.nonce_hash == 0 || expectation.nonce_hash == core::nonce_hash(before)))
      record(core::record_of_left(expectation, before), before);
  std::vector<core::ProfileStatus> idle;
  for (const auto& [id, status] : profiles_) {
    core::ProfileStatus& rest = idle.emplace_back();
    rest.profile = id;
    rest.created_total = status.created_total;
    rest.create_failed_total = status.create_failed_total;
  }
  for (const auto& status : idle) profile(status);
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
