// The driver's side of a session, in process: a queue of commands and the listener's three calls.
#pragma once
#include <deque>
#include <string>
#include <utility>

#include "agent/ports/command_source.h"

namespace outrigger::test {

class FakeCommands final : public ports::CommandSource {
 public:
  void set_listener(ports::CommandListener* listener) override { listener_ = listener; }
  std::size_t drain(std::size_t max, std::vector<core::Command>& out) override {
    std::size_t n = 0;
    for (; n < max && !queue_.empty(); ++n) {
      out.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    return n;
  }
  void close(const std::string& reason) override {
    if (attached_) gone(reason);
  }

  core::Epoch attach() {
    epoch_ = core::Epoch{epoch_.value + 1};
    attached_ = true;
    last_ = 0;
    queue_.clear();
    if (listener_ != nullptr) listener_->on_driver_attached(epoch_);
    return epoch_;
  }
  core::CommandId push(core::CommandBody body) {
    const core::CommandId id{++last_};
    queue_.push_back({id, std::move(body)});
    return id;
  }
  void ring() {
    if (listener_ != nullptr && attached_) listener_->on_commands_ready();
  }
  void gone(const std::string& reason = "end of file") {
    attached_ = false;
    queue_.clear();
    if (listener_ != nullptr) listener_->on_driver_gone(epoch_, reason);
  }
  bool attached() const { return attached_; }
  std::size_t waiting() const { return queue_.size(); }
  core::Epoch epoch() const { return epoch_; }

 private:
  ports::CommandListener* listener_ = nullptr;
  std::deque<core::Command> queue_;
  core::Epoch epoch_{};
  std::uint64_t last_ = 0;
  bool attached_ = false;
};

}  // namespace outrigger::test
