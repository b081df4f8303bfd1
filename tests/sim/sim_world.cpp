#include "tests/sim/sim_world.h"

#include <algorithm>
#include <set>

namespace outrigger::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
constexpr const char* application = "app-1";
constexpr const char* driver_uid = "0f0e0d0c-0b0a-4908-8706-050403020100";

std::string label(const Json& pod, const char* key) {
  const auto& meta = pod["metadata"];
  return meta.contains("labels") ? meta["labels"].value(key, "") : "";
}
bool final_phase(const Json& pod) {
  const std::string phase = pod["status"]["phase"];
  return phase == "Failed" || phase == "Succeeded";
}
bool deleting(const Json& pod) {
  return pod["metadata"].contains("deletionTimestamp");
}
core::ExecutorId id_of(const Json& pod) {
  return {std::stoull("0" + label(pod, "spark-exec-id"))};
}
core::ProfileId profile_of(const Json& pod) {
  return {static_cast<std::uint32_t>(std::stoul("0" + label(pod, "spark-exec-resourceprofile-id")))};
}

}  // namespace

struct SimWorld::Incarnation {
  Incarnation(SimWorld& w, std::vector<ports::InFlightMark> marks)
      : http(w.x_net, w.x_crash),
        entropy(w.x_random.next()),
        agent(options(), {http, w.x_timers, w.x_clock, entropy, *w.x_sink, commands, log}, std::move(marks)) {
    log.on_line = [&w](const std::string& line) { w.say("agent: " + line); };
  }
  static flow::Options options() {
    flow::Options o;
    o.name_space = "spark";
    o.application_id = application;
    o.driver_pod_name = "driver";
    o.driver_pod_uid = *core::parse_uid(driver_uid);
    return o;
  }
  SimHttp http;
  test::FakeCommands commands;
  test::ManualEntropy entropy;
  test::FakeLog log;
  flow::Agent agent;
};

SimWorld::SimWorld(std::uint64_t seed, std::function<void(const std::string&)> trace)
    : x_trace(std::move(trace)),
      x_random(test::ManualEntropy(seed).next()),  // neighbouring seeds must not share a stream
      x_server([this] { return x_random.next(); }),
      x_net(x_server, x_timers, x_clock, x_random),
      x_kubelet(x_net) {
  if (x_trace) x_net.trace = [this](const std::string& line) { say(line); };
  auto kubelet_created = x_server.on_created;
  x_server.on_created = [this, kubelet_created](const std::string& name) {
    check_created(name);
    kubelet_created(name);
  };
  auto kubelet_deleting = x_server.on_deleting;
  x_server.on_deleting = [this, kubelet_deleting](const Json& pod, const std::string& how) {
    check_deleting(pod, how);
    kubelet_deleting(pod, how);
  };
  x_server.on_removed = [this](const Json& pod) {
    say("server: gone " + pod["metadata"]["name"].get<std::string>());
  };
}
SimWorld::~SimWorld() {
  crash_agent();
}

void SimWorld::say(const std::string& what) {
  if (!x_trace) return;
  const auto ms =
      std::chrono::duration_cast<milliseconds>(x_clock.now().time_since_epoch()).count() - 1'000'000;
  x_trace(std::to_string(ms) + " " + what);
}
void SimWorld::fail(const std::string& what) {
  say("VIOLATION " + what);
  if (x_outcome.violations.size() < 20) x_outcome.violations.push_back(what);
}

