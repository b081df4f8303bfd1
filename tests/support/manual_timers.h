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
  explicit ManualTimers(ManualClock& clock) : x_clock(clock) {}

  ports::TimerId start(core::Nanos delay, std::function<void()> fire) override {
    const ports::TimerId id = ++x_last;
    const core::Instant due = x_clock.now() + (delay.count() > 0 ? delay : core::Nanos{0});
    x_queue.emplace(std::pair{due, id}, std::move(fire));
    x_due.emplace(id, due);
    return id;
  }
  void cancel(ports::TimerId id) override {
    const auto it = x_due.find(id);
    if (it == x_due.end()) return;
    x_queue.erase({it->second, id});
    x_due.erase(it);
  }

  std::size_t pending() const { return x_queue.size(); }
  std::optional<core::Instant> next_due() const {
    if (x_queue.empty()) return std::nullopt;
    return x_queue.begin()->first.first;
  }
  // Moves the clock to the next due time and fires one timer. false = none is pending.
  bool fire_next() {
    if (x_queue.empty()) return false;
    auto node = x_queue.extract(x_queue.begin());
    x_due.erase(node.key().second);
    x_clock.move_to(node.key().first);
    node.mapped()();
    return true;
  }
  // Fires everything that is due now, also what becomes due meanwhile.
  void run_due() { advance(core::Nanos{0}); }
  // Lets `by` pass, firing what falls due on the way.
  void advance(core::Nanos by) {
    const core::Instant until = x_clock.now() + by;
    while (!x_queue.empty() && x_queue.begin()->first.first <= until) fire_next();
    x_clock.move_to(until);
  }

 private:
  ManualClock& x_clock;
  std::map<std::pair<core::Instant, ports::TimerId>, std::function<void()>> x_queue;
  std::map<ports::TimerId, core::Instant> x_due;
  ports::TimerId x_last = 0;
};

}  // namespace outrigger::test
