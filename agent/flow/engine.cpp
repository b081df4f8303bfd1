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
  metrics::Gateway gateway;
  bool profiles_on = false;
};

Agent::Engine::Engine(Options options, Ports ports, std::vector<ports::InFlightMark> crashed)
    : ports_(ports),
      meters_(ports.metrics == nullptr
                  ? std::make_unique<Meters>()
                  : std::make_unique<Meters>(Meters{ports.metrics->watch, ports.metrics->pods,
                                                    ports.metrics->profiles, ports.metrics->writes,
                                                    ports.metrics->channel, ports.metrics->gateway, true})),
      state_(std::move(options)),
      publisher_(ports.sink),
      calls_(ports.http, ports.clock),
      claims_({state_, calls_, ports.clock, ports.log, [this] { schedule(); }}),
      actuator_({state_, calls_, publisher_, ports.timers, ports.clock, ports.entropy, ports.sink, ports.log,
                 meters_->writes, [this] { schedule(); },
                 [this](core::ExecutorId id) { recovery_.settled(id); },
                 [this](core::Instant since) { reflector_.owed(since); }}),
      recovery_({state_, actuator_, publisher_, ports.sink, ports.timers, ports.clock, ports.log,
                 [this] { schedule(); }, [this] { claims_.want(); }},
                crashed),
      lifecycle_({state_, actuator_, calls_, ports.timers, ports.clock, ports.entropy, ports.log,
                  [this] { return recovery_.open(); }, [this] { schedule(); },
                  [this](core::Instant since) { reflector_.owed(since); }}),
      commands_({.state = state_,
                 .publisher = publisher_,
                 .source = ports.commands,
                 .timers = ports.timers,
                 .log = ports.log,
                 .metrics = meters_->channel,
                 .changed = [this] { schedule(); },
                 .greeted = [this](bool another) { greeted(another); },
                 .attached = [this] { lifecycle_.driver_attached(); },
                 .gone = [this] { lifecycle_.driver_gone(); },
                 .drain = [this] { lifecycle_.asked(); }}),
      reflector_({ports.http, ports.timers, ports.clock, ports.entropy, ports.log, meters_->watch,
                  [this](core::PodEvent event) { consume(std::move(event)); }, [this] { schedule(); },
                  [this](const StartFault& fault) { return start_failed(fault); }},
                 state_.options.container_name),
      gateway_({state_, calls_, ports.log, [this] { schedule(); }, [this] { config_map_made(); },
                [this](std::string_view rule, unsigned code) {
                  meters_->gateway.requests.at(rule).add();
                  if (code >= 400) meters_->gateway.failures.add();
                }}),
      guard_(state_.options.start, state_.options.name_space, state_.options.start_bound),
      last_turn_(ports.clock.now()) {}

Agent::Engine::~Engine() {
  stop();
}

void Agent::Engine::stop() {
  stopped_ = true;
  for (auto* timer : {&turn_, &wake_, &heartbeat_, &start_}) {
    ports_.timers.cancel(*timer);
    *timer = 0;
  }
  reflector_.stop();
}

void Agent::Engine::start(Refused on_refused) {
  on_refused_ = std::move(on_refused);
  recovery_.start();
  // In client mode the application is known only after the first hello.
  if (!state_.session.application_id().empty()) watch_for_pods();
  heartbeat();
  schedule();
}

void Agent::Engine::watch_for_pods() {
  guard_.begin(ports_.clock.now());
  start_due();
  reflector_.start(state_.watch_config());
}

bool Agent::Engine::settled() {
  if (synced_once_ && reflector_.watched_once()) guard_.settle();
  return guard_.settled();
}

bool Agent::Engine::start_failed(const StartFault& fault) {
  if (!on_refused_ || settled()) return false;
  if (!refusal_.empty()) return true;
  auto refused = guard_.failed(fault, ports_.clock.now());
  if (refused) refuse(std::move(*refused));
  return refused.has_value();
}

// Again at each deadline, which progress moves.
void Agent::Engine::start_due() {
  start_ = 0;
  if (!on_refused_ || settled()) return;
  const core::Instant now = ports_.clock.now();
  if (auto refused = guard_.due(now)) return refuse(std::move(*refused));
  if (const auto deadline = guard_.deadline())
    start_ = ports_.timers.start(*deadline - now, [this] { start_due(); });
}

// This may be inside a callback of what stop() ends.
void Agent::Engine::refuse(std::string line) {
  if (refusal_.empty()) refusal_ = std::move(line);
  schedule();
}

