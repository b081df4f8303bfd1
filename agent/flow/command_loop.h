// The driver's side of the session: drains a bounded number of commands per turn, lets the books judge each, and answers
// at once (C17). Nothing here waits for the API server.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "agent/core/command.h"
#include "agent/flow/publisher.h"
#include "agent/flow/state.h"
#include "agent/metrics/catalog.h"
#include "agent/ports/command_source.h"
#include "agent/ports/log.h"
#include "agent/ports/timers.h"

namespace outrigger::flow {

class CommandLoop final : public ports::CommandListener {
 public:
  struct Seams {
    State& state;
    Publisher& publisher;
    ports::CommandSource& source;
    ports::Timers& timers;
    ports::Log& log;
    metrics::Channel metrics;
    std::function<void()> changed;              // decide again
    std::function<void(bool another)> greeted;  // hello accepted; true: another driver than before
    std::function<void()> attached;
    std::function<void()> gone;   // EOF, breach, or detach
    std::function<void()> drain;  // the driver asked for it
  };
  explicit CommandLoop(Seams seams);
  ~CommandLoop() override;
  CommandLoop(const CommandLoop&) = delete;
  CommandLoop& operator=(const CommandLoop&) = delete;

  void on_driver_attached(core::Epoch epoch) override;
  void on_commands_ready() override;
  void on_driver_gone(core::Epoch epoch, const std::string& reason) override;

 private:
  void drain();
  core::Admission apply(const core::CommandBody& body);
  core::Admission apply(const core::Hello& hello);
  core::Admission apply(const core::ResyncBegin&);
  core::Admission apply(const core::ResyncEnd&);
  core::Admission apply(const core::GrantIds& grant);
  core::Admission apply(const core::AllocationPolicy& policy);
  core::Admission apply(const core::PostTemplate& post);
  core::Admission apply(const core::PostRendered& post);
  core::Admission apply(const core::SetTarget& target);
  core::Admission apply(const core::KnownDelta& delta);
  core::Admission apply(const core::ConfirmDelete& confirm);
  core::Admission apply(const core::DeleteExecutors& request);
  core::Admission apply(const core::Ack& ack);
  core::Admission apply(const core::Drain&);
  core::Admission apply(const core::Detach&);

  Seams seams_;
  std::vector<core::Command> batch_;
  ports::TimerId more_ = 0;
};

}  // namespace outrigger::flow
