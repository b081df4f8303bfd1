#include "agent/flow/lifecycle.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "agent/core/backoff.h"
#include "agent/core/limits.h"

namespace outrigger::flow {

Lifecycle::Lifecycle(Seams seams)
    : seams_(std::move(seams)), decoder_(kube::DecoderOptions{seams_.state.options.container_name}) {}

Lifecycle::~Lifecycle() {
  seams_.timers.cancel(grace_);
  seams_.timers.cancel(poll_);
  seams_.timers.cancel(deadline_);
}

void Lifecycle::driver_attached() {
  seams_.timers.cancel(grace_);
  grace_ = 0;
}

void Lifecycle::driver_greeted(bool another) {
  if (!another || done_) return;
  // A drain of the predecessor is over: its pods are foreign now, and decide() removes them by uid.
  stage_ = Stage::none;
  ++turn_;
  waiting_ = false;
}

void Lifecycle::driver_gone() {
  seams_.timers.cancel(grace_);
  grace_ = seams_.timers.start(seams_.state.books.desired.policy().driver_grace, [this] {
    grace_ = 0;
    seams_.log.warning("the driver did not come back within its grace: its executors go");
    begin(false);
  });
}

void Lifecycle::asked() {
  begin(false);
}

void Lifecycle::shutdown(core::Millis deadline, Done done) {
  done_ = std::move(done);
  flush_only_ = seams_.state.session.driver_present() && stage_ == Stage::none;
  deadline_ = seams_.timers.start(deadline, [this] {
    deadline_ = 0;
    finish({false, std::to_string(left()) + " pods are left, " +
                       std::to_string(seams_.actuator.creates_in_flight()) + " creates are unsettled"});
  });
  if (stage_ == Stage::none || stage_ == Stage::drained) begin(true);
  seams_.state.session.begin_drain(true);
}

void Lifecycle::begin(bool final) {
  seams_.state.session.begin_drain(final);
  seams_.actuator.release_held();
  if (stage_ == Stage::none || stage_ == Stage::drained) {
    stage_ = Stage::settling;
    tries_ = 0;
    listed_ = 0;
  }
  seams_.changed();
}

std::size_t Lifecycle::left() const {
  if (stage_ == Stage::none || stage_ == Stage::drained) return 0;
  if (!seams_.state.books.desired.policy().delete_on_termination) {
    std::size_t unlabelled = 0;
    seams_.state.books.pods.each([&](const core::PodRow& row) { unlabelled += !row.pod.inactive; });
    return unlabelled;
  }
  return std::max(listed_, seams_.state.books.pods.size());
}

void Lifecycle::advance() {
  if (finished_ || waiting_ || poll_ != 0) return;
  switch (stage_) {
    case Stage::none:
      return;
    case Stage::drained:
      // A pod that landed late.
      if (seams_.state.books.desired.policy().delete_on_termination && seams_.state.books.pods.size() != 0)
        stage_ = Stage::settling;
      return;
    case Stage::settling:
      if (seams_.actuator.creates_in_flight() != 0) return;
      if (flush_only_) {
        if (seams_.actuator.deletes_in_flight() == 0) finish({true, "flushed"});
        return;
      }
      if (seams_.state.session.application_id().empty()) {
        stage_ = Stage::drained;  // nobody ever said which application: there is nothing of ours
        seams_.state.session.drained();
        if (done_) finish({true, "nothing to drain"});
        return;
      }
      stage_ = Stage::removing;
      [[fallthrough]];
    case Stage::removing:
      seams_.state.books.desired.policy().delete_on_termination ? remove_all() : label_all();
      return;
    case Stage::confirming:
      confirm();
      return;
  }
}

void Lifecycle::remove_all() {
  kube::DeleteOptions options;
  options.grace_s = seams_.state.books.desired.policy().termination_grace_s;
  options.answer = kube::AnswerAs::metadata;
  const std::string selector = seams_.state.selector_of_known();
  if (selector.empty()) {  // a list says whether that is so
    stage_ = Stage::confirming;
    confirm();
    return;
  }
  auto request = seams_.state.requests.remove_collection(selector, options);
  if (!request) {
    finish({false, request.error().text});
    return;
  }
  request->deadline = seams_.state.options.write_deadline;
  std::vector<core::PodUid> mine;
  bool alive = false;
  seams_.state.books.pods.each([&](const core::PodRow& row) {
    mine.push_back(row.pod.uid);
    alive = alive || !row.pod.deleting();
  });
  for (const auto& uid : mine) seams_.state.books.pods.deleted_by_us(uid);
  waiting_ = true;
  const core::Instant sent_at = seams_.clock.now();
  seams_.calls.start(std::move(*request), [this, alive, sent_at, turn = turn_](const Reply& reply) {
    if (turn != turn_) return;
    waiting_ = false;
    const core::ApiError error = error_of(reply);
    if (error.error_class == core::ApiErrorClass::none) {
      if (alive) seams_.owed(sent_at);
      tries_ = 0;
      stage_ = Stage::confirming;
      seams_.changed();
      return;
    }
    seams_.log.warning("the executors could not be deleted", {{"error", error.message}});
    core::Nanos wait = core::backoff_delay(core::delete_backoff(), static_cast<std::uint32_t>(tries_++),
                                           seams_.entropy.next());
    if (error.retry_after) wait = std::max<core::Nanos>(wait, *error.retry_after);
    poll(wait);
  });
}

// deleteOnTermination = false: nothing is deleted, every pod says that nobody uses it any more.
void Lifecycle::label_all() {
  if (left() == 0) {
    stage_ = Stage::drained;
    seams_.state.session.drained();
    if (done_) finish({true, "labelled"});
    seams_.changed();
    return;
  }
  core::Actions labels;
  const std::size_t free = core::limits::deletes_in_flight -
                           std::min(core::limits::deletes_in_flight, seams_.actuator.deletes_in_flight());
  seams_.state.books.pods.each([&](const core::PodRow& row) {
    if (!row.pod.inactive && labels.labels.size() < free &&
        seams_.state.books.deletes.may_send(row.pod.uid, seams_.clock.now()))
      labels.labels.push_back({row.pod.executor_id, row.pod.uid, row.pod.name});
  });
  for (const auto& label : labels.labels) seams_.state.books.deletes.sent(label.uid);
  seams_.actuator.carry_out(labels);
  if (seams_.actuator.deletes_in_flight() == 0)
    poll(seams_.state.options.drain_poll);  // only refused ones are left
}

void Lifecycle::confirm() {
  kube::ListQuery query;
  query.label_selector = seams_.state.selector();
  query.limit = 50;  // whether any is left, and whether one was missed, is seen on one small page
  kube::Request request = seams_.state.requests.list(query);
  request.deadline = seams_.state.options.list_deadline;
  waiting_ = true;
  seams_.calls.start(std::move(request), [this, turn = turn_](const Reply& reply) {
    if (turn != turn_) return;
    waiting_ = false;
    listed(reply);
  });
}

void Lifecycle::listed(const Reply& reply) {
  std::string body = reply.body;
  if (!reply.success() || !decoder_.page(kube::Padded::of(body), page_)) {
    poll(seams_.state.options.drain_poll * 2);
    return;
  }
  listed_ = page_.count;
  bool anew = false;  // landed after the delete, or refused it
  for (std::size_t i = 0; i < page_.count; ++i) anew = anew || !page_.pods[i].deleting();
  // Zero at the server is not enough: the end of each pod has to reach the driver first (S18).
  const bool zero = listed_ == 0 && seams_.state.books.pods.size() == 0 && seams_.unsettled() == 0 &&
                    seams_.actuator.creates_in_flight() == 0;
  if (zero) {
    stage_ = Stage::drained;
    seams_.state.session.drained();
    seams_.log.info("drained: no executor is left");
    if (done_) finish({true, "no executor is left"});
    seams_.changed();
    return;
  }
  if (anew) stage_ = Stage::removing;
  poll(seams_.state.options.drain_poll);
}

void Lifecycle::poll(core::Nanos delay) {
  seams_.timers.cancel(poll_);
  poll_ = seams_.timers.start(delay, [this] {
    poll_ = 0;
    seams_.changed();
  });
}

void Lifecycle::finish(DrainEnd end) {
  if (finished_ || !done_) return;
  finished_ = true;
  seams_.timers.cancel(deadline_);
  seams_.timers.cancel(poll_);
  seams_.timers.cancel(grace_);
  deadline_ = poll_ = grace_ = 0;
  end_ = std::move(end);
  seams_.changed();
}

void Lifecycle::tell() {
  if (const Done done = std::exchange(done_, {})) done(end_);
}

}  // namespace outrigger::flow
