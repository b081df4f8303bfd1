#include "agent/core/records.h"

#include <algorithm>
#include <utility>

namespace outrigger::core {
namespace {

Pod shell(ExecutorId id, ProfileId profile, std::string name) {
  Pod pod;
  pod.executor_id = id;
  pod.profile = profile;
  pod.name = std::move(name);
  return pod;
}

std::int64_t monotonic_ns(Instant at) {
  return at.time_since_epoch().count();
}

ExecutorRecord left(ExecutorRecord record) {
  record.state = ExecutorState::deleted;
  record.exit = {};
  record.exit.exit_class = ExitClass::requested;
  record.gone = true;
  return record;
}

}  // namespace

std::string truncate_message(std::string_view text, std::size_t limit) {
  constexpr std::string_view dots = "...";
  if (text.size() <= limit) return std::string(text);
  if (limit < dots.size()) return std::string(dots.substr(0, limit));
  std::size_t end = limit - dots.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not inside a character
  return std::string(text.substr(0, end)) + std::string(dots);
}

ExecutorRecord record_of(const PodRow& row, bool delete_proposed) {
  ExecutorRecord record;
  record.state = row.status.state;
  record.pod = row.pod;
  record.exit = row.status.exit;
  record.delete_proposed = delete_proposed && row.status.state == ExecutorState::pending;
  return record;
}

ExecutorRecord record_of_gone(const PodRow& row) {
  ExecutorRecord record = record_of(row, false);
  record.gone = true;
  return record;
}

ExecutorRecord record_of(const Expectation& expectation, std::string_view nonce) {
  ExecutorRecord record;
  record.state =
      expectation.stage == ExpectationStage::wanted ? ExecutorState::wanted : ExecutorState::creating;
  record.pod = shell(expectation.id, expectation.profile, expectation.pod_name);
  record.pod.uid = expectation.uid;
  record.pod.resource_version = expectation.resource_version;
  record.pod.nonce = std::string(nonce);
  return record;
}

ExecutorRecord record_of_left(const PodRow& row) {
  ExecutorRecord record = record_of_gone(row);
  return is_final(record.state) ? record : left(std::move(record));
}

ExecutorRecord record_of_left(const Expectation& expectation, std::string_view nonce) {
  return left(record_of(expectation, nonce));
}

ExecutorRecord record_of_failed_create(ExecutorId id, ProfileId profile, std::string pod_name,
                                       const ApiError& error) {
  ExecutorRecord record;
  record.state = ExecutorState::create_failed;
  record.pod = shell(id, profile, std::move(pod_name));
  record.pod.reason = error.reason;
  record.pod.message = truncate_message(error.message);
  record.create_error = error.error_class;
  record.gone = true;
  return record;
}

ExecutorRecord record_of_vanished(const Expectation& expectation, bool deleted_by_us) {
  ExecutorRecord record = record_of(expectation, {});
  const ExecutorStatus status = executor_status(record.pod, {.gone = true, .deleted_by_us = deleted_by_us});
  record.state = status.state;
  record.exit = status.exit;
  record.gone = true;
  return record;
}

ProfileStatus status_of(const Books& books, ProfileId profile, const Actions& last, std::string_view nonce) {
  const StateCounts counts = books.pods.counts(nonce, profile);
  const CreateBackoff::Entry& creates = books.backoff.of(profile);
  ProfileStatus status;
  status.profile = profile;
  status.target = books.desired.target(profile).value_or(0);
  status.creating = books.expected.count(profile);
  status.pending = counts.pending;
  status.running = counts.running;
  status.terminating = counts.terminating;
  status.template_revision = books.templates.revision(profile);
  status.template_digits = books.templates.available(profile);
  status.template_wanted = books.templates.wanted(profile);
  status.last_error = creates.error_class;
  status.last_error_message = creates.message;
  status.created_total = creates.created;
  status.create_failed_total = creates.failed;
  if (const auto wait = last.waits.find(profile); wait != last.waits.end()) {
    status.wait = wait->second.reason;
    status.retry_at_monotonic_ns = monotonic_ns(wait->second.retry_at);
  }
  return status;
}

ControlStatus status_of(const Books& books, const ControlFacts& facts) {
  ControlStatus status;
  status.session = facts.session;
  status.synced = books.pods.synced();
  status.stale = facts.stale;
  status.resource_version = books.pods.resource_version();
  status.ids_wanted =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(facts.ids_wanted, limits::id_block_size));
  status.drain_left = static_cast<std::uint32_t>(std::min<std::size_t>(facts.drain_left, 0xFFFFFFFFu));
  status.last_error = facts.last_error;
  status.last_error_message = truncate_message(facts.last_error_message);
  return status;
}

}  // namespace outrigger::core
