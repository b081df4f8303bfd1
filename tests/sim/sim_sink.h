// One generation of the shared state: what an agent incarnation published, in order. It outlives the agent,
// as the driver's mapping does.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "agent/ports/snapshot_sink.h"

namespace outrigger::sim {

// A SIGKILL in the middle of a turn: thrown out of a port call, so that it can hit between any two effects.
struct Crash {};
struct CrashPoint {
  std::uint64_t steps_left = 0;  // 0 = never
  void step() {
    if (steps_left != 0 && --steps_left == 0) throw Crash{};
  }
};

class SimSink final : public ports::SnapshotSink {
 public:
  explicit SimSink(CrashPoint& crash) : crash_(crash) {}
  using Item = std::variant<core::ExecutorRecord, core::ProfileStatus, core::ControlStatus,
                            std::pair<core::Epoch, core::CommandResult>>;

  void publish(const core::ExecutorRecord& record) override {
    crash_.step();
    items_.emplace_back(record);
  }
  void publish(const core::ProfileStatus& status) override { items_.emplace_back(status); }
  void publish(const core::ControlStatus& status) override { items_.emplace_back(status); }
  void result(core::Epoch epoch, const core::CommandResult& result) override {
    items_.emplace_back(std::pair{epoch, result});
  }
  void commit() override {
    crash_.step();
    committed_ = items_.size();
  }
  void acknowledged(std::uint64_t sequence) override { acked = sequence; }
  void contact(core::Instant) override {}
  void mark_in_flight(core::ExecutorId id, core::ProfileId profile) override {
    crash_.step();
    marks[id] = profile;
  }
  void clear_in_flight(core::ExecutorId id) override {
    crash_.step();
    marks.erase(id);
  }

  std::uint64_t committed() const { return committed_; }
  const Item& item(std::uint64_t sequence) const { return items_[sequence - 1]; }
  std::vector<ports::InFlightMark> left_marks() const {
    std::vector<ports::InFlightMark> left;
    for (const auto& [id, profile] : marks) left.push_back({id, profile, 0});
    return left;
  }

  std::map<core::ExecutorId, core::ProfileId> marks;
  std::uint64_t acked = 0;

 private:
  CrashPoint& crash_;
  std::vector<Item> items_;
  std::uint64_t committed_ = 0;
};

}  // namespace outrigger::sim
