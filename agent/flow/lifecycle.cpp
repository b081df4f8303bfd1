#include "agent/flow/lifecycle.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "agent/core/backoff.h"
#include "agent/core/limits.h"

namespace outrigger::flow {

Lifecycle::Lifecycle(Seams seams)
    : x(std::move(seams)), x_decoder(kube::DecoderOptions{x.state.options.container_name}) {}

Lifecycle::~Lifecycle() {
  x.timers.cancel(x_grace);
  x.timers.cancel(x_poll);
  x.timers.cancel(x_deadline);
}

void Lifecycle::driver_attached() {
  x.timers.cancel(x_grace);
  x_grace = 0;
}

void Lifecycle::driver_greeted(bool another) {
  if (!another || x_done) return;
  // A drain of the predecessor is over: its pods are foreign now, and decide() removes them by uid.
  x_stage = Stage::none;
  ++x_turn;
  x_waiting = false;
}

void Lifecycle::driver_gone() {
  x.timers.cancel(x_grace);
  x_grace = x.timers.start(x.state.books.desired.policy().driver_grace, [this] {
    x_grace = 0;
    x.log.warning("the driver did not come back within its grace: its executors go");
    begin(false);
  });
}

void Lifecycle::asked() {
  begin(false);
}

void Lifecycle::shutdown(core::Millis deadline, Done done) {
  x_done = std::move(done);
  x_flush_only = x.state.session.driver_present() && x_stage == Stage::none;
  x_deadline = x.timers.start(deadline, [this] {
    x_deadline = 0;
    finish({false, std::to_string(left()) + " pods are left, " +
                       std::to_string(x.actuator.creates_in_flight()) + " creates are unsettled"});
  });
  if (x_stage == Stage::none || x_stage == Stage::drained) begin(true);
  x.state.session.begin_drain(true);
}

void Lifecycle::begin(bool final) {
  x.state.session.begin_drain(final);
  x.actuator.release_held();
  if (x_stage == Stage::none || x_stage == Stage::drained) {
    x_stage = Stage::settling;
    x_tries = 0;
    x_listed = 0;
  }
  x.changed();
}

std::size_t Lifecycle::left() const {
  if (x_stage == Stage::none || x_stage == Stage::drained) return 0;
  if (!x.state.books.desired.policy().delete_on_termination) {
    std::size_t unlabelled = 0;
    x.state.books.pods.each([&](const core::PodRow& row) { unlabelled += !row.pod.inactive; });
    return unlabelled;
  }
  return std::max(x_listed, x.state.books.pods.size());
}

void Lifecycle::advance() {
  if (x_finished || x_waiting || x_poll != 0) return;
  switch (x_stage) {
    case Stage::none:
      return;
    case Stage::drained:
      // A pod that landed late.
      if (x.state.books.desired.policy().delete_on_termination && x.state.books.pods.size() != 0)
        x_stage = Stage::settling;
      return;
    case Stage::settling:
      if (x.actuator.creates_in_flight() != 0) return;
      if (x_flush_only) {
        if (x.actuator.deletes_in_flight() == 0) finish({true, "flushed"});
        return;
      }
      if (x.state.session.application_id().empty()) {
        x_stage = Stage::drained;  // nobody ever said which application: there is nothing of ours
        x.state.session.drained();
        if (x_done) finish({true, "nothing to drain"});
        return;
      }
      x_stage = Stage::removing;
      [[fallthrough]];
    case Stage::removing:
      x.state.books.desired.policy().delete_on_termination ? remove_all() : label_all();
      return;
    case Stage::confirming:
      confirm();
      return;
  }
}

void Lifecycle::remove_all() {
  kube::DeleteOptions options;
  options.grace_s = x.state.books.desired.policy().termination_grace_s;
  options.answer = kube::AnswerAs::metadata;
  auto request = x.state.requests.remove_collection(x.state.selector(), options);
  if (!request) {
    finish({false, request.error().text});
    return;
  }
  request->deadline = x.state.options.write_deadline;
  std::vector<core::PodUid> mine;
  x.state.books.pods.each([&](const core::PodRow& row) { mine.push_back(row.pod.uid); });
  for (const auto& uid : mine) x.state.books.pods.deleted_by_us(uid);
  x_waiting = true;
  x.calls.start(std::move(*request), [this, turn = x_turn](const Reply& reply) {
    if (turn != x_turn) return;
    x_waiting = false;
    const core::ApiError error = error_of(reply);
    if (error.error_class == core::ApiErrorClass::none) {
      x_tries = 0;
      x_stage = Stage::confirming;
      x.changed();
      return;
    }
    x.log.warning("the executors could not be deleted", {{"error", error.message}});
    core::Nanos wait =
        core::backoff_delay(core::delete_backoff(), static_cast<std::uint32_t>(x_tries++), x.entropy.next());
    if (error.retry_after) wait = std::max<core::Nanos>(wait, *error.retry_after);
    poll(wait);
  });
}

// deleteOnTermination = false: nothing is deleted, every pod says that nobody uses it any more.
void Lifecycle::label_all() {
  if (left() == 0) {
    x_stage = Stage::drained;
    x.state.session.drained();
    if (x_done) finish({true, "labelled"});
    x.changed();
    return;
  }
  core::Actions labels;
  const std::size_t free = core::limits::deletes_in_flight -
                           std::min(core::limits::deletes_in_flight, x.actuator.deletes_in_flight());
  x.state.books.pods.each([&](const core::PodRow& row) {
    if (!row.pod.inactive && labels.labels.size() < free &&
        x.state.books.deletes.may_send(row.pod.uid, x.clock.now()))
      labels.labels.push_back({row.pod.executor_id, row.pod.uid, row.pod.name});
  });
  for (const auto& label : labels.labels) x.state.books.deletes.sent(label.uid);
  x.actuator.carry_out(labels);
  if (x.actuator.deletes_in_flight() == 0) poll(x.state.options.drain_poll);  // only refused ones are left
}

void Lifecycle::confirm() {
  kube::ListQuery query;
  query.label_selector = x.state.selector();
  query.limit = 50;  // whether any is left, and whether one was missed, is seen on one small page
  kube::Request request = x.state.requests.list(query);
  request.deadline = x.state.options.list_deadline;
  x_waiting = true;
  x.calls.start(std::move(request), [this, turn = x_turn](const Reply& reply) {
    if (turn != x_turn) return;
    x_waiting = false;
    listed(reply);
  });
}

void Lifecycle::listed(const Reply& reply) {
  std::string body = reply.body;
  if (!reply.success() || !x_decoder.page(kube::Padded::of(body), x_page)) {
    poll(x.state.options.drain_poll * 2);
    return;
  }
  x_listed = x_page.count;
  bool anew = false;  // landed after the delete, or refused it
  for (std::size_t i = 0; i < x_page.count; ++i) anew = anew || !x_page.pods[i].deleting();
  // Zero at the server is not enough: the end of each pod has to reach the driver first (S18).
  const bool zero = x_listed == 0 && x.state.books.pods.size() == 0 && x.unsettled() == 0 &&
                    x.actuator.creates_in_flight() == 0;
  if (zero) {
    x_stage = Stage::drained;
    x.state.session.drained();
    x.log.info("drained: no executor is left");
    if (x_done) finish({true, "no executor is left"});
    x.changed();
    return;
  }
  if (anew) x_stage = Stage::removing;
  poll(x.state.options.drain_poll);
}

void Lifecycle::poll(core::Nanos delay) {
  x.timers.cancel(x_poll);
  x_poll = x.timers.start(delay, [this] {
    x_poll = 0;
    x.changed();
  });
}

void Lifecycle::finish(DrainEnd end) {
  if (x_finished || !x_done) return;
  x_finished = true;
  x.timers.cancel(x_deadline);
  x.timers.cancel(x_poll);
  x.timers.cancel(x_grace);
  x_deadline = x_poll = x_grace = 0;
  x_end = std::move(end);
  x.changed();
}

void Lifecycle::tell() {
  if (const Done done = std::exchange(x_done, {})) done(x_end);
}

}  // namespace outrigger::flow
