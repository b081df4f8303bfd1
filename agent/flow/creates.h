// Creates in flight. Each ends in exactly one outcome, and only after the server has said what happened: an id whose
// POST might have arrived is never posted again (C19), an id whose POST certainly did not happen may be.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/api_error.h"
#include "agent/core/pod.h"
#include "agent/flow/calls.h"
#include "agent/ports/snapshot_sink.h"
#include "agent/ports/timers.h"

namespace outrigger::flow {

struct NewPod {
  core::ExecutorId id;
  core::ProfileId profile;
  std::string name;
  std::string nonce;   // the pod is ours only with this nonce (C20)
  core::PodUid owner;  // and this owner; all zero = not compared
  kube::Request post;
  // What is posted after the pod, made from its uid (S6). May be empty.
  std::function<std::vector<kube::Request>(const core::Pod&)> extras;
};

enum class CreateEnd : std::uint8_t {
  created,      // answered, or found by GET: ours and alive
  held,         // certainly no pod: the id may be posted again
  failed,       // refused, or nobody knows and no pod is there: the id is retired
  gone,         // it was created and is deleted already, or the name is another's: the id is retired
  rolled_back,  // the pod stands, what belongs to it does not: delete it by uid (S6)
};
struct CreateOutcome {
  core::ExecutorId id;
  core::ProfileId profile;
  std::string name;
  CreateEnd end = CreateEnd::failed;
  core::Pod pod;         // created, gone, rolled_back
  core::ApiError error;  // otherwise
  bool posted = true;    // false: only asked for (C19)
  core::Instant posted_at{};
  core::Nanos took{0};  // of the POST
};

class Creates final {
 public:
  struct Seams {
    Calls& calls;
    ports::Timers& timers;
    ports::Clock& clock;
    ports::SnapshotSink& sink;
    std::function<kube::Request(const std::string& name)> get;
    std::function<std::optional<core::Pod>(std::string& body)> decode;
    // Told once per id. Must not start the same id again.
    std::function<void(const CreateOutcome&)> done;
    // A POST that certainly did not happen: how long to wait before the same id is posted again.
    std::function<core::Nanos(const CreateOutcome&)> hold;
    // Asked before it is posted again. false: it ends as failed.
    std::function<bool(core::ExecutorId, core::ProfileId)> still_wanted;
    std::function<void(core::ExecutorId)> lost;  // an outcome is unknown until a GET says so
  };
  explicit Creates(Seams seams) : seams_(std::move(seams)) {}
  ~Creates();
  Creates(const Creates&) = delete;
  Creates& operator=(const Creates&) = delete;

  void start(NewPod pod);  // marks the id in flight before the POST leaves
  // Settles an id of a crashed incarnation: GET only, never a POST. Its mark is set already.
  void resolve(NewPod pod);
  // Ends what waits to be posted again: nothing new leaves from now on.
  void release_held();
  std::size_t in_flight() const { return jobs_.size(); }
  bool has(core::ExecutorId id) const { return jobs_.contains(id); }

 private:
  struct Job {
    NewPod pod;
    bool posted = true;
    bool held = false;
    core::ApiError error = {};  // why we ask
    bool conflict = false;      // the name is taken: not ours unless GET says so
    std::size_t missing = 0;    // GETs that said "not there"
    int tries = 0;              // requests that said nothing
    core::Instant posted_at{};
    core::Nanos took{0};
    core::Pod found = {};
    std::vector<kube::Request> extras = {};
    std::size_t extra = 0;
    ports::TimerId timer = 0;
  };
  void post(core::ExecutorId id);
  void posted(core::ExecutorId id, const Reply& reply);
  void hold(core::ExecutorId id);
  void ask(core::ExecutorId id);
  void told(core::ExecutorId id, const Reply& reply);
  void stands(core::ExecutorId id, core::Pod pod);
  void post_extra(core::ExecutorId id);
  void extra_posted(core::ExecutorId id, const Reply& reply);
  void later(core::ExecutorId id, core::Nanos delay, void (Creates::*what)(core::ExecutorId));
  core::Nanos next_wait(Job& job, const core::ApiError& error) const;
  CreateOutcome outcome_of(const Job& job, CreateEnd end) const;
  void settle(core::ExecutorId id, CreateEnd end);

  Seams seams_;
  std::map<core::ExecutorId, Job> jobs_;
};

}  // namespace outrigger::flow
