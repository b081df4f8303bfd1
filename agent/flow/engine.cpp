#include "agent/flow/engine.h"

#include <algorithm>
#include <utility>

#include "agent/core/in_flight.h"
#include "agent/core/names.h"
#include "agent/core/records.h"

namespace outrigger::flow {
namespace {

// How often freshness, gauges and staleness are looked at when nothing happens.
constexpr std::chrono::seconds heartbeat_every{1};

}  // namespace

struct Agent::Engine::Meters {
  metrics::Watch watch;
  metrics::Pods pods;
  metrics::Profiles profiles;
  metrics::Writes writes;
  metrics::Channel channel;
  bool profiles_on = false;
};

Agent::Engine::Engine(Options options, Ports ports, std::vector<ports::InFlightMark> crashed)
    : x_ports(ports),
      x_meters(ports.metrics == nullptr
                   ? std::make_unique<Meters>()
                   : std::make_unique<Meters>(Meters{ports.metrics->watch, ports.metrics->pods,
                                                     ports.metrics->profiles, ports.metrics->writes,
                                                     ports.metrics->channel, true})),
      x_state(std::move(options)),
      x_publisher(ports.sink),
      x_calls(ports.http, ports.clock),
      x_actuator({x_state, x_calls, x_publisher, ports.timers, ports.clock, ports.entropy, ports.sink,
                  ports.log, x_meters->writes, [this] { schedule(); },
                  [this](core::ExecutorId id) { x_recovery.settled(id); }}),
      x_recovery({x_state, x_actuator, x_publisher, ports.sink, ports.timers, ports.clock, ports.log,
                  [this] { schedule(); }},
                 crashed),
      x_lifecycle({x_state, x_actuator, x_calls, ports.timers, ports.clock, ports.entropy, ports.log,
                   [this] { return x_recovery.open(); }, [this] { schedule(); }}),
      x_commands({.state = x_state,
                  .publisher = x_publisher,
                  .source = ports.commands,
                  .timers = ports.timers,
                  .log = ports.log,
                  .metrics = x_meters->channel,
                  .changed = [this] { schedule(); },
                  .greeted = [this](bool another) { greeted(another); },
                  .attached = [this] { x_lifecycle.driver_attached(); },
                  .gone = [this] { x_lifecycle.driver_gone(); },
                  .drain = [this] { x_lifecycle.asked(); }}),
      x_reflector({ports.http, ports.timers, ports.clock, ports.entropy, ports.log, x_meters->watch,
                   [this](core::PodEvent event) { consume(std::move(event)); }, [this] { schedule(); }},
                  x_state.options.container_name),
      x_last_turn(ports.clock.now()) {
  x_calls.on_contact = [this] { x_reflector.touch(); };
}

Agent::Engine::~Engine() {
  stop();
}

void Agent::Engine::stop() {
  x_stopped = true;
  for (auto* timer : {&x_turn, &x_wake, &x_heartbeat}) {
    x_ports.timers.cancel(*timer);
    *timer = 0;
  }
  x_reflector.stop();
}

void Agent::Engine::start() {
  x_recovery.start();
  // In client mode the application is known only after the first hello.
  if (!x_state.session.application_id().empty()) x_reflector.start(x_state.watch_config());
  heartbeat();
  schedule();
}

core::Moment Agent::Engine::moment() const {
  const core::Instant now = x_ports.clock.now();
  // Marks of a crashed incarnation take their places, too: there are limits::creates_in_flight of them (C19).
  const std::size_t in_flight = x_actuator.creates_in_flight() + x_recovery.open();
  const std::size_t deletes = x_actuator.deletes_in_flight();
  core::Moment m;
  m.now = now;
  m.session = x_state.session.state();
  m.nonce = x_state.session.nonce();
  m.owner_uid = x_state.options.driver_pod_uid;
  m.application_id = x_state.session.application_id();
  m.create_slots =
      std::min(x_state.writes.free(in_flight, now),
               core::limits::creates_in_flight - std::min(core::limits::creates_in_flight, in_flight));
  m.delete_slots = core::limits::deletes_in_flight - std::min(core::limits::deletes_in_flight, deletes);
  m.gate = x_state.writes.gate();
  return m;
}

void Agent::Engine::schedule() {
  if (x_turn != 0 || x_stopped) return;
  x_turn = x_ports.timers.start(core::Nanos{0}, [this] {
    x_turn = 0;
    turn();
  });
}

void Agent::Engine::turn() {
  x_last_turn = x_ports.clock.now();
  x_recovery.advance();
  x_lifecycle.advance();
  const core::Moment now = moment();
  const core::Actions actions = core::decide(x_state.books, now);
  core::commit(x_state.books, actions, now);
  publish(actions);
  publish_status(actions);
  if (const auto contact = x_reflector.last_contact()) x_publisher.contact(*contact);
  x_publisher
      .commit();  // before any request leaves: a final state is published before its pod can vanish (S18)
  x_actuator.carry_out(actions);
  wake_at(actions.wake_at);
  if (x_lifecycle.finished()) {
    stop();
    x_lifecycle.tell();
  }
}

void Agent::Engine::wake_at(core::Instant at) {
  if (at == x_wake_due && x_wake != 0) return;
  x_ports.timers.cancel(x_wake);
  x_wake = 0;
  x_wake_due = at;
  if (at == core::Instant{}) return;
  x_wake = x_ports.timers.start(at - x_ports.clock.now(), [this] {
    x_wake = 0;
    schedule();
  });
}

void Agent::Engine::heartbeat() {
  x_heartbeat = x_ports.timers.start(heartbeat_every, [this] { heartbeat(); });
  x_last_turn = x_ports.clock.now();
  if (const auto contact = x_reflector.last_contact()) x_publisher.contact(*contact);
  measure();
  schedule();
}

bool Agent::Engine::stale() const {
  const auto contact = x_reflector.last_contact();
  return !contact || x_ports.clock.now() - *contact > x_state.options.contact_bound;
}

void Agent::Engine::consume(core::PodEvent event) {
  core::Observation seen =
      core::observe(x_state.books, std::move(event), x_state.session.nonce(), x_ports.clock.now());
  for (const auto& delta : seen.deltas) publish(delta);
  for (const auto& expected : seen.vanished)
    if (!expected.retired)
      x_publisher.record(
          core::record_of_vanished(expected, x_state.books.pods.was_deleted_by_us(expected.uid)),
          x_state.session.nonce());
  x_synced_once = x_synced_once || x_state.books.pods.synced();
  schedule();
}

void Agent::Engine::greeted(bool another) {
  x_lifecycle.driver_greeted(another);
  x_recovery.greeted();
  // Executors are shown to the driver that asked for them, so the table can only be shown once it is known.
  std::vector<core::PodUid> own;
  x_state.books.pods.each([&](const core::PodRow& row) {
    if (row.pod.nonce == x_state.session.nonce() && row.pod.executor_id.value != 0)
      own.push_back(row.pod.uid);
  });
  for (const auto& uid : own) {
    const auto* row = x_state.books.pods.find(uid);
    x_state.books.expected.seen(row->pod, x_state.session.nonce());
    publish_pod(*row);
  }
  if (!x_reflector.started()) x_reflector.start(x_state.watch_config());
}

void Agent::Engine::publish(const core::PodDelta& delta) {
  const core::PodRow& row = *delta.row;
  if (row.pod.nonce != x_state.session.nonce() || row.pod.executor_id.value == 0) return;
  if (row.final_at == x_ports.clock.now() && core::is_final(row.status.state))
    x_meters->pods.exits.at(core::to_string(row.status.exit.exit_class)).add();
  if (delta.kind == core::DeltaKind::upserted)
    publish_pod(row);
  else
    x_publisher.record(core::record_of_gone(row), x_state.session.nonce());
}

void Agent::Engine::publish_pod(const core::PodRow& row) {
  const auto& proposed = x_state.books.deletes.proposed();
  const auto found = proposed.find(row.pod.executor_id);
  x_publisher.record(core::record_of(row, found != proposed.end() && found->second == row.pod.uid),
                     x_state.session.nonce());
}

void Agent::Engine::publish(const core::Actions& actions) {
  const std::string& nonce = x_state.session.nonce();
  const auto& books = x_state.books;
  for (const auto& orders : {actions.creates, actions.wanted})
    for (const auto& order : orders)
      if (const auto* expected = books.expected.find(order.id))
        x_publisher.record(core::record_of(*expected, nonce), nonce);
  for (const auto id : actions.cancelled) {
    core::ExecutorRecord record;
    record.pod.executor_id = id;
    record.state = core::ExecutorState::deleted;
    record.exit.exit_class = core::ExitClass::requested;
    record.gone = true;
    x_publisher.record(record, nonce);
  }
  for (const auto& ids : {actions.proposals, actions.withdrawals})
    for (const auto id : ids)
      if (const auto* row = books.pods.find(id, nonce)) publish_pod(*row);
}

void Agent::Engine::publish_status(const core::Actions& actions) {
  for (const auto& [profile, target] : x_state.books.desired.targets())
    x_publisher.profile(core::status_of(x_state.books, profile, actions, x_state.session.nonce()));
  core::ControlFacts facts;
  facts.session = x_state.session.state();
  facts.stale = stale();
  facts.ids_wanted = actions.ids_wanted;
  facts.drain_left = x_lifecycle.left();
  facts.last_error = x_reflector.last_error().error_class;
  facts.last_error_message = x_reflector.last_error().message;
  x_publisher.control(core::status_of(x_state.books, facts));
}

void Agent::Engine::measure() {
  const auto& books = x_state.books;
  core::StateCounts all;

  for (const auto& [nonce, cohort] : books.pods.cohorts())
    for (const auto& [profile, p] : cohort.profiles) {
      all.pending += p.counts.pending;
      all.running += p.counts.running;
      all.terminating += p.counts.terminating;
      all.succeeded += p.counts.succeeded;
      all.failed += p.counts.failed;
      all.unknown += p.counts.unknown;
    }
  using enum core::ExecutorState;
  const auto set = [this](core::ExecutorState state, std::size_t value) {
    x_meters->pods.by_state.at(core::to_string(state)).set(static_cast<double>(value));
  };
  set(creating, books.expected.size());
  set(pending, all.pending);
  set(running, all.running);
  set(terminating, all.terminating);
  set(succeeded, all.succeeded);
  set(failed, all.failed);
  set(unknown, all.unknown);
  x_meters->watch.synced.set(books.pods.synced() ? 1 : 0);
  x_meters->watch.resource_version.set(static_cast<double>(books.pods.resource_version()));
  if (!x_meters->profiles_on) return;
  for (const auto& [profile, target] : books.desired.targets()) {
    const auto counts = books.pods.counts(x_state.session.nonce(), profile);
    x_meters->profiles.set(profile.value, {target, books.expected.count(profile), counts.pending,
                                           counts.running, counts.terminating});
  }
}

void Agent::Engine::drain(core::Millis deadline, std::function<void(const DrainEnd&)> on_done) {
  x_lifecycle.shutdown(deadline, std::move(on_done));
  schedule();
}

HealthReport Agent::Engine::health() const {
  HealthFacts facts;
  facts.synced_once = x_synced_once;
  facts.last_contact = x_reflector.last_contact();
  facts.last_turn = x_last_turn;
  facts.last_error = x_reflector.last_error().message;
  facts.contact_bound = x_state.options.contact_bound;
  facts.turn_bound = x_state.options.turn_bound;
  return judge_health(facts, x_ports.clock.now());
}

}  // namespace outrigger::flow