void SimWorld::check_created(const std::string& name) {
  const Json& pod = x_server.pods().at(name);
  const std::string key = label(pod, "outrigger-nonce") + "/" + label(pod, "spark-exec-id");
  ++x_outcome.created;
  say("server: created " + name + " " + key);
  if (x_server.created[key].size() > 1) fail("C19: executor " + key + " was posted successfully twice");
  if (label(pod, "outrigger-nonce").empty()) fail("C20: " + name + " carries no nonce");
  if (label(pod, "spark-app-selector") != application)
    fail("C22: " + name + " belongs to another application");
  if (pod["metadata"]["ownerReferences"][0].value("uid", "") != driver_uid)
    fail("C22: " + name + " has no owner");
  // Never more than the highest target ever set, apart from creates whose outcome nobody could know (C19).
  if (!x_driver || label(pod, "outrigger-nonce") != x_driver->nonce) return;
  const std::uint64_t uncertain = x_uncertain + x_net.uncertain_creates;
  std::uint64_t living = 0;
  for (const auto& [other, p] : x_server.pods())
    if (label(p, "outrigger-nonce") == x_driver->nonce && profile_of(p) == profile_of(pod) &&
        !final_phase(p) && !deleting(p))
      ++living;
  if (living > x_highest_target[profile_of(pod)] + uncertain)
    fail("S7: " + std::to_string(living) + " living pods of profile " +
         std::to_string(profile_of(pod).value) + ", never more than " +
         std::to_string(x_highest_target[profile_of(pod)]) + " wanted, " + std::to_string(uncertain) +
         " uncertain");
}

void SimWorld::check_deleting(const Json& pod, const std::string& how) {
  say("server: " + how + " of " + pod["metadata"]["name"].get<std::string>());
  if (how == "external" || x_draining || !x_driver || final_phase(pod)) return;
  if (label(pod, "outrigger-nonce") != x_driver->nonce) return;
  if (x_driver->known.contains(id_of(pod)) && !deleting(pod))
    fail("S9: executor " + std::to_string(id_of(pod).value) + " is registered and was deleted");
}

void SimWorld::start_agent() {
  x_sink = std::make_shared<SimSink>(x_crash);
  say("world: agent starts");
  try {
    x_agent = std::make_unique<Incarnation>(*this, x_left_marks);
    x_agent->agent.start();
    attach();
  } catch (const Crash&) {
    crash_agent();
  }
}

void SimWorld::attach() {
  if (!x_agent || !x_driver) return;
  x_agent->commands.attach();
  x_driver->attach(x_sink, x_agent->commands);
}

void SimWorld::crash_agent() {
  if (!x_agent && x_outcome.agent_crashes > 0) return;
  if (!x_agent) return;
  say("world: agent crashes");
  x_crash.steps_left = 0;
  if (x_driver) x_driver->lose_agent();
  x_agent.reset();
  x_left_marks = x_sink->left_marks();
  x_uncertain += x_left_marks.size();
}

void SimWorld::start_driver() {
  x_driver = std::make_unique<SimDriver>("nonce" + std::to_string(1000 + ++x_driver_number), application,
                                         x_timers, x_random);
  x_driver->slow = x_random.chance(15);
  x_driver->policy.driver_grace = seconds(10);
  x_driver->policy.idle_timeout = seconds(20);
  x_driver->policy.termination_grace_s = 5;
  x_driver->on_refused = [this](const std::string& pod) {
    x_timers.start(milliseconds(100), [this, pod] { x_kubelet.exit_one(pod); });
  };
  x_highest_target.clear();
  const std::uint32_t profiles = 1 + static_cast<std::uint32_t>(x_random.below(2));
  for (std::uint32_t p = 0; p < profiles; ++p) {
    const auto target = static_cast<std::uint32_t>(x_random.below(x_size));
    x_driver->targets[{p}] = target;
    x_highest_target[{p}] = target;
  }
  say("world: driver " + x_driver->nonce + " starts");
  try {
    attach();
  } catch (const Crash&) {
    crash_agent();
  }
}

void SimWorld::crash_driver() {
  if (!x_driver) return;
  say("world: driver dies");
  ++x_outcome.driver_crashes;
  x_driver.reset();
  try {
    if (x_agent) x_agent->commands.gone("end of file");
  } catch (const Crash&) {
    crash_agent();
  }
}

