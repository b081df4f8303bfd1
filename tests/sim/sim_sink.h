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
  explicit SimSink(CrashPoint& crash) : x_crash(crash) {}
  using Item = std::variant<core::ExecutorRecord, core::ProfileStatus, core::ControlStatus,
                            std::pair<core::Epoch, core::CommandResult>>;

  void publish(const core::ExecutorRecord& record) override {
    x_crash.step();
    x_items.emplace_back(record);
  }
  void publish(const core::ProfileStatus& status) override { x_items.emplace_back(status); }
  void publish(const core::ControlStatus& status) override { x_items.emplace_back(status); }
  void result(core::Epoch epoch, const core::CommandResult& result) override {
    x_items.emplace_back(std::pair{epoch, result});
  }
  void commit() override {
    x_crash.step();
    x_committed = x_items.size();
  }
  void acknowledged(std::uint64_t sequence) override { acked = sequence; }
  void contact(core::Instant) override {}
  void mark_in_flight(core::ExecutorId id, core::ProfileId profile) override {
    x_crash.step();
    marks[id] = profile;
  }
  void clear_in_flight(core::ExecutorId id) override {
    x_crash.step();
    marks.erase(id);
  }

  std::uint64_t committed() const { return x_committed; }
  const Item& item(std::uint64_t sequence) const { return x_items[sequence - 1]; }
  std::vector<ports::InFlightMark> left_marks() const {
    std::vector<ports::InFlightMark> left;
    for (const auto& [id, profile] : marks) left.push_back({id, profile, 0});
    return left;
  }

  std::map<core::ExecutorId, core::ProfileId> marks;
  std::uint64_t acked = 0;

 private:
  CrashPoint& x_crash;
  std::vector<Item> x_items;
  std::uint64_t x_committed = 0;
};

}  // namespace outrigger::sim
