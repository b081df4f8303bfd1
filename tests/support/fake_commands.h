// The driver's side of a session, in process: a queue of commands and the listener's three calls.
#pragma once
#include <deque>
#include <string>
#include <utility>

#include "agent/ports/command_source.h"

namespace outrigger::test {

class FakeCommands final : public ports::CommandSource {
 public:
  void set_listener(ports::CommandListener* listener) override { x_listener = listener; }
  std::size_t drain(std::size_t max, std::vector<core::Command>& out) override {
    std::size_t n = 0;
    for (; n < max && !x_queue.empty(); ++n) {
      out.push_back(std::move(x_queue.front()));
      x_queue.pop_front();
    }
    return n;
  }
  void close(const std::string& reason) override {
    if (x_attached) gone(reason);
  }

  core::Epoch attach() {
    x_epoch = core::Epoch{x_epoch.value + 1};
    x_attached = true;
    x_last = 0;
    x_queue.clear();
    if (x_listener != nullptr) x_listener->on_driver_attached(x_epoch);
    return x_epoch;
  }
  core::CommandId push(core::CommandBody body) {
    const core::CommandId id{++x_last};
    x_queue.push_back({id, std::move(body)});
    return id;
  }
  void ring() {
    if (x_listener != nullptr && x_attached) x_listener->on_commands_ready();
  }
  void gone(const std::string& reason = "end of file") {
    x_attached = false;
    x_queue.clear();
    if (x_listener != nullptr) x_listener->on_driver_gone(x_epoch, reason);
  }
  bool attached() const { return x_attached; }
  std::size_t waiting() const { return x_queue.size(); }
  core::Epoch epoch() const { return x_epoch; }

 private:
  ports::CommandListener* x_listener = nullptr;
  std::deque<core::Command> x_queue;
  core::Epoch x_epoch{};
  std::uint64_t x_last = 0;
  bool x_attached = false;
};

}  // namespace outrigger::test
