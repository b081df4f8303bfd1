#include "agent/io/shm_sink.h"

#include <string>

#include "agent/io/shm_records.h"

namespace outrigger::io {

ShmSink::ShmSink(ipc::SnapshotWriter& writer, ports::Log& log, metrics::Catalog* metrics)
    : writer_(writer), log_(log), metrics_(metrics) {
  if (metrics_ != nullptr) refresh_ = metrics_->before_render([this] { refresh_metrics(); });
}

ShmSink::~ShmSink() {
  if (metrics_ != nullptr) metrics_->forget(refresh_);
}

void ShmSink::publish(const core::ExecutorRecord& record) {
  if (writer_.upsert(to_ipc(record), cold_text(record))) return;
  log_.error("the table is full, the driver does not see this executor; raise channel.capacity",
             {{"executor", std::to_string(record.pod.executor_id.value)},
              {"capacity", std::to_string(writer_.view().shape.capacity)}});
}

void ShmSink::publish(const core::ProfileStatus& status) {
  ipc::ColdText text;
  text.message = status.last_error_message;
  if (!writer_.upsert(to_ipc(status), text))
    log_.error("too many resource profiles, the driver does not see this one",
               {{"profile", std::to_string(status.profile.value)}});
  auto& known = totals_[status.profile.value];
  if (status.created_total > known.created)
    writer_.count(ipc::Counter::pods_created, status.created_total - known.created);
  if (status.create_failed_total > known.failed)
    writer_.count(ipc::Counter::creates_failed, status.create_failed_total - known.failed);
  known = {status.created_total, status.create_failed_total};
}

void ShmSink::publish(const core::ControlStatus& status) {
  ipc::ColdText text;
  text.message = status.last_error_message;
  writer_.set_control(to_ipc(status), text);
  synced_ = status.synced;
}

void ShmSink::result(core::Epoch epoch, const core::CommandResult& result) {
  writer_.result(epoch.value, result.id.value, static_cast<std::uint16_t>(result.verdict), result.detail);
}

void ShmSink::commit() {
  writer_.commit();
  if (synced_ && on_synced_commit) on_synced_commit();
}

void ShmSink::acknowledged(std::uint64_t sequence) {
  writer_.acknowledged(sequence);
}

void ShmSink::contact(core::Instant last_contact) {
  writer_.contact(last_contact.time_since_epoch().count());
}

void ShmSink::mark_in_flight(core::ExecutorId id, core::ProfileId profile) {
  if (!writer_.mark_in_flight(id.value, profile.value, nonce_hash_))
    log_.error("no in-flight mark is free; a crash now could forget this create",
               {{"executor", std::to_string(id.value)}});
}

void ShmSink::clear_in_flight(core::ExecutorId id) {
  writer_.clear_in_flight(id.value);
}

void ShmSink::mirror_totals() {
  if (metrics_ == nullptr) return;
  const auto raise = [this](ipc::Counter counter, double total) {
    auto& known = mirrored_[counter];
    const auto now = static_cast<std::uint64_t>(total);
    if (now > known) writer_.count(counter, now - known);
    known = now;
  };
  raise(ipc::Counter::api_requests, metrics_->rest_client.requests());
  raise(ipc::Counter::api_errors, metrics_->rest_client.failures());
  raise(ipc::Counter::watch_restarts, metrics_->watch.restarts.sum());
  raise(ipc::Counter::relists, metrics_->watch.lists.sum());
  raise(ipc::Counter::pods_deleted, metrics_->writes.deletes.at("ok").value());
}

void ShmSink::refresh_metrics() const {
  const auto& channel = metrics_->channel;
  const auto counter = [&](ipc::Counter c) {
    return static_cast<double>(writer_.view().header->counters[static_cast<std::size_t>(c)].load_relaxed());
  };
  channel.sequence.set(static_cast<double>(writer_.sequence()));
  channel.capacity.set(writer_.view().shape.capacity);
  channel.pods.set(writer_.living() + writer_.tombstones());
  channel.records.raise_to(counter(ipc::Counter::published));
  channel.commits.raise_to(counter(ipc::Counter::commits));
  channel.wakes.raise_to(counter(ipc::Counter::reader_wakes));
  channel.tombstones_lost.raise_to(counter(ipc::Counter::tombstones_dropped));
  channel.records_dropped.raise_to(counter(ipc::Counter::table_full));
}

}  // namespace outrigger::io
