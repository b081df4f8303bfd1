// The server's clock, driven by hand.
#pragma once
#include <functional>
#include <map>
#include <utility>

#include "tests/apiserver/base/clock.h"

namespace outrigger::apiserver {

class ServerTime final : public Clock {
 public:
  std::int64_t unix_ms() const override { return 1'795'266'575'000 + now_; }
  std::int64_t steady_ms() const override { return now_; }
  TimerId after(Millis delay, std::function<void()> then) override {
    waiting_.emplace(std::pair{now_ + delay.count(), ++last_}, std::move(then));
    return last_;
  }
  void cancel(TimerId timer) override {
    std::erase_if(waiting_, [&](const auto& entry) { return entry.first.second == timer; });
  }
  // Time passes; timers fire at their own moments.
  void pass(Millis time) {
    const std::int64_t end = now_ + time.count();
    while (!waiting_.empty() && waiting_.begin()->first.first <= end) {
      auto node = waiting_.extract(waiting_.begin());
      now_ = std::max(now_, node.key().first);
      node.mapped()();
    }
    now_ = end;
  }

 private:
  std::int64_t now_ = 1000;
  TimerId last_ = 0;
  std::map<std::pair<std::int64_t, TimerId>, std::function<void()>> waiting_;
};

}  // namespace outrigger::apiserver