core::Moment Agent::Engine::moment() const {
  const core::Instant now = ports_.clock.now();
  // Marks of a crashed incarnation take their places, too: there are limits::creates_in_flight of them (C19).
  const std::size_t in_flight = actuator_.creates_in_flight() + recovery_.open();
  const std::size_t deletes = actuator_.deletes_in_flight();
  core::Moment m;
  m.now = now;
  m.session = state_.session.state();
  m.nonce = state_.session.nonce();
  m.owner_uid = state_.options.driver_pod_uid;
  m.application_id = state_.session.application_id();
  m.create_slots =
      std::min(state_.writes.free(in_flight, now),
               core::limits::creates_in_flight - std::min(core::limits::creates_in_flight, in_flight));
  m.delete_slots = core::limits::deletes_in_flight - std::min(core::limits::deletes_in_flight, deletes);
  m.gate = state_.writes.gate();
  m.ready_at = config_map_due_;
  return m;
}

void Agent::Engine::schedule() {
  if (turn_ != 0 || stopped_) return;
  turn_ = ports_.timers.start(core::Nanos{0}, [this] {
    turn_ = 0;
    turn();
  });
}

void Agent::Engine::turn() {
  last_turn_ = ports_.clock.now();
  recovery_.advance();
  lifecycle_.advance();
  const core::Moment now = moment();
  const core::Actions actions = core::decide(state_.books, now);
  core::commit(state_.books, actions, now);
  publish(actions);
  publish_status(actions);
  if (const auto contact = reflector_.last_contact()) publisher_.contact(*contact);
  publisher_
      .commit();  // before any request leaves: a final state is published before its pod can vanish (S18)
  // A create of a crashed incarnation may still show which claim it took (C19).
  if (actions.list_claims && recovery_.open() == 0) claims_.want();
  actuator_.carry_out(actions);
  wake_at(actions.wake_at);
  if (!refusal_.empty()) {  // published, with the error in the control record
    stop();
    std::exchange(on_refused_, {})(refusal_);
    return;
  }
  if (lifecycle_.finished()) {
    stop();
    lifecycle_.tell();
  }
}

void Agent::Engine::wake_at(core::Instant at) {
  if (at == wake_due_ && wake_ != 0) return;
  ports_.timers.cancel(wake_);
  wake_ = 0;
  wake_due_ = at;
  if (at == core::Instant{}) return;
  wake_ = ports_.timers.start(at - ports_.clock.now(), [this] {
    wake_ = 0;
    schedule();
  });
}

void Agent::Engine::heartbeat() {
  heartbeat_ = ports_.timers.start(heartbeat_every, [this] { heartbeat(); });
  last_turn_ = ports_.clock.now();
  if (const auto contact = reflector_.last_contact()) publisher_.contact(*contact);
  measure();
  schedule();
}

bool Agent::Engine::stale() const {
  const auto contact = reflector_.last_contact();
  return !contact || ports_.clock.now() - *contact > state_.options.contact_bound;
}

void Agent::Engine::consume(core::PodEvent event) {
  core::Observation seen =
      core::observe(state_.books, std::move(event), state_.session.nonce(), ports_.clock.now());
  for (const auto& delta : seen.deltas) publish(delta);
  for (const auto& expected : seen.vanished)
    if (!expected.retired)
      publisher_.record(core::record_of_vanished(expected, state_.books.pods.was_deleted_by_us(expected.uid)),
                        state_.session.nonce());
  for (const auto id : seen.landed)
    if (const auto* row = state_.books.pods.find(id, state_.session.nonce());
        row != nullptr && !actuator_.creating(id)) {
      ports_.sink.mark_in_flight(id, row->pod.profile);  // a crash must not forget it either
      actuator_.resolve(id, row->pod.profile, row->pod.name);
    }
  if (!synced_once_) guard_.progress(ports_.clock.now());
  synced_once_ = synced_once_ || state_.books.pods.synced();
  schedule();
}

void Agent::Engine::greeted(bool another) {
  lifecycle_.driver_greeted(another);
  recovery_.greeted();
  // A driver that has pods already has made its ConfigMap: only this agent is new.
  const std::string& nonce = state_.session.nonce();
  const bool waits = state_.options.config_map_wait.count() > 0 && config_map_of_ != nonce &&
                     state_.books.pods.cohort(nonce).pods == 0;
  config_map_due_ = waits ? ports_.clock.now() + state_.options.config_map_wait : core::Instant{};
  // Executors are shown to the driver that asked for them, so the table can only be shown once it is known.
  std::vector<core::PodUid> own;
  state_.books.pods.each([&](const core::PodRow& row) {
    if (row.pod.nonce == state_.session.nonce() && row.pod.executor_id.value != 0) own.push_back(row.pod.uid);
  });
  for (const auto& uid : own) {
    const auto* row = state_.books.pods.find(uid);
    state_.books.expected.seen(row->pod, state_.session.nonce());
    publish_pod(*row);
  }
  if (state_.session.application_changed()) reflector_.stop();
  if (!reflector_.started() || state_.session.application_changed()) watch_for_pods();
}

