#include "tests/sim/sim_driver.h"

#include "tests/support/builders.h"

namespace outrigger::sim {
namespace {

using std::chrono::milliseconds;
constexpr std::uint32_t block_size = 40;

}  // namespace

SimDriver::SimDriver(std::string the_nonce, std::string application, test::ManualTimers& timers,
                     test::ManualEntropy& random)
    : nonce(std::move(the_nonce)), timers_(timers), random_(random), application_(std::move(application)) {
  schedule();
}
SimDriver::~SimDriver() {
  timers_.cancel(tick_);
}

void SimDriver::schedule() {
  tick_ = timers_.start(milliseconds(slow ? 500 + random_.below(4000) : 5 + random_.below(100)),
                        [this] { tick(); });
}

void SimDriver::post(core::CommandBody body) {
  if (commands_ == nullptr) return;
  const auto kind = body.index();
  const auto id = commands_->push(std::move(body));
  waiting_[id] = "command kind " + std::to_string(kind);
  ring_ = true;
}

void SimDriver::grant(std::uint32_t count) {
  post(core::GrantIds{{next_id_}, count});
  next_id_ += count;
  granted_here_ += count;
}

void SimDriver::post_template(core::ProfileId profile, std::uint8_t digits) {
  if (!templates_here_.insert({profile, digits}).second) return;
  post(claims ? test::a_template_with_claim(application_, profile, digits)
              : test::a_template(application_, profile, digits));
}

void SimDriver::attach(std::shared_ptr<SimSink> sink, test::FakeCommands& commands) {
  read();  // what the old generation still holds
  if (sink != sink_) {
    sink_ = std::move(sink);
    cursor_ = 0;
    view.clear();
    profiles.clear();
    control = {};
    ++generations;
  }
  commands_ = &commands;
  waiting_.clear();
  templates_here_.clear();
  proposed_.clear();
  attached = true;
  post(core::Hello{nonce, "sim-1", application_});
  post(core::ResyncBegin{});
  granted_here_ = 0;
  grant(block_size);
  post(policy);
  for (const auto& [profile, target] : targets) {
    if (random_.chance(70)) post_template(profile, 1);
    post_template(profile, 2);
    post(core::SetTarget{profile, target});
  }
  core::KnownDelta all{true, {known.begin(), known.end()}, {}};
  post(std::move(all));
  post(core::ResyncEnd{});
  commands.ring();
  ring_ = false;
}

void SimDriver::lose_agent() {
  attached = false;
  commands_ = nullptr;
}

void SimDriver::set_target(core::ProfileId profile, std::uint32_t executors) {
  targets[profile] = executors;
  if (!attached) return;
  post(core::SetTarget{profile, executors});
  commands_->ring();
}

void SimDriver::ask_drain() {
  for (auto& [profile, target] : targets) target = 0;
  post(core::Drain{});
  if (commands_ != nullptr) commands_->ring();
}

void SimDriver::tick() {
  schedule();
  read();
  if (!attached || commands_ == nullptr) return;
  answer_wishes();
  detect_missing();
  if (ring_) commands_->ring();
  ring_ = false;
}

void SimDriver::read() {
  if (!sink_ || cursor_ >= sink_->committed()) return;
  while (cursor_ < sink_->committed()) {
    const auto& item = sink_->item(++cursor_);
    if (const auto* record = std::get_if<core::ExecutorRecord>(&item)) take(*record);
    if (const auto* status = std::get_if<core::ProfileStatus>(&item)) profiles[status->profile] = *status;
    if (const auto* status = std::get_if<core::ControlStatus>(&item)) control = *status;
    if (const auto* result = std::get_if<std::pair<core::Epoch, core::CommandResult>>(&item)) {
      if (attached && commands_ != nullptr && result->first == commands_->epoch()) {
        if (result->second.verdict != core::Verdict::accepted)
          refusals.push_back(waiting_[result->second.id] + ": verdict " +
                             std::to_string(static_cast<int>(result->second.verdict)) + " " +
                             result->second.detail);
        waiting_.erase(result->second.id);
      }
    }
  }
  if (attached) post(core::Ack{cursor_});
}

void SimDriver::take(const core::ExecutorRecord& record) {
  const core::ExecutorId id = record.pod.executor_id;
  if (record.pod.nonce == nonce) {
    if (core::is_final(record.state)) {
      finals[id] = record.state;
      if (known.erase(id) != 0) post(core::KnownDelta{false, {}, {id}});
    } else if (record.state == core::ExecutorState::running && !known.contains(id) &&
               !confirmed.contains(id) && !finals.contains(id) && random_.chance(80)) {
      known.insert(id);  // its process has registered with us
      ever_known.insert(id);
      if (on_known) on_known(id);
      post(core::KnownDelta{false, {id}, {}});
    } else if (record.state == core::ExecutorState::running && confirmed.contains(id) && on_refused) {
      on_refused(record.pod.name);  // in our deleted set: its registration is refused, and it exits
    }
    if (!core::is_final(record.state)) finals.erase(id);  // landed late, after its create had been given up
    view[id] = record;
    if (record.delete_proposed) proposed_.insert(id);
  }
}

// S17: an executor that a synced view does not hold is gone; its pod vanished while no agent looked.
void SimDriver::detect_missing() {
  if (!control.synced || control.session != core::SessionState::ready) {
    missing_.clear();
    return;
  }
  core::KnownDelta lost;
  for (const auto id : known) {
    if (view.contains(id)) {
      missing_.erase(id);
    } else if (++missing_[id] > 20) {
      lost.removed.push_back(id);
    }
  }
  for (const auto id : lost.removed) {
    known.erase(id);
    missing_.erase(id);
    missing.insert(id);
  }
  if (!lost.removed.empty()) post(std::move(lost));
}

void SimDriver::answer_wishes() {
  core::ConfirmDelete yes;
  for (const auto id : proposed_) {
    if (known.contains(id) || !view[id].delete_proposed) continue;
    confirmed.insert(id);
    yes.ids.push_back(id);
  }
  proposed_.clear();
  if (register_all)
    for (const auto& [id, record] : view)
      if (record.state == core::ExecutorState::running && !known.contains(id) && !confirmed.contains(id)) {
        known.insert(id);
        ever_known.insert(id);
        post(core::KnownDelta{false, {id}, {}});
      }
  if (!yes.ids.empty()) post(std::move(yes));
  if (control.ids_wanted > 0) {
    grant(std::max(block_size, control.ids_wanted));
    control.ids_wanted = 0;  // until it asks again
  }
  for (const auto& [profile, status] : profiles)
    for (std::uint8_t digits = 1; digits < 10; ++digits)
      if ((status.template_wanted >> digits & 1) != 0) post_template(profile, digits);
}

}  // namespace outrigger::sim
