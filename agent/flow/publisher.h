// Puts what changed into the snapshot, one commit per turn. A final state leaves here before the request that makes the
// pod vanish does, and its tombstone stays until the driver has acknowledged it (S18).
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "agent/core/executor_record.h"
#include "agent/ports/snapshot_sink.h"

namespace outrigger::flow {

class Publisher final {
 public:
  explicit Publisher(ports::SnapshotSink& sink) : x_sink(sink) {}

  // `nonce`: of the driver that asked for it; a record without a pod carries it, too.
  void record(core::ExecutorRecord record, const std::string& nonce);
  // Only if it differs from the last one.
  void profile(const core::ProfileStatus& status);
  void control(const core::ControlStatus& status);
  void result(core::Epoch epoch, const core::CommandResult& result);
  void contact(core::Instant at) { x_sink.contact(at); }
  void acknowledged(std::uint64_t sequence) { x_sink.acknowledged(sequence); }
  void commit();  // only if something was published since the last one

 private:
  ports::SnapshotSink& x_sink;
  std::map<core::ProfileId, core::ProfileStatus> x_profiles;
  core::ControlStatus x_control;
  bool x_any_control = false;
  bool x_dirty = false;
};

}  // namespace outrigger::flow
