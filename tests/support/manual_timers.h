// Timers that fire only when a test says so, by due time, equal ones in the order they were started.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "agent/ports/timers.h"
#include "tests/support/manual_clock.h"

namespace outrigger::test {

class ManualTimers final : public ports::Timers {
 public:
  explicit ManualTimers(ManualClock& clock) : clock_(clock) {}

  ports::TimerId start(core::Nanos delay, std::function<void()> fire) override {
    const ports::TimerId id = ++last_;
    const core::Instant due = clock_.now() + (delay.count() > 0 ? delay : core::Nanos{0});
    queue_.emplace(std::pair{due, id}, std::move(fire));
    due_.emplace(id, due);
    return id;
  }
  void cancel(ports::TimerId id) override {
    const auto it = due_.find(id);
    if (it == due_.end()) return;
    queue_.erase({it->second, id});
    due_.erase(it);
  }

  std::size_t pending() const { return queue_.size(); }
  std::optional<core::Instant> next_due() const {
    if (queue_.empty()) return std::nullopt;
    return queue_.begin()->first.first;
  }
  // Moves the clock to the next due time and fires one timer. false = none is pending.
  bool fire_next() {
    if (queue_.empty()) return false;
    auto node = queue_.extract(queue_.begin());
    due_.erase(node.key().second);
    clock_.move_to(node.key().first);
    node.mapped()();
    return true;
  }
  // Fires everything that is due now, also what becomes due meanwhile.
  void run_due() { advance(core::Nanos{0}); }
  // Lets `by` pass, firing what falls due on the way.
  void advance(core::Nanos by) {
    const core::Instant until = clock_.now() + by;
    while (!queue_.empty() && queue_.begin()->first.first <= until) fire_next();
    clock_.move_to(until);
  }

 private:
  ManualClock& clock_;
  std::map<std::pair<core::Instant, ports::TimerId>, std::function<void()>> queue_;
  std::map<ports::TimerId, core::Instant> due_;
  ports::TimerId last_ = 0;
};

}  // namespace outrigger::test
