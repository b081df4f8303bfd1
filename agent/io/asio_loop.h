// The one loop and its clock. Everything of the agent runs in its turns, on the thread that calls run().
#pragma once
#include <functional>
#include <memory>

#include "agent/ports/clock.h"
#include "agent/ports/timers.h"

namespace boost::asio {
class io_context;
}
namespace outrigger::metrics {
class Catalog;
}

namespace outrigger::io {

class AsioLoop final : public ports::Clock, public ports::Timers {
 public:
  explicit AsioLoop(metrics::Catalog* metrics = nullptr);
  ~AsioLoop() override;

  // Until stop(), and again after it. Exceptions of handlers leave it: they are bugs.
  void run();
  // Any thread, also before run().
  void stop();
  // Any thread; `work` runs on the loop, in order, never inside post().
  void post(std::function<void()> work);

  core::Instant now() override;
  core::WallMillis wall_ms() override;
  // `may_act` is asked before each piece of work that is ready. Once it says no, `over` is called, and nothing more runs:
  // no timer, no post, nothing of those who ask may_act() themselves. An agent that was stopped and replaced finds
  // everything it waited for ready at once when it is resumed, and must do none of it (C14). Empty: none.
  void guard(std::function<bool()> may_act, std::function<void()> over);
  bool may_act();
  ports::TimerId start(core::Nanos delay, std::function<void()> fire) override;
  void cancel(ports::TimerId id) override;

  // Handlers of this room hold one while they run, so that long turns are seen.
  class Turn {
   public:
    explicit Turn(AsioLoop& loop) : loop_(loop), began_(loop.now()) {}
    ~Turn() { loop_.turned(began_); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    AsioLoop& loop_;
    core::Instant began_;
  };
  core::Instant last_turn() const;
  core::Nanos longest_turn() const;

  boost::asio::io_context& context();

 private:
  friend class Turn;
  void turned(core::Instant began);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrigger::io
