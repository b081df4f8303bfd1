// The CommandSource port over the agent's socket and the driver's queue. Loop thread only, but for the waiter's.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "agent/core/result.h"
#include "agent/metrics/catalog.h"
#include "agent/ports/command_source.h"
#include "agent/ports/log.h"
#include "ipc/agent_socket.h"
#include "ipc/snapshot_writer.h"

namespace outrigger::io {

class AsioLoop;

class ShmCommands final : public ports::CommandSource {
 public:
  struct Parts {
    AsioLoop& loop;
    ipc::SnapshotWriter& writer;
    ports::Log& log;
    metrics::Catalog* metrics;
    std::function<void(std::uint64_t nonce_hash)> on_nonce;  // of each hello, before anybody judges it
  };
  explicit ShmCommands(Parts parts);
  ~ShmCommands() override;

  // Opens the door: from now on drivers come in.
  Status listen(const ipc::DoorOptions& options);

  void set_listener(ports::CommandListener* listener) override;
  std::size_t drain(std::size_t max, std::vector<core::Command>& out) override;
  void close(const std::string& reason) override;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace outrigger::io
