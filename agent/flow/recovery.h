// The in-flight marks of a crashed incarnation (C19): each id counts as created until the table or a GET says otherwise,
// and is never posted. What lands late is an ordinary pod: kept, or a surplus.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "agent/core/in_flight.h"
#include "agent/flow/actuator.h"
#include "agent/flow/publisher.h"
#include "agent/flow/state.h"
#include "agent/ports/snapshot_sink.h"

namespace outrigger::flow {

class Recovery final {
 public:
  struct Seams {
    State& state;
    Actuator& actuator;
    Publisher& publisher;
    ports::SnapshotSink& sink;
    ports::Timers& timers;
    ports::Clock& clock;
    ports::Log& log;
    std::function<void()> changed;
    std::function<void()> list_claims;
  };
  Recovery(Seams seams, const std::vector<ports::InFlightMark>& marks);
  ~Recovery();
  Recovery(const Recovery&) = delete;
  Recovery& operator=(const Recovery&) = delete;

  void start();    // before anything else: the new state file holds the marks as well
  void greeted();  // the driver has said who it is
  void advance();  // once per turn
  void settled(core::ExecutorId id);
  std::size_t open() const { return marks_.open().size(); }

 private:
  void close(core::ExecutorId id, bool tell);
  void settle_marks();
  void check_pods();
  bool lacks_claim(core::ExecutorId id, const core::PodRow& row, bool& later) const;
  bool waits_for_claims(core::ExecutorId id) const;
  bool complete(core::ExecutorId id, const core::FlightMark& mark, bool ready);
  std::string name_of(const core::FlightMark& mark) const;

  Seams seams_;
  core::CrashMarks marks_;
  std::set<core::ExecutorId> asked_;
  std::optional<std::set<core::ExecutorId>>
      unchecked_;  // pods that were there before us and name claims (S6)
  ports::TimerId deadline_ = 0;
};

}  // namespace outrigger::flow
