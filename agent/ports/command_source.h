#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "agent/core/command.h"

namespace outrigger::ports {

// Receives the driver's side of the session, on the loop thread.
class CommandListener {
 public:
  virtual ~CommandListener() = default;
  virtual void on_driver_attached(core::Epoch epoch) = 0;
  // Commands may be waiting; call drain() now or soon. Level-triggered by the source.
  virtual void on_commands_ready() = 0;
  // EOF, a breach (the reason names it), or our own close().
  virtual void on_driver_gone(core::Epoch epoch, const std::string& reason) = 0;
};

class CommandSource {
 public:
  virtual ~CommandSource() = default;
  virtual void set_listener(CommandListener* listener) = 0;
  // Copies out, validates and appends at most `max` commands; bounded in bytes as well. Returns how many.
  // A command that is well framed but malformed inside gets its refusal from the source itself; a breach of
  // the framing ends the session through on_driver_gone, never inside drain().
  virtual std::size_t drain(std::size_t max, std::vector<core::Command>& out) = 0;
  virtual void close(const std::string& reason) = 0;
};

}  // namespace outrigger::ports
