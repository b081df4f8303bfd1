#include "tests/sim/sim_kubelet.h"

#include <vector>

namespace outrigger::sim {
namespace {

using std::chrono::milliseconds;

void condition(Json& pod, const std::string& type, const std::string& status, const std::string& reason,
               const std::string& at) {
  auto& list = pod["status"]["conditions"];
  if (!list.is_array()) list = Json::array();
  Json made{{"type", type}, {"status", status}, {"lastTransitionTime", at}};
  if (!reason.empty()) made["reason"] = reason;
  for (auto& c : list)
    if (c["type"] == type) {
      c = made;
      return;
    }
  list.push_back(made);
}

void container(Json& pod, Json state) {
  const bool running = state.contains("running");
  pod["status"]["containerStatuses"] = Json::array({{{"name", pod["spec"]["containers"][0]["name"]},
                                                     {"ready", running},
                                                     {"restartCount", 0},
                                                     {"image", "x"},
                                                     {"imageID", ""},
                                                     {"state", std::move(state)}}});
}

bool ended(const Json& pod) {
  const std::string phase = pod["status"]["phase"];
  return phase == "Failed" || phase == "Succeeded";
}

}  // namespace

SimKubelet::SimKubelet(SimNetwork& net) : x_net(net) {
  net.server.on_created = [this](const std::string& name) {
    const std::string uid = x_net.server.pods().at(name)["metadata"]["uid"];
    if (!faults.quiet && hit(faults.never_scheduled)) {
      x_unscheduled.insert(name);
      x_net.timers.start(milliseconds(20), [this, name, uid] {
        if (!same(name, uid)) return;
        x_net.server.edit(name, [&](Json& pod) {
          condition(pod, "PodScheduled", "False", "Unschedulable", time_text(x_net.clock.wall_ms()));
        });
        x_net.notify();
      });
      return;
    }
    const std::uint64_t spread = !faults.quiet && hit(faults.slow_start) ? 40'000 : 800;
    x_net.timers.start(milliseconds(x_net.random.below(spread)), [this, name, uid] { bind(name, uid); });
  };
  net.server.on_deleting = [this](const Json& pod, const std::string&) {
    const std::string name = pod["metadata"]["name"], uid = pod["metadata"]["uid"];
    x_net.timers.start(milliseconds(100 + x_net.random.below(4000)), [this, name, uid] { stop(name, uid); });
  };
}

bool SimKubelet::same(const std::string& name, const std::string& uid) const {
  const auto it = x_net.server.pods().find(name);
  return it != x_net.server.pods().end() && it->second["metadata"]["uid"].get<std::string>() == uid;
}

void SimKubelet::bind(const std::string& name, const std::string& uid) {
  if (!same(name, uid)) return;
  const std::string at = time_text(x_net.clock.wall_ms());
  x_net.server.edit(name, [&](Json& pod) {
    pod["spec"]["nodeName"] = "node-" + std::to_string(x_net.random.below(3));
    condition(pod, "PodScheduled", "True", "", at);
    pod["status"]["startTime"] = at;
    container(pod, {{"waiting", {{"reason", "ContainerCreating"}}}});
  });
  x_net.notify();
  x_net.timers.start(milliseconds(50 + x_net.random.below(1500)), [this, name, uid] { run(name, uid); });
}

void SimKubelet::run(const std::string& name, const std::string& uid) {
  if (!same(name, uid)) return;
  if (x_net.server.pods().at(name)["metadata"].contains("deletionTimestamp")) return;
  const std::string at = time_text(x_net.clock.wall_ms());
  x_net.server.edit(name, [&](Json& pod) {
    pod["status"]["phase"] = "Running";
    pod["status"]["podIP"] = "10.0.0." + std::to_string(1 + x_net.random.below(200));
    container(pod, {{"running", {{"startedAt", at}}}});
  });
  x_net.notify();
  if (!faults.quiet && hit(faults.dies))
    x_net.timers.start(milliseconds(x_net.random.below(100'000)), [this, name, uid] { die(name, uid); });
}

void SimKubelet::die(const std::string& name, const std::string& uid) {
  if (faults.quiet || !same(name, uid) || ended(x_net.server.pods().at(name))) return;
  if (x_net.server.pods().at(name)["metadata"].contains("deletionTimestamp")) return;
  ++deaths;
  const std::string at = time_text(x_net.clock.wall_ms());
  switch (x_net.random.below(6)) {
    case 0:  // gone without a word: node lost, force deleted
      x_net.server.remove(name);
      break;
    case 1:  // somebody deletes it
      x_net.server.force_delete(name, 10, x_net.clock.wall_ms());
      break;
    case 2:
      x_net.server.edit(name, [&](Json& pod) {
        pod["status"]["phase"] = "Failed";
        pod["status"]["reason"] = "Evicted";
        pod["status"]["message"] = "The node was low on resource: memory.";
        condition(pod, "DisruptionTarget", "True", "TerminationByKubelet", at);
      });
      break;
    default: {
      const int code = x_net.random.chance(20) ? 0 : (x_net.random.chance(50) ? 137 : 1);
      const std::string reason = code == 0 ? "Completed" : (code == 137 ? "OOMKilled" : "Error");
      x_net.server.edit(name, [&](Json& pod) {
        pod["status"]["phase"] = code == 0 ? "Succeeded" : "Failed";
        container(pod, {{"terminated",
                         {{"exitCode", code}, {"reason", reason}, {"startedAt", at}, {"finishedAt", at}}}});
      });
    }
  }
  x_net.notify();
}

void SimKubelet::stop(const std::string& name, const std::string& uid) {
  if (!same(name, uid)) return;
  if (!ended(x_net.server.pods().at(name)) && x_net.random.chance(60)) {
    const std::string at = time_text(x_net.clock.wall_ms());
    x_net.server.edit(name, [&](Json& pod) {
      pod["status"]["phase"] = "Failed";
      container(pod, {{"terminated",
                       {{"exitCode", 143}, {"reason", "Error"}, {"startedAt", at}, {"finishedAt", at}}}});
    });
    x_net.notify();
    x_net.timers.start(milliseconds(x_net.random.below(500)), [this, name, uid] {
      if (same(name, uid)) x_net.server.remove(name);
      x_net.notify();
    });
    return;
  }
  x_net.server.remove(name);
  x_net.notify();
}

void SimKubelet::kill_one() {
  std::vector<std::string> running;
  for (const auto& [name, pod] : x_net.server.pods())
    if (pod["status"]["phase"] == "Running") running.push_back(name);
  if (running.empty()) return;
  const auto& name = running[x_net.random.below(running.size())];
  die(name, x_net.server.pods().at(name)["metadata"]["uid"]);
}

void SimKubelet::exit_one(const std::string& name) {
  const auto it = x_net.server.pods().find(name);
  if (it == x_net.server.pods().end() || it->second["status"]["phase"] != "Running") return;
  const std::string at = time_text(x_net.clock.wall_ms());
  x_net.server.edit(name, [&](Json& pod) {
    pod["status"]["phase"] = "Failed";
    container(
        pod, {{"terminated", {{"exitCode", 1}, {"reason", "Error"}, {"startedAt", at}, {"finishedAt", at}}}});
  });
  x_net.notify();
}

void SimKubelet::schedule_all() {
  for (const auto& name : x_unscheduled) {
    const auto it = x_net.server.pods().find(name);
    if (it != x_net.server.pods().end()) bind(name, it->second["metadata"]["uid"]);
  }
  x_unscheduled.clear();
}

}  // namespace outrigger::sim