bool SimWorld::step() {
  ++x_outcome.steps;
  try {
    return x_timers.fire_next();
  } catch (const Crash&) {
    ++x_outcome.agent_crashes;
    crash_agent();
    x_timers.start(milliseconds(20 + x_random.below(4000)), [this] {
      if (!x_agent) start_agent();
    });
    return true;
  }
}

void SimWorld::run_for(core::Nanos time) {
  const core::Instant until = x_clock.now() + time;
  while (x_timers.next_due() && *x_timers.next_due() <= until) step();
  x_clock.move_to(until);
}

void SimWorld::plan_faults() {
  auto& f = x_net.faults;
  auto some = [&](std::uint32_t top) {
    return x_random.chance(40) ? static_cast<std::uint32_t>(x_random.below(top)) : 0u;
  };
  f = {some(100), some(100), some(150), some(100), some(200), some(120),
       some(60),  some(80),  some(60),  some(120), some(100), false};
  x_kubelet.faults = {some(200), some(200), some(400), false};
  x_net.watch_list = x_random.chance(50);
}

void SimWorld::disturb() {
  switch (x_random.below(14)) {
    case 12:
    case 0:
      if (x_agent) x_crash.steps_left = 1 + x_random.below(60);
      break;
    case 1:
      x_net.down = true;
      x_net.drop_watches();
      x_timers.start(milliseconds(500 + x_random.below(15'000)), [this] { x_net.down = false; });
      break;
    case 2:
      x_server.compact();
      break;
    case 3:
      x_net.drop_watches();
      x_server.compact();
      break;
    case 4:
      x_kubelet.kill_one();
      break;
    case 5:
      x_server.quota = x_random.below(x_size);
      break;
    case 6:
      x_server.quota.reset();
      break;
    case 7:
      if (x_random.chance(25)) {
        crash_driver();
        x_timers.start(milliseconds(200 + x_random.below(20'000)), [this] {
          if (!x_driver) start_driver();
        });
      }
      break;
    default: {
      if (!x_driver) break;
      const auto profile =
          core::ProfileId{static_cast<std::uint32_t>(x_random.below(x_driver->targets.size()))};
      const auto target = static_cast<std::uint32_t>(x_random.below(x_size));
      x_highest_target[profile] = std::max(x_highest_target[profile], target);
      say("world: target " + std::to_string(profile.value) + " = " + std::to_string(target));
      x_driver->set_target(profile, target);
    }
  }
}

// At rest: the targets are met, the driver sees what the server has, nothing is in flight.
std::vector<std::string> SimWorld::differences() {
  std::vector<std::string> found;
  auto note = [&](std::string text) { found.push_back(std::move(text)); };
  std::map<core::ProfileId, std::uint32_t> living;
  std::set<core::ExecutorId> on_server;
  for (const auto& [name, pod] : x_server.pods()) {
    if (label(pod, "outrigger-nonce") != x_driver->nonce) {
      note("S8: " + name + " of another driver is still there");
      continue;
    }
    on_server.insert(id_of(pod));
    if (final_phase(pod) || deleting(pod)) {
      note("S20: " + name + " ended and is still there");
      continue;
    }
    ++living[profile_of(pod)];
    const auto seen = x_driver->view.find(id_of(pod));
    if (seen == x_driver->view.end())
      note("no pod forgotten: the driver does not see " + name);
    else if (core::to_string(seen->second.pod.uid) != pod["metadata"]["uid"].get<std::string>())
      note("the driver sees another uid of " + name);
    else if (seen->second.state != core::ExecutorState::running)
      note("the driver sees " + name + " in state " + std::to_string(static_cast<int>(seen->second.state)));
  }
  for (const auto& [id, record] : x_driver->view)
    if (!core::is_final(record.state) && !on_server.contains(id))
      note("the driver sees executor " + std::to_string(id.value) + ", which is gone, in state " +
           std::to_string(static_cast<int>(record.state)));
  for (const auto id : x_driver->known)
    if (!on_server.contains(id) && x_driver->view.contains(id))
      note("S18: no final state of registered executor " + std::to_string(id.value) + " arrived");
  for (const auto& [profile, target] : x_driver->targets) {
    std::uint32_t registered = 0;
    for (const auto& [name, pod] : x_server.pods())
      if (profile_of(pod) == profile && x_driver->known.contains(id_of(pod))) ++registered;
    if (living[profile] != std::max(target, registered))
      note("profile " + std::to_string(profile.value) + " has " + std::to_string(living[profile]) +
           " pods, target " + std::to_string(target) + ", registered " + std::to_string(registered) +
           ", wait " + std::to_string(static_cast<int>(x_driver->profiles[profile].wait)));
  }
  if (!x_sink->marks.empty()) note("C19: " + std::to_string(x_sink->marks.size()) + " marks are left");
  if (!x_driver->control.synced) note("not synced");
  return found;
}

void SimWorld::settle() {
  x_net.faults.quiet = x_kubelet.faults.quiet = true;
  x_crash.steps_left = 0;
  x_net.down = false;
  x_server.quota.reset();
  x_kubelet.schedule_all();
  if (x_driver) x_driver->slow = false;
  run_for(seconds(25));  // a late POST may still land
  if (!x_agent) start_agent();
  if (!x_driver) start_driver();
  x_driver->slow = false;
  say("world: quiet");
  std::vector<std::string> found;
  for (int second = 0; second < 400; ++second) {
    run_for(seconds(1));
    x_kubelet.schedule_all();
    // Running executors register in the end; Spark then ends what is above its target itself.
    x_driver->register_all = true;
    found = differences();
    if (found.empty()) break;
  }
  for (const auto& f : found) fail("at rest: " + f);
  if (!found.empty()) return;
  const auto created = x_outcome.created;
  const auto lists = x_server.lists;
  run_for(seconds(200));
  for (const auto& f : differences()) fail("at rest, later: " + f);
  if (x_outcome.created != created) fail("at rest: it went on creating");
  if (x_server.lists > lists + 1) fail("at rest: " + std::to_string(x_server.lists - lists) + " lists");
}

void SimWorld::end_by_drain() {
  x_draining = true;
  const bool driver_first = x_random.chance(50);
  if (driver_first)
    x_driver->ask_drain();
  else
    crash_driver();
  say("world: drain");
  run_for(milliseconds(x_random.below(3000)));
  bool complete = false;
  x_agent->agent.drain(seconds(100), [&](const flow::DrainEnd& end) {
    x_done = true;
    complete = end.complete;
    say("world: drained " + end.detail);
  });
  const auto created = x_outcome.created;
  for (int second = 0; second < 110 && !x_done; ++second) run_for(seconds(1));
  if (!x_done) fail("drain: not done in its deadline");
  if (x_done && !complete) fail("drain: gave up");
  for (const auto& [name, pod] : x_server.pods()) fail("drain: left " + name);
  if (x_outcome.created != created) fail("drain: created after it began");
  const auto requests = x_server.requests;
  run_for(seconds(60));
  if (x_server.requests != requests) fail("drain: work after it was done");
}

Outcome SimWorld::run() {
  plan_faults();
  const std::uint64_t disturbances = 5 + x_random.below(35);
  x_size = x_random.chance(20) ? 60 : 15;
  start_agent();
  if (x_random.chance(80))
    start_driver();
  else
    x_timers.start(seconds(x_random.below(40)), [this] {
      if (!x_driver) start_driver();
    });
  for (std::uint64_t i = 0; i < disturbances; ++i) {
    run_for(milliseconds(x_random.below(12'000)));
    if (x_random.chance(10)) plan_faults();
    try {
      disturb();
    } catch (const Crash&) {
      crash_agent();
    }
    if (!x_agent && x_random.chance(50)) start_agent();
  }
  settle();
  if (x_outcome.violations.empty()) end_by_drain();
  x_outcome.deaths = x_kubelet.deaths;
  x_outcome.requests = x_server.requests;
  x_outcome.lists = x_server.lists;
  return x_outcome;
}

}  // namespace outrigger::sim
