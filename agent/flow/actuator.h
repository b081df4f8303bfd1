// Carries out what decide() wants: stamps and posts pods, deletes and labels them, and writes each outcome back into the
// books. One adaptive limit and one Retry-After gate for all writes.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/allocator.h"
#include "agent/flow/calls.h"
#include "agent/flow/creates.h"
#include "agent/flow/deletes.h"
#include "agent/flow/publisher.h"
#include "agent/flow/state.h"
#include "agent/kube/pod_decoder.h"
#include "agent/metrics/catalog.h"
#include "agent/ports/entropy.h"
#include "agent/ports/log.h"

namespace outrigger::flow {

class Actuator final {
 public:
  struct Seams {
    State& state;
    Calls& calls;
    Publisher& publisher;
    ports::Timers& timers;
    ports::Clock& clock;
    ports::Entropy& entropy;
    ports::SnapshotSink& sink;
    ports::Log& log;
    metrics::Writes metrics;
    std::function<void()> changed;                  // an outcome is in the books
    std::function<void(core::ExecutorId)> settled;  // an in-flight mark is gone
    std::function<void(core::Instant)> owed;        // Reflector::owed
  };
  explicit Actuator(Seams seams);

  // POSTs and deletes leave here, so call it after the turn's publishing is committed (S18).
  void carry_out(const core::Actions& actions);
  // Settles an id of a crashed incarnation, or a pod that landed after its create had been given up, by GET (C19), and
  // makes what belongs to the pod (S6). `name` as the template gives it.
  void resolve(core::ExecutorId id, core::ProfileId profile, const std::string& name);
  void release_held() { creates_.release_held(); }

  std::size_t creates_in_flight() const { return creates_.in_flight(); }
  std::size_t deletes_in_flight() const { return deletes_.in_flight(); }
  bool creating(core::ExecutorId id) const { return creates_.has(id); }

 private:
  void create(const core::CreateOrder& order);
  std::optional<NewPod> prepare(const core::CreateOrder& order);
  std::function<std::vector<kube::Request>(const core::Pod&)> extras_of(const core::CreateOrder& order);
  kube::Request post_of_extra(std::string body, const std::string& plural) const;
  std::vector<kube::Request> missing_extras(core::ExecutorId id, core::ProfileId profile,
                                            const core::Pod& pod);
  void remove(const core::DeleteOrder& order);
  void label(const core::LabelOrder& order);
  void created(const CreateOutcome& outcome);
  core::Nanos hold(const CreateOutcome& outcome);
  bool still_wanted(core::ProfileId profile) const;
  void answered(const CreateOutcome& outcome);
  void deleted(const DeleteOutcome& outcome, bool versioned);
  void refuse(const core::CreateOrder& order, const std::string& name, core::ApiError error);

  Seams seams_;
  kube::PodDecoder decoder_;
  Creates creates_;
  Deletes deletes_;
};

}  // namespace outrigger::flow