void Agent::Engine::config_map_made() {
  config_map_of_ = state_.session.nonce();
  config_map_due_ = {};
  schedule();
}

void Agent::Engine::serve(GatewayRequest request, GatewayRespond respond) {
  gateway_.handle(std::move(request), std::move(respond));
}

void Agent::Engine::publish(const core::PodDelta& delta) {
  const core::PodRow& row = *delta.row;
  if (row.pod.nonce != state_.session.nonce() || row.pod.executor_id.value == 0) return;
  if (row.final_at == ports_.clock.now() && core::is_final(row.status.state))
    meters_->pods.exits.at(core::to_string(row.status.exit.exit_class)).add();
  if (delta.kind == core::DeltaKind::upserted)
    publish_pod(row);
  else
    publisher_.record(core::record_of_gone(row), state_.session.nonce());
}

void Agent::Engine::publish_pod(const core::PodRow& row) {
  const auto& proposed = state_.books.deletes.proposed();
  const auto found = proposed.find(row.pod.executor_id);
  publisher_.record(core::record_of(row, found != proposed.end() && found->second == row.pod.uid),
                    state_.session.nonce());
}

void Agent::Engine::publish(const core::Actions& actions) {
  const std::string& nonce = state_.session.nonce();
  const auto& books = state_.books;
  for (const auto& orders : {actions.creates, actions.wanted})
    for (const auto& order : orders)
      if (const auto* expected = books.expected.find(order.id))
        publisher_.record(core::record_of(*expected, nonce), nonce);
  for (const auto id : actions.cancelled) {
    core::ExecutorRecord record;
    record.pod.executor_id = id;
    record.state = core::ExecutorState::deleted;
    record.exit.exit_class = core::ExitClass::requested;
    record.gone = true;
    publisher_.record(record, nonce);
  }
  for (const auto& ids : {actions.proposals, actions.withdrawals})
    for (const auto id : ids)
      if (const auto* row = books.pods.find(id, nonce)) publish_pod(*row);
}

void Agent::Engine::publish_status(const core::Actions& actions) {
  for (const auto& [profile, target] : state_.books.desired.targets())
    publisher_.profile(core::status_of(state_.books, profile, actions, state_.session.nonce()));
  core::ControlFacts facts;
  facts.session = state_.session.state();
  facts.stale = stale();
  facts.ids_wanted = actions.ids_wanted;
  facts.drain_left = lifecycle_.left();
  facts.last_error = reflector_.last_error().error_class;
  facts.last_error_message = reflector_.last_error().message;
  publisher_.control(core::status_of(state_.books, facts));
}

void Agent::Engine::measure() {
  const auto& books = state_.books;
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
    meters_->pods.by_state.at(core::to_string(state)).set(static_cast<double>(value));
  };
  set(creating, books.expected.size());
  set(pending, all.pending);
  set(running, all.running);
  set(terminating, all.terminating);
  set(succeeded, all.succeeded);
  set(failed, all.failed);
  set(unknown, all.unknown);
  meters_->watch.synced.set(books.pods.synced() ? 1 : 0);
  meters_->watch.resource_version.set(static_cast<double>(books.pods.resource_version()));
  if (!meters_->profiles_on) return;
  for (const auto& [profile, target] : books.desired.targets()) {
    const auto counts = books.pods.counts(state_.session.nonce(), profile);
    meters_->profiles.set(profile.value, {target, books.expected.count(profile), counts.pending,
                                          counts.running, counts.terminating});
  }
}

void Agent::Engine::drain(core::Millis deadline, std::function<void(const DrainEnd&)> on_done) {
  lifecycle_.shutdown(deadline, std::move(on_done));
  schedule();
}

HealthReport Agent::Engine::health() const {
  HealthFacts facts;
  facts.synced_once = synced_once_;
  facts.last_contact = reflector_.last_contact();
  facts.last_turn = last_turn_;
  facts.last_error = reflector_.last_error().message;
  facts.starting = guard_.waiting(ports_.clock.now());
  facts.contact_bound = state_.options.contact_bound;
  facts.turn_bound = state_.options.turn_bound;
  return judge_health(facts, ports_.clock.now());
}

}  // namespace outrigger::flow
