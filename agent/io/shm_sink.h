// The SnapshotSink port over the shared state table. Loop thread only.
#pragma once
#include <cstdint>
#include <functional>
#include <map>

#include "agent/metrics/catalog.h"
#include "agent/ports/log.h"
#include "agent/ports/snapshot_sink.h"
#include "ipc/snapshot_writer.h"

namespace outrigger::io {

class ShmSink final : public ports::SnapshotSink {
 public:
  ShmSink(ipc::SnapshotWriter& writer, ports::Log& log, metrics::Catalog* metrics);
  ~ShmSink() override;
  ShmSink(const ShmSink&) = delete;
  ShmSink& operator=(const ShmSink&) = delete;

  void publish(const core::ExecutorRecord& record) override;
  void publish(const core::ProfileStatus& status) override;
  void publish(const core::ControlStatus& status) override;
  void result(core::Epoch epoch, const core::CommandResult& result) override;
  void commit() override;
  void acknowledged(std::uint64_t sequence) override;
  void contact(core::Instant last_contact) override;
  void mark_in_flight(core::ExecutorId id, core::ProfileId profile) override;
  void clear_in_flight(core::ExecutorId id) override;

  // Of the attached driver; new marks carry it.
  void set_nonce_hash(std::uint64_t hash) { nonce_hash_ = hash; }
  // Copies totals of the metrics into the counters that agentctl and the shim read; now and then.
  void mirror_totals();
  // After a commit whose control record said synced, each time.
  std::function<void()> on_synced_commit;

 private:
  void refresh_metrics() const;

  struct Totals {
    std::uint64_t created = 0, failed = 0;
  };
  ipc::SnapshotWriter& writer_;
  ports::Log& log_;
  metrics::Catalog* metrics_;
  std::uint64_t refresh_ = 0;
  std::uint64_t nonce_hash_ = 0;
  std::map<std::uint32_t, Totals> totals_;
  std::map<ipc::Counter, std::uint64_t> mirrored_;
  bool synced_ = false;
};

}  // namespace outrigger::io
