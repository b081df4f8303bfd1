// Puts what changed into the snapshot, one commit per turn. A final state leaves here before the request that makes the
// pod vanish does, and its tombstone stays until the driver has acknowledged it (S18).
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "agent/core/allocator.h"
#include "agent/core/executor_record.h"
#include "agent/ports/snapshot_sink.h"

namespace outrigger::flow {

class Publisher final {
 public:
  explicit Publisher(ports::SnapshotSink& sink) : sink_(sink) {}

  // `nonce`: of the driver that asked for it; a record without a pod carries it, too.
  void record(core::ExecutorRecord record, const std::string& nonce);
  // Another driver incarnation has said hello: whatever was shown to the one before is gone, or the new one would take it
  // for its own (S8). Before its expectations are retired.
  void another_driver(const core::Books& books);
  // Only if it differs from the last one.
  void profile(const core::ProfileStatus& status);
  void control(const core::ControlStatus& status);
  void result(core::Epoch epoch, const core::CommandResult& result);
  void contact(core::Instant at) { sink_.contact(at); }
  void acknowledged(std::uint64_t sequence) { sink_.acknowledged(sequence); }
  void commit();  // only if something was published since the last one

 private:
  ports::SnapshotSink& sink_;
  std::string shown_to_;  // nonce of the driver whose executors were published last
  std::map<core::ProfileId, core::ProfileStatus> profiles_;
  core::ControlStatus control_;
  bool any_control_ = false;
  bool dirty_ = false;
};

}  // namespace outrigger::flow
