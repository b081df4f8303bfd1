#include "agent/flow/command_loop.h"

#include <utility>
#include <variant>

#include "agent/core/names.h"
#include "agent/flow/template_intake.h"

namespace outrigger::flow {

CommandLoop::CommandLoop(Seams seams) : seams_(std::move(seams)) {
  seams_.source.set_listener(this);
}

CommandLoop::~CommandLoop() {
  seams_.source.set_listener(nullptr);
  seams_.timers.cancel(more_);
}

void CommandLoop::on_driver_attached(core::Epoch epoch) {
  seams_.state.session.driver_attached(epoch);
  seams_.log.info("a driver is attached", {{"epoch", std::to_string(epoch.value)}});
  seams_.attached();
  seams_.changed();
}

void CommandLoop::on_driver_gone(core::Epoch epoch, const std::string& reason) {
  if (epoch != seams_.state.session.epoch() || !seams_.state.session.driver_present()) return;
  seams_.state.session.driver_gone();
  seams_.log.warning("the driver is gone", {{"epoch", std::to_string(epoch.value)}, {"reason", reason}});
  seams_.gone();
  seams_.changed();
}

void CommandLoop::on_commands_ready() {
  if (more_ == 0) drain();
}

void CommandLoop::drain() {
  batch_.clear();
  const std::size_t taken = seams_.source.drain(seams_.state.options.commands_per_turn, batch_);
  const core::Epoch epoch = seams_.state.session.epoch();
  for (const auto& command : batch_) {
    core::Admission admission = seams_.state.session.admit(command.body);
    if (admission.ok()) admission = apply(command.body);
    seams_.metrics.results.at(core::to_string(admission.verdict)).add();
    if (!admission.ok())
      seams_.log.warning("a command was refused",
                         {{"command", std::to_string(command.id.value)},
                          {"verdict", std::string(core::to_string(admission.verdict))},
                          {"detail", admission.detail}});
    seams_.publisher.result(epoch, {command.id, admission.verdict, std::move(admission.detail)});
  }
  seams_.metrics.commands.add(static_cast<double>(taken));
  // Bounded per turn: others want the loop, too.
  if (taken == seams_.state.options.commands_per_turn)
    more_ = seams_.timers.start(core::Nanos{0}, [this] {
      more_ = 0;
      drain();
    });
  if (taken != 0) seams_.changed();
}

core::Admission CommandLoop::apply(const core::CommandBody& body) {
  return std::visit([this](const auto& command) { return apply(command); }, body);
}

core::Admission CommandLoop::apply(const core::Hello& hello) {
  State& s = seams_.state;
  const bool another = s.session.nonce_changed();
  s.books.ids.connect(hello.nonce);
  s.books.desired.resync_begin();  // nothing of an earlier connection is in force (C21)
  s.books.templates.clear();
  if (another) {
    seams_.publisher.another_driver(s.books);
    s.books.expected.retire_all();
  }
  seams_.log.info("hello", {{"client", hello.client_version}, {"application", hello.application_id}});
  seams_.greeted(another);
  return {};
}

core::Admission CommandLoop::apply(const core::ResyncBegin&) {
  seams_.state.books.desired.resync_begin();
  seams_.state.books.templates.clear();
  return {};
}

core::Admission CommandLoop::apply(const core::ResyncEnd&) {
  return seams_.state.books.desired.resync_end();
}

core::Admission CommandLoop::apply(const core::GrantIds& grant) {
  const auto granted = seams_.state.books.ids.grant(grant);
  if (!granted) return {core::Verdict::refused_ids, granted.error().text};
  return {};
}

core::Admission CommandLoop::apply(const core::AllocationPolicy& policy) {
  return seams_.state.books.desired.apply(policy);
}
core::Admission CommandLoop::apply(const core::PostTemplate& post) {
  return take_template(seams_.state, post);
}
core::Admission CommandLoop::apply(const core::PostRendered& post) {
  return take_rendered(seams_.state, post);
}

core::Admission CommandLoop::apply(const core::SetTarget& target) {
  const auto before = seams_.state.books.desired.target(target.profile);
  auto admission = seams_.state.books.desired.apply(target);
  if (admission.ok() && before && *before != target.executors)
    seams_.state.books.backoff.reset(target.profile);
  return admission;
}

core::Admission CommandLoop::apply(const core::KnownDelta& delta) {
  return seams_.state.books.desired.apply(delta);
}
core::Admission CommandLoop::apply(const core::ConfirmDelete& confirm) {
  return seams_.state.books.desired.apply(confirm);
}
core::Admission CommandLoop::apply(const core::DeleteExecutors& request) {
  return seams_.state.books.desired.apply(request);
}

core::Admission CommandLoop::apply(const core::Ack& ack) {
  seams_.publisher.acknowledged(ack.sequence);
  return {};
}

core::Admission CommandLoop::apply(const core::Drain&) {
  seams_.drain();
  return {};
}

core::Admission CommandLoop::apply(const core::Detach&) {
  seams_.gone();
  return {};
}

}  // namespace outrigger::flow
