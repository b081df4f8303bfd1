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

std::set<std::string> claims_of(const Json& pod) {
  std::set<std::string> names;
  if (!pod["spec"].contains("volumes")) return names;
  for (const Json& volume : pod["spec"]["volumes"])
    if (volume.contains("persistentVolumeClaim")) names.insert(volume["persistentVolumeClaim"]["claimName"]);
  return names;
}

}  // namespace

struct SimWorld::Incarnation {
  Incarnation(SimWorld& w, std::vector<ports::InFlightMark> marks)
      : http(w.net_, w.crash_),
        entropy(w.random_.next()),
        agent(options(), {http, w.timers_, w.clock_, entropy, *w.sink_, commands, log}, std::move(marks)) {
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
    : trace_(std::move(trace)),
      random_(test::ManualEntropy(seed).next()),  // neighbouring seeds must not share a stream
      server_([this] { return random_.next(); }),
      net_(server_, timers_, clock_, random_),
      kubelet_(net_) {
  if (trace_) net_.trace = [this](const std::string& line) { say(line); };
  auto kubelet_created = server_.on_created;
  server_.on_created = [this, kubelet_created](const std::string& name) {
    check_created(name);
    kubelet_created(name);
  };
  auto kubelet_deleting = server_.on_deleting;
  server_.on_deleting = [this, kubelet_deleting](const Json& pod, const std::string& how) {
    check_deleting(pod, how);
    kubelet_deleting(pod, how);
  };
  server_.on_removed = [this](const Json& pod) {
    say("server: gone " + pod["metadata"]["name"].get<std::string>());
  };
}
SimWorld::~SimWorld() {
  crash_agent();
}

void SimWorld::say(const std::string& what) {
  if (!trace_) return;
  const auto ms =
      std::chrono::duration_cast<milliseconds>(clock_.now().time_since_epoch()).count() - 1'000'000;
  trace_(std::to_string(ms) + " " + what);
}
void SimWorld::fail(const std::string& what) {
  say("VIOLATION " + what);
  if (outcome_.violations.size() < 20) outcome_.violations.push_back(what);
}

void SimWorld::check_created(const std::string& name) {
  const Json& pod = server_.pods().at(name);
  const std::string key = label(pod, "outrigger-nonce") + "/" + label(pod, "spark-exec-id");
  ++outcome_.created;
  say("server: created " + name + " " + key);
  if (server_.created[key].size() > 1) fail("C19: executor " + key + " was posted successfully twice");
  if (label(pod, "outrigger-nonce").empty()) fail("C20: " + name + " carries no nonce");
  if (label(pod, "spark-app-selector") != application)
    fail("C22: " + name + " belongs to another application");
  if (pod["metadata"]["ownerReferences"][0].value("uid", "") != driver_uid)
    fail("C22: " + name + " has no owner");
  check_claims(name, pod);
  // Never more than the highest target ever set, apart from creates whose outcome nobody could know (C19).
  if (!driver_ || label(pod, "outrigger-nonce") != driver_->nonce) return;
  const std::uint64_t uncertain = uncertain_ + net_.uncertain_creates;
  std::uint64_t living = 0;
  for (const auto& [other, p] : server_.pods())
    if (label(p, "outrigger-nonce") == driver_->nonce && profile_of(p) == profile_of(pod) &&
        !final_phase(p) && !deleting(p))
      ++living;
  if (living > highest_target_[profile_of(pod)] + uncertain)
    fail("S7: " + std::to_string(living) + " living pods of profile " +
         std::to_string(profile_of(pod).value) + ", never more than " +
         std::to_string(highest_target_[profile_of(pod)]) + " wanted, " + std::to_string(uncertain) +
         " uncertain");
}

// One pod at a time, apart from pods that land when nobody could know that they would (C19).
void SimWorld::check_claims(const std::string& name, const Json& pod) {
  for (const std::string& claim : claims_of(pod)) {
    for (const auto& [other, p] : server_.pods())
      if (other != name && claims_of(p).contains(claim) && uncertain_ + net_.uncertain_creates == 0)
        fail("S14: " + name + " mounts " + claim + ", which " + other + " has");
    outcome_.reused += !mounted_.insert(claim).second;
  }
}

void SimWorld::check_deleting(const Json& pod, const std::string& how) {
  say("server: " + how + " of " + pod["metadata"]["name"].get<std::string>());
  if (how == "external" || draining_ || !driver_ || final_phase(pod)) return;
  if (label(pod, "outrigger-nonce") != driver_->nonce) return;
  if (driver_->known.contains(id_of(pod)) && !deleting(pod))
    fail("S9: executor " + std::to_string(id_of(pod).value) + " is registered and was deleted");
}

void SimWorld::start_agent() {
  sink_ = std::make_shared<SimSink>(crash_);
  say("world: agent starts");
  try {
    agent_ = std::make_unique<Incarnation>(*this, left_marks_);
    agent_->agent.start();
    attach();
  } catch (const Crash&) {
    crash_agent();
  }
}

void SimWorld::attach() {
  if (!agent_ || !driver_) return;
  agent_->commands.attach();
  driver_->attach(sink_, agent_->commands);
}

void SimWorld::crash_agent() {
  if (!agent_ && outcome_.agent_crashes > 0) return;
  if (!agent_) return;
  say("world: agent crashes");
  crash_.steps_left = 0;
  if (driver_) driver_->lose_agent();
  agent_.reset();
  left_marks_ = sink_->left_marks();
  uncertain_ += left_marks_.size();
}

void SimWorld::start_driver() {
  driver_ = std::make_unique<SimDriver>("nonce" + std::to_string(1000 + ++driver_number_), application,
                                        timers_, random_);
  driver_->slow = random_.chance(15);
  driver_->policy.driver_grace = seconds(10);
  driver_->policy.idle_timeout = seconds(20);
  driver_->policy.termination_grace_s = 5;
  driver_->on_refused = [this](const std::string& pod) {
    timers_.start(milliseconds(100), [this, pod] { kubelet_.exit_one(pod); });
  };
  highest_target_.clear();
  const std::uint32_t profiles = 1 + static_cast<std::uint32_t>(random_.below(2));
  for (std::uint32_t p = 0; p < profiles; ++p) {
    const auto target = static_cast<std::uint32_t>(random_.below(size_));
    driver_->targets[{p}] = target;
    highest_target_[{p}] = target;
  }
  if (random_.chance(50)) {
    driver_->claims = true;
    driver_->policy.reuse_claims = random_.chance(80);
    driver_->policy.wait_for_claims = driver_->policy.reuse_claims && random_.chance(30);
    driver_->policy.maximum_claims = size_ * profiles;
    driver_->policy.creation_timeout = seconds(100);  // claims that are older may serve again
  }
  say("world: driver " + driver_->nonce + " starts");
  try {
    attach();
  } catch (const Crash&) {
    crash_agent();
  }
}

void SimWorld::crash_driver() {
  if (!driver_) return;
  say("world: driver dies");
  ++outcome_.driver_crashes;
  driver_.reset();
  try {
    if (agent_) agent_->commands.gone("end of file");
  } catch (const Crash&) {
    crash_agent();
  }
}

bool SimWorld::step() {
  ++outcome_.steps;
  try {
    return timers_.fire_next();
  } catch (const Crash&) {
    ++outcome_.agent_crashes;
    crash_agent();
    timers_.start(milliseconds(20 + random_.below(4000)), [this] {
      if (!agent_) start_agent();
    });
    return true;
  }
}

void SimWorld::run_for(core::Nanos time) {
  const core::Instant until = clock_.now() + time;
  while (timers_.next_due() && *timers_.next_due() <= until) step();
  clock_.move_to(until);
}

void SimWorld::plan_faults() {
  auto& f = net_.faults;
  auto some = [&](std::uint32_t top) {
    return random_.chance(40) ? static_cast<std::uint32_t>(random_.below(top)) : 0u;
  };
  f = {some(100), some(100), some(150), some(100), some(200), some(120),
       some(60),  some(80),  some(60),  some(120), some(100), false};
  kubelet_.faults = {some(200), some(200), some(400), false};
  net_.watch_list = random_.chance(50);
}

void SimWorld::disturb() {
  switch (random_.below(14)) {
    case 12:
    case 0:
      if (agent_) crash_.steps_left = 1 + random_.below(60);
      break;
    case 1:
      net_.down = true;
      net_.drop_watches();
      timers_.start(milliseconds(500 + random_.below(15'000)), [this] { net_.down = false; });
      break;
    case 2:
      server_.compact();
      break;
    case 3:
      net_.drop_watches();
      server_.compact();
      break;
    case 4:
      kubelet_.kill_one();
      break;
    case 5:
      server_.quota = random_.below(size_);
      break;
    case 6:
      server_.quota.reset();
      break;
    case 7:
      if (random_.chance(25)) {
        crash_driver();
        timers_.start(milliseconds(200 + random_.below(20'000)), [this] {
          if (!driver_) start_driver();
        });
      }
      break;
    default: {
      if (!driver_) break;
      const auto profile =
          core::ProfileId{static_cast<std::uint32_t>(random_.below(driver_->targets.size()))};
      const auto target = static_cast<std::uint32_t>(random_.below(size_));
      highest_target_[profile] = std::max(highest_target_[profile], target);
      say("world: target " + std::to_string(profile.value) + " = " + std::to_string(target));
      driver_->set_target(profile, target);
    }
  }
}

// At rest: the targets are met, the driver sees what the server has, nothing is in flight.
std::vector<std::string> SimWorld::differences() {
  std::vector<std::string> found;
  auto note = [&](std::string text) { found.push_back(std::move(text)); };
  std::map<core::ProfileId, std::uint32_t> living;
  std::set<core::ExecutorId> on_server;
  for (const auto& [name, pod] : server_.pods()) {
    if (label(pod, "outrigger-nonce") != driver_->nonce) {
      note("S8: " + name + " of another driver is still there");
      continue;
    }
    on_server.insert(id_of(pod));
    if (final_phase(pod) || deleting(pod)) {
      note("S20: " + name + " ended and is still there");
      continue;
    }
    for (const std::string& claim : claims_of(pod))
      if (!server_.claims().contains(claim))
        note("S6: " + name + " waits for claim " + claim + ", which is not there");
    ++living[profile_of(pod)];
    const auto seen = driver_->view.find(id_of(pod));
    if (seen == driver_->view.end())
      note("no pod forgotten: the driver does not see " + name);
    else if (core::to_string(seen->second.pod.uid) != pod["metadata"]["uid"].get<std::string>())
      note("the driver sees another uid of " + name);
    else if (seen->second.state != core::ExecutorState::running)
      note("the driver sees " + name + " in state " + std::to_string(static_cast<int>(seen->second.state)));
  }
  for (const auto& [id, record] : driver_->view)
    if (!core::is_final(record.state) && !on_server.contains(id))
      note("the driver sees executor " + std::to_string(id.value) + ", which is gone, in state " +
           std::to_string(static_cast<int>(record.state)));
  for (const auto id : driver_->known)
    if (!on_server.contains(id) && driver_->view.contains(id))
      note("S18: no final state of registered executor " + std::to_string(id.value) + " arrived");
  for (const auto& [profile, target] : driver_->targets) {
    std::uint32_t registered = 0;
    for (const auto& [name, pod] : server_.pods())
      if (profile_of(pod) == profile && driver_->known.contains(id_of(pod))) ++registered;
    if (living[profile] != std::max(target, registered))
      note("profile " + std::to_string(profile.value) + " has " + std::to_string(living[profile]) +
           " pods, target " + std::to_string(target) + ", registered " + std::to_string(registered) +
           ", wait " + std::to_string(static_cast<int>(driver_->profiles[profile].wait)));
  }
  if (!sink_->marks.empty()) note("C19: " + std::to_string(sink_->marks.size()) + " marks are left");
  if (!driver_->control.synced) note("not synced");
  return found;
}

void SimWorld::settle() {
  net_.faults.quiet = kubelet_.faults.quiet = true;
  crash_.steps_left = 0;
  net_.down = false;
  server_.quota.reset();
  kubelet_.schedule_all();
  if (driver_) driver_->slow = false;
  run_for(seconds(25));  // a late POST may still land
  if (!agent_) start_agent();
  if (!driver_) start_driver();
  driver_->slow = false;
  say("world: quiet");
  std::vector<std::string> found;
  for (int second = 0; second < 400; ++second) {
    run_for(seconds(1));
    kubelet_.schedule_all();
    // Running executors register in the end; Spark then ends what is above its target itself.
    driver_->register_all = true;
    found = differences();
    if (found.empty()) break;
  }
  for (const auto& f : found) fail("at rest: " + f);
  if (!found.empty()) return;
  const auto created = outcome_.created;
  const auto lists = server_.lists;
  run_for(seconds(200));
  for (const auto& f : differences()) fail("at rest, later: " + f);
  if (outcome_.created != created) fail("at rest: it went on creating");
  if (server_.lists > lists + 1) fail("at rest: " + std::to_string(server_.lists - lists) + " lists");
}

void SimWorld::end_by_drain() {
  draining_ = true;
  const bool driver_first = random_.chance(50);
  if (driver_first)
    driver_->ask_drain();
  else
    crash_driver();
  say("world: drain");
  run_for(milliseconds(random_.below(3000)));
  bool complete = false;
  agent_->agent.drain(seconds(100), [&](const flow::DrainEnd& end) {
    done_ = true;
    complete = end.complete;
    say("world: drained " + end.detail);
  });
  const auto created = outcome_.created;
  for (int second = 0; second < 110 && !done_; ++second) run_for(seconds(1));
  if (!done_) fail("drain: not done in its deadline");
  if (done_ && !complete) fail("drain: gave up");
  for (const auto& [name, pod] : server_.pods()) fail("drain: left " + name);
  if (outcome_.created != created) fail("drain: created after it began");
  const auto requests = server_.requests;
  run_for(seconds(60));
  if (server_.requests != requests) fail("drain: work after it was done");
}

Outcome SimWorld::run() {
  plan_faults();
  const std::uint64_t disturbances = 5 + random_.below(35);
  size_ = random_.chance(20) ? 60 : 15;
  start_agent();
  if (random_.chance(80))
    start_driver();
  else
    timers_.start(seconds(random_.below(40)), [this] {
      if (!driver_) start_driver();
    });
  for (std::uint64_t i = 0; i < disturbances; ++i) {
    run_for(milliseconds(random_.below(12'000)));
    if (random_.chance(10)) plan_faults();
    try {
      disturb();
    } catch (const Crash&) {
      crash_agent();
    }
    if (!agent_ && random_.chance(50)) start_agent();
  }
  settle();
  if (outcome_.violations.empty()) end_by_drain();
  outcome_.deaths = kubelet_.deaths;
  outcome_.requests = server_.requests;
  outcome_.lists = server_.lists;
  return outcome_;
}

}  // namespace outrigger::sim
