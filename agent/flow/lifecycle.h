// The ends: a driver that is gone for longer than its grace, a drain it asked for, SIGTERM. Creates settle first, then
// everything of ours goes by one deletecollection, and lists confirm that nothing is left (C20).
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "agent/flow/actuator.h"
#include "agent/flow/calls.h"
#include "agent/flow/drain_end.h"
#include "agent/flow/state.h"
#include "agent/kube/pod_decoder.h"
#include "agent/ports/entropy.h"
#include "agent/ports/log.h"
#include "agent/ports/timers.h"

namespace outrigger::flow {

class Lifecycle final {
 public:
  using Done = std::function<void(const DrainEnd&)>;
  struct Seams {
    State& state;
    Actuator& actuator;
    Calls& calls;
    ports::Timers& timers;
    ports::Clock& clock;
    ports::Entropy& entropy;
    ports::Log& log;
    std::function<std::size_t()> unsettled;  // ids of a crashed incarnation that may still land
    std::function<void()> changed;
    std::function<void(core::Instant)> owed;  // Reflector::owed
  };
  explicit Lifecycle(Seams seams);
  ~Lifecycle();
  Lifecycle(const Lifecycle&) = delete;
  Lifecycle& operator=(const Lifecycle&) = delete;

  void driver_attached();
  void driver_greeted(bool another);
  void driver_gone();
  void asked();  // the driver's drain command
  void shutdown(core::Millis deadline, Done done);
  void advance();  // once per turn
  // Tells shutdown()'s caller; called once, after the engine has stopped everything else.
  void tell();
  bool finished() const { return finished_; }  // the agent has nothing more to do, ever
  std::size_t left() const;

 private:
  enum class Stage : std::uint8_t { none, settling, removing, confirming, drained };
  void begin(bool final);
  void remove_all();
  void label_all();
  void confirm();
  void poll(core::Nanos delay);
  void listed(const Reply& reply);
  void finish(DrainEnd end);

  Seams seams_;
  kube::PodDecoder decoder_;
  kube::ListPage page_;
  Stage stage_ = Stage::none;
  Done done_;
  DrainEnd end_;
  std::size_t listed_ = 0;
  int tries_ = 0;
  std::uint64_t turn_ = 0;  // of the drain: answers to an earlier one are ignored
  ports::TimerId grace_ = 0, poll_ = 0, deadline_ = 0;
  bool flush_only_ = false;  // SIGTERM while the driver lives: the next incarnation takes over
  bool waiting_ = false;     // a request is on its way
  bool finished_ = false;
};

}  // namespace outrigger::flow
