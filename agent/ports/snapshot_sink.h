#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/core/command.h"
#include "agent/core/executor_record.h"
#include "agent/core/ids.h"

namespace outrigger::ports {

// Where the agent's view goes: the shared state table (io/shm_sink) or a recorder (tests). Loop thread only.
// Calls between two commits form one batch: readers are woken once, after commit().
class SnapshotSink {
 public:
  virtual ~SnapshotSink() = default;
  // Publishes the record under its executor id and pod uid. gone == true makes it a tombstone that stays
  // readable until the driver has acknowledged its sequence (C8, S18).
  virtual void publish(const core::ExecutorRecord& record) = 0;
  virtual void publish(const core::ProfileStatus& status) = 0;
  virtual void publish(const core::ControlStatus& status) = 0;
  virtual void result(core::Epoch epoch, const core::CommandResult& result) = 0;
  virtual void commit() = 0;
  // The driver has consumed everything up to this sequence.
  virtual void acknowledged(std::uint64_t sequence) = 0;
  // Last contact with the API server; a plain word, no sequence, no wake.
  virtual void contact(core::Instant last_contact) = 0;

  // In-flight marks (C19): set before the POST leaves, cleared after its outcome is settled. At most
  // limits::creates_in_flight.
  virtual void mark_in_flight(core::ExecutorId id, core::ProfileId profile) = 0;
  virtual void clear_in_flight(core::ExecutorId id) = 0;
  // Marks set from now on belong to this driver incarnation (core::nonce_hash); it is kept beside each mark.
  virtual void marks_of(std::uint64_t /*nonce_hash*/) {}
};

// What a crashed incarnation had in flight, read once at start.
struct InFlightMark {
  core::ExecutorId id;
  core::ProfileId profile;
  std::uint64_t nonce_hash = 0;
};

}  // namespace outrigger::ports
