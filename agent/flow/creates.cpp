#include "agent/flow/creates.h"

#include <algorithm>
#include <array>
#include <utility>

namespace outrigger::flow {
namespace {

using std::chrono::milliseconds;
// A POST whose connection broke may still be on its way into the server. Three looks over 2.5 s; a pod that lands even
// later is met by the allocator as a surplus (C19).
constexpr std::array looks = {milliseconds(500), milliseconds(2000)};
constexpr milliseconds ask_again_first{250}, ask_again_top{5000};

// The server refused before it stored anything.
bool certainly_not_done(core::ApiErrorClass c) {
  using enum core::ApiErrorClass;
  switch (c) {
    case unauthorized:
    case rbac:
    case quota:
    case webhook_denied:
    case webhook_unreachable:
    case not_found:
    case namespace_missing:
    case conflict:
    case invalid:
    case throttled:
    case policy:
      return true;
    default:
      return false;
  }
}
// Says nothing about this pod: the same id, later. Everything else is told to the driver (S13).
bool may_pass_later(core::ApiErrorClass c) {
  using enum core::ApiErrorClass;
  return c == throttled || c == webhook_unreachable || c == unauthorized;
}

}  // namespace

Creates::~Creates() {
  for (auto& [id, job] : jobs_) seams_.timers.cancel(job.timer);
}

void Creates::start(NewPod pod) {
  const core::ExecutorId id = pod.id;
  seams_.sink.mark_in_flight(id, pod.profile);
  jobs_.emplace(id, Job{.pod = std::move(pod)});
  post(id);
}

void Creates::resolve(NewPod pod) {
  const core::ExecutorId id = pod.id;
  Job job{.pod = std::move(pod), .posted = false};
  job.error = {core::ApiErrorClass::transport, 0, "", "the agent ended before the answer came", "", {}, ""};
  jobs_.emplace(id, std::move(job));
  ask(id);
}

void Creates::release_held() {
  std::vector<core::ExecutorId> held;
  for (const auto& [id, job] : jobs_)
    if (job.held) held.push_back(id);
  for (const auto id : held) settle(id, CreateEnd::failed);
}

void Creates::post(core::ExecutorId id) {
  Job& job = jobs_.at(id);
  if (job.held && !seams_.still_wanted(id, job.pod.profile)) {
    settle(id, CreateEnd::failed);
    return;
  }
  job.held = false;
  job.posted_at = seams_.clock.now();
  seams_.calls.start(job.pod.post, [this, id](const Reply& reply) { posted(id, reply); });
}

void Creates::posted(core::ExecutorId id, const Reply& reply) {
  Job& job = jobs_.at(id);
  job.took = reply.took;
  if (reply.success()) {
    std::string body = reply.body;
    if (auto pod = seams_.decode(body)) {
      stands(id, std::move(*pod));
      return;
    }
  }
  job.error = error_of(reply);
  const core::ApiErrorClass c = job.error.error_class;
  if (reply.never_sent() || (certainly_not_done(c) && may_pass_later(c))) {
    hold(id);
  } else if (certainly_not_done(c)) {
    settle(id, CreateEnd::failed);
  } else {
    job.conflict = c == core::ApiErrorClass::already_exists;
    if (!job.conflict) seams_.lost(id);
    ask(id);
  }
}

void Creates::hold(core::ExecutorId id) {
  Job& job = jobs_.at(id);
  job.held = true;
  const core::Nanos delay = seams_.hold(outcome_of(job, CreateEnd::held));
  later(id, delay, &Creates::post);
}

void Creates::later(core::ExecutorId id, core::Nanos delay, void (Creates::*what)(core::ExecutorId)) {
  jobs_.at(id).timer = seams_.timers.start(delay, [this, id, what] {
    jobs_.at(id).timer = 0;
    (this->*what)(id);
  });
}

void Creates::ask(core::ExecutorId id) {
  seams_.calls.start(seams_.get(jobs_.at(id).pod.name), [this, id](const Reply& reply) { told(id, reply); });
}

void Creates::told(core::ExecutorId id, const Reply& reply) {
  Job& job = jobs_.at(id);
  if (reply.success()) {
    std::string body = reply.body;
    if (auto pod = seams_.decode(body)) {
      const bool ours = pod->nonce == job.pod.nonce && pod->executor_id == id &&
                        (job.pod.owner.empty() || pod->owner_uid == job.pod.owner);
      if (ours && !pod->deleting()) {
        stands(id, std::move(*pod));
        return;
      }
      if (!ours)
        job.error = {core::ApiErrorClass::already_exists,
                     409,
                     "AlreadyExists",
                     "pod " + job.pod.name + " exists and belongs to another driver or owner",
                     "",
                     {},
                     ""};
      if (ours) job.found = std::move(*pod);
      settle(id, CreateEnd::gone);
      return;
    }
  }
  const core::ApiError error = error_of(reply);
  if (error.error_class != core::ApiErrorClass::not_found) {
    // No word about the pod: ask until there is one; the mark stays.
    later(id, next_wait(job, error), &Creates::ask);
  } else if (job.conflict) {
    settle(id, CreateEnd::gone);
  } else if (job.missing < looks.size()) {
    later(id, looks[job.missing++], &Creates::ask);
  } else {
    settle(id, CreateEnd::failed);
  }
}

core::Nanos Creates::next_wait(Job& job, const core::ApiError& error) const {
  const auto wait = std::min<core::Nanos>(ask_again_first * (1 << std::min(job.tries++, 6)), ask_again_top);
  return error.retry_after ? std::max<core::Nanos>(wait, *error.retry_after) : wait;
}

void Creates::stands(core::ExecutorId id, core::Pod pod) {
  Job& job = jobs_.at(id);
  if (job.pod.extras) job.extras = job.pod.extras(pod);
  job.found = std::move(pod);
  job.tries = 0;
  post_extra(id);
}

void Creates::post_extra(core::ExecutorId id) {
  Job& job = jobs_.at(id);
  if (job.extra == job.extras.size()) {
    settle(id, CreateEnd::created);
    return;
  }
  seams_.calls.start(job.extras[job.extra], [this, id](const Reply& reply) { extra_posted(id, reply); });
}

// The names of extras derive from the id, so one that exists is ours from a try whose answer was lost.
void Creates::extra_posted(core::ExecutorId id, const Reply& reply) {
  Job& job = jobs_.at(id);
  const core::ApiError error = error_of(reply);
  using enum core::ApiErrorClass;
  if (error.error_class == none || error.error_class == already_exists) {
    ++job.extra;
    job.tries = 0;
    post_extra(id);
  } else if (certainly_not_done(error.error_class) && !may_pass_later(error.error_class)) {
    job.error = error;
    settle(id, CreateEnd::rolled_back);
  } else {
    later(id, next_wait(job, error), &Creates::post_extra);
  }
}

CreateOutcome Creates::outcome_of(const Job& job, CreateEnd end) const {
  return {job.pod.id, job.pod.profile, job.pod.name,  end,     job.found,
          job.error,  job.posted,      job.posted_at, job.took};
}

void Creates::settle(core::ExecutorId id, CreateEnd end) {
  auto node = jobs_.extract(id);
  seams_.timers.cancel(node.mapped().timer);
  // First the view, then the mark: a crash in between asks once more, the other way round it would forget.
  seams_.done(outcome_of(node.mapped(), end));
  seams_.sink.clear_in_flight(id);
}

}  // namespace outrigger::flow
