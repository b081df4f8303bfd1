#include "tests/sim/sim_driver.h"

#include "tests/support/builders.h"

namespace outrigger::sim {
namespace {

using std::chrono::milliseconds;
constexpr std::uint32_t block_size = 40;

}  // namespace

SimDriver::SimDriver(std::string the_nonce, std::string application, test::ManualTimers& timers,
                     test::ManualEntropy& random)
    : nonce(std::move(the_nonce)), x_timers(timers), x_random(random), x_application(std::move(application)) {
  schedule();
}
SimDriver::~SimDriver() {
  x_timers.cancel(x_tick);
}

void SimDriver::schedule() {
  x_tick = x_timers.start(milliseconds(slow ? 500 + x_random.below(4000) : 5 + x_random.below(100)),
                          [this] { tick(); });
}

void SimDriver::post(core::CommandBody body) {
  if (x_commands == nullptr) return;
  const auto kind = body.index();
  const auto id = x_commands->push(std::move(body));
  x_waiting[id] = "command kind " + std::to_string(kind);
  x_ring = true;
}

void SimDriver::grant(std::uint32_t count) {
  post(core::GrantIds{{x_next_id}, count});
  x_next_id += count;
  x_granted_here += count;
}

void SimDriver::post_template(core::ProfileId profile, std::uint8_t digits) {
  if (!x_templates_here.insert({profile, digits}).second) return;
  post(test::a_template(x_application, profile, digits));
}

void SimDriver::attach(std::shared_ptr<SimSink> sink, test::FakeCommands& commands) {
  read();  // what the old generation still holds
  if (sink != x_sink) {
    x_sink = std::move(sink);
    x_cursor = 0;
    view.clear();
    profiles.clear();
    control = {};
    ++generations;
  }
  x_commands = &commands;
  x_waiting.clear();
  x_templates_here.clear();
  x_proposed.clear();
  attached = true;
  post(core::Hello{nonce, "sim-1", x_application});
  post(core::ResyncBegin{});
  x_granted_here = 0;
  grant(block_size);
  post(policy);
  for (const auto& [profile, target] : targets) {
    if (x_random.chance(70)) post_template(profile, 1);
    post_template(profile, 2);
    post(core::SetTarget{profile, target});
  }
  core::KnownDelta all{true, {known.begin(), known.end()}, {}};
  post(std::move(all));
  post(core::ResyncEnd{});
  commands.ring();
  x_ring = false;
}

void SimDriver::lose_agent() {
  attached = false;
  x_commands = nullptr;
}

void SimDriver::set_target(core::ProfileId profile, std::uint32_t executors) {
  targets[profile] = executors;
  if (!attached) return;
  post(core::SetTarget{profile, executors});
  x_commands->ring();
}

void SimDriver::ask_drain() {
  for (auto& [profile, target] : targets) target = 0;
  post(core::Drain{});
  if (x_commands != nullptr) x_commands->ring();
}

void SimDriver::tick() {
  schedule();
  read();
  if (!attached || x_commands == nullptr) return;
  answer_wishes();
  detect_missing();
  if (x_ring) x_commands->ring();
  x_ring = false;
}

void SimDriver::read() {
  if (!x_sink || x_cursor >= x_sink->committed()) return;
  while (x_cursor < x_sink->committed()) {
    const auto& item = x_sink->item(++x_cursor);
    if (const auto* record = std::get_if<core::ExecutorRecord>(&item)) take(*record);
    if (const auto* status = std::get_if<core::ProfileStatus>(&item)) profiles[status->profile] = *status;
    if (const auto* status = std::get_if<core::ControlStatus>(&item)) control = *status;
    if (const auto* result = std::get_if<std::pair<core::Epoch, core::CommandResult>>(&item)) {
      if (attached && x_commands != nullptr && result->first == x_commands->epoch()) {
        if (result->second.verdict != core::Verdict::accepted)
          refusals.push_back(x_waiting[result->second.id] + ": verdict " +
                             std::to_string(static_cast<int>(result->second.verdict)) + " " +
                             result->second.detail);
        x_waiting.erase(result->second.id);
      }
    }
  }
  if (attached) post(core::Ack{x_cursor});
}

void SimDriver::take(const core::ExecutorRecord& record) {
  const core::ExecutorId id = record.pod.executor_id;
  if (record.pod.nonce == nonce) {
    if (core::is_final(record.state)) {
      finals[id] = record.state;
      if (known.erase(id) != 0) post(core::KnownDelta{false, {}, {id}});
    } else if (record.state == core::ExecutorState::running && !known.contains(id) &&
               !confirmed.contains(id) && !finals.contains(id) && x_random.chance(80)) {
      known.insert(id);  // its process has registered with us
      ever_known.insert(id);
      if (on_known) on_known(id);
      post(core::KnownDelta{false, {id}, {}});
    } else if (record.state == core::ExecutorState::running && confirmed.contains(id) && on_refused) {
      on_refused(record.pod.name);  // in our deleted set: its registration is refused, and it exits
    }
    if (!core::is_final(record.state)) finals.erase(id);  // landed late, after its create had been given up
    view[id] = record;
    if (record.delete_proposed) x_proposed.insert(id);
  }
}

// S17: an executor that a synced view does not hold is gone; its pod vanished while no agent looked.
void SimDriver::detect_missing() {
  if (!control.synced || control.session != core::SessionState::ready) {
    x_missing.clear();
    return;
  }
  core::KnownDelta lost;
  for (const auto id : known) {
    if (view.contains(id)) {
      x_missing.erase(id);
    } else if (++x_missing[id] > 20) {
      lost.removed.push_back(id);
    }
  }
  for (const auto id : lost.removed) {
    known.erase(id);
    x_missing.erase(id);
    missing.insert(id);
  }
  if (!lost.removed.empty()) post(std::move(lost));
}

void SimDriver::answer_wishes() {
  core::ConfirmDelete yes;
  for (const auto id : x_proposed) {
    if (known.contains(id) || !view[id].delete_proposed) continue;
    confirmed.insert(id);
    yes.ids.push_back(id);
  }
  x_proposed.clear();
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
