// The shared-memory channel, opened, kept alive and closed as one thing: lock, state file, table writer, liveness,
// heartbeat, socket, command queue. Loop thread only.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/core/result.h"
#include "agent/ports/command_source.h"
#include "agent/ports/snapshot_sink.h"

namespace outrigger::metrics {
class Catalog;
}
namespace outrigger::ports {
class Log;
}

namespace outrigger::io {

class AsioLoop;

struct ChannelOptions {
  std::string run_dir;   // shared with the driver: `state` and `agent.sock`
  std::string lock_dir;  // only agents see it
  std::uint32_t capacity = 4096;
  bool private_files = false;  // client mode: 0600 instead of 0644 and 0666 (C2)
  core::Millis publish_deadline{
      3'000};  // shows the table to drivers unsynced when the server is away for longer
};

class Channel {
 public:
  // Builds a new state file under a temporary name (C14). One line says what is wrong: the directory, the tmpfs too
  // small (C4), another agent on it (C13).
  static Result<std::unique_ptr<Channel>> open(AsioLoop& loop, ChannelOptions options, ports::Log& log,
                                               metrics::Catalog* metrics);
  ~Channel();

  ports::SnapshotSink& sink();
  ports::CommandSource& commands();
  // What the previous incarnation had in flight (C19).
  std::vector<ports::InFlightMark> crashed() const;

  // Begins: the state is shown and the door opened at the first commit with a synced control record, or when
  // publish_deadline is over. `on_replaced`: a newer agent has taken the directory, nothing is written any more and
  // nothing may be sent; end the process. `on_failed`: the door can't be opened.
  void start(std::function<void()> on_replaced, std::function<void(const std::string&)> on_failed);

 private:
  struct Impl;
  explicit Channel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrigger::io
