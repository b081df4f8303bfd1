#include "agent/flow/command_loop.h"

#include <utility>
#include <variant>

#include "agent/core/names.h"
#include "agent/flow/template_intake.h"

namespace outrigger::flow {

CommandLoop::CommandLoop(Seams seams) : x(std::move(seams)) {
  x.source.set_listener(this);
}

CommandLoop::~CommandLoop() {
  x.source.set_listener(nullptr);
  x.timers.cancel(x_more);
}

void CommandLoop::on_driver_attached(core::Epoch epoch) {
  x.state.session.driver_attached(epoch);
  x.log.info("a driver is attached", {{"epoch", std::to_string(epoch.value)}});
  x.attached();
  x.changed();
}

void CommandLoop::on_driver_gone(core::Epoch epoch, const std::string& reason) {
  if (epoch != x.state.session.epoch() || !x.state.session.driver_present()) return;
  x.state.session.driver_gone();
  x.log.warning("the driver is gone", {{"epoch", std::to_string(epoch.value)}, {"reason", reason}});
  x.gone();
  x.changed();
}

void CommandLoop::on_commands_ready() {
  if (x_more == 0) drain();
}

void CommandLoop::drain() {
  x_batch.clear();
  const std::size_t taken = x.source.drain(x.state.options.commands_per_turn, x_batch);
  const core::Epoch epoch = x.state.session.epoch();
  for (const auto& command : x_batch) {
    core::Admission admission = x.state.session.admit(command.body);
    if (admission.ok()) admission = apply(command.body);
    x.metrics.results.at(core::to_string(admission.verdict)).add();
    if (!admission.ok())
      x.log.warning("a command was refused", {{"command", std::to_string(command.id.value)},
                                              {"verdict", std::string(core::to_string(admission.verdict))},
                                              {"detail", admission.detail}});
    x.publisher.result(epoch, {command.id, admission.verdict, std::move(admission.detail)});
  }
  x.metrics.commands.add(static_cast<double>(taken));
  // Bounded per turn: others want the loop, too.
  if (taken == x.state.options.commands_per_turn)
    x_more = x.timers.start(core::Nanos{0}, [this] {
      x_more = 0;
      drain();
    });
  if (taken != 0) x.changed();
}

core::Admission CommandLoop::apply(const core::CommandBody& body) {
  return std::visit([this](const auto& command) { return apply(command); }, body);
}

core::Admission CommandLoop::apply(const core::Hello& hello) {
  State& s = x.state;
  const bool another = s.session.nonce_changed();
  s.books.ids.connect(hello.nonce);
  s.books.desired.resync_begin();  // nothing of an earlier connection is in force (C21)
  s.books.templates.clear();
  if (another) s.books.expected.retire_all();
  x.log.info("hello", {{"client", hello.client_version}, {"application", hello.application_id}});
  x.greeted(another);
  return {};
}

core::Admission CommandLoop::apply(const core::ResyncBegin&) {
  x.state.books.desired.resync_begin();
  x.state.books.templates.clear();
  return {};
}

core::Admission CommandLoop::apply(const core::ResyncEnd&) {
  return x.state.books.desired.resync_end();
}

core::Admission CommandLoop::apply(const core::GrantIds& grant) {
  const auto granted = x.state.books.ids.grant(grant);
  if (!granted) return {core::Verdict::refused_ids, granted.error().text};
  return {};
}

core::Admission CommandLoop::apply(const core::AllocationPolicy& policy) {
  return x.state.books.desired.apply(policy);
}
core::Admission CommandLoop::apply(const core::PostTemplate& post) {
  return take_template(x.state, post);
}
core::Admission CommandLoop::apply(const core::PostRendered& post) {
  return take_rendered(x.state, post);
}

core::Admission CommandLoop::apply(const core::SetTarget& target) {
  const auto before = x.state.books.desired.target(target.profile);
  auto admission = x.state.books.desired.apply(target);
  if (admission.ok() && before && *before != target.executors) x.state.books.backoff.reset(target.profile);
  return admission;
}

core::Admission CommandLoop::apply(const core::KnownDelta& delta) {
  return x.state.books.desired.apply(delta);
}
core::Admission CommandLoop::apply(const core::ConfirmDelete& confirm) {
  return x.state.books.desired.apply(confirm);
}
core::Admission CommandLoop::apply(const core::DeleteExecutors& request) {
  return x.state.books.desired.apply(request);
}

core::Admission CommandLoop::apply(const core::Ack& ack) {
  x.publisher.acknowledged(ack.sequence);
  return {};
}

core::Admission CommandLoop::apply(const core::Drain&) {
  x.drain();
  return {};
}

core::Admission CommandLoop::apply(const core::Detach&) {
  x.gone();
  return {};
}

}  // namespace outrigger::flow
