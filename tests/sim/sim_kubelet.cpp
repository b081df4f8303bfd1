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

// The scheduler does not place a pod before.
bool claims_exist(const SimServer& server, const std::string& name) {
  const Json& spec = server.pods().at(name)["spec"];
  if (!spec.contains("volumes")) return true;
  for (const Json& volume : spec["volumes"])
    if (volume.contains("persistentVolumeClaim") &&
        !server.claims().contains(volume["persistentVolumeClaim"]["claimName"]))
      return false;
  return true;
}

}  // namespace

SimKubelet::SimKubelet(SimNetwork& net) : net_(net) {
  net.server.on_created = [this](const std::string& name) {
    const std::string uid = net_.server.pods().at(name)["metadata"]["uid"];
    if (!faults.quiet && hit(faults.never_scheduled)) {
      unscheduled_.insert(name);
      net_.timers.start(milliseconds(20), [this, name, uid] {
        if (!same(name, uid)) return;
        net_.server.edit(name, [&](Json& pod) {
          condition(pod, "PodScheduled", "False", "Unschedulable", time_text(net_.clock.wall_ms()));
        });
        net_.notify();
      });
      return;
    }
    const std::uint64_t spread = !faults.quiet && hit(faults.slow_start) ? 40'000 : 800;
    net_.timers.start(milliseconds(net_.random.below(spread)), [this, name, uid] { bind(name, uid); });
  };
  net.server.on_deleting = [this](const Json& pod, const std::string&) {
    const std::string name = pod["metadata"]["name"], uid = pod["metadata"]["uid"];
    net_.timers.start(milliseconds(100 + net_.random.below(4000)), [this, name, uid] { stop(name, uid); });
  };
}

bool SimKubelet::same(const std::string& name, const std::string& uid) const {
  const auto it = net_.server.pods().find(name);
  return it != net_.server.pods().end() && it->second["metadata"]["uid"].get<std::string>() == uid;
}

void SimKubelet::bind(const std::string& name, const std::string& uid) {
  if (!same(name, uid)) return;
  if (!claims_exist(net_.server, name)) {
    net_.timers.start(milliseconds(1000), [this, name, uid] { bind(name, uid); });
    return;
  }
  const std::string at = time_text(net_.clock.wall_ms());
  net_.server.edit(name, [&](Json& pod) {
    pod["spec"]["nodeName"] = "node-" + std::to_string(net_.random.below(3));
    condition(pod, "PodScheduled", "True", "", at);
    pod["status"]["startTime"] = at;
    container(pod, {{"waiting", {{"reason", "ContainerCreating"}}}});
  });
  net_.notify();
  net_.timers.start(milliseconds(50 + net_.random.below(1500)), [this, name, uid] { run(name, uid); });
}

void SimKubelet::run(const std::string& name, const std::string& uid) {
  if (!same(name, uid)) return;
  if (net_.server.pods().at(name)["metadata"].contains("deletionTimestamp")) return;
  const std::string at = time_text(net_.clock.wall_ms());
  net_.server.edit(name, [&](Json& pod) {
    pod["status"]["phase"] = "Running";
    pod["status"]["podIP"] = "10.0.0." + std::to_string(1 + net_.random.below(200));
    container(pod, {{"running", {{"startedAt", at}}}});
  });
  net_.notify();
  if (!faults.quiet && hit(faults.dies))
    net_.timers.start(milliseconds(net_.random.below(100'000)), [this, name, uid] { die(name, uid); });
}

void SimKubelet::die(const std::string& name, const std::string& uid) {
  if (faults.quiet || !same(name, uid) || ended(net_.server.pods().at(name))) return;
  if (net_.server.pods().at(name)["metadata"].contains("deletionTimestamp")) return;
  ++deaths;
  const std::string at = time_text(net_.clock.wall_ms());
  switch (net_.random.below(6)) {
    case 0:  // gone without a word: node lost, force deleted
      net_.server.remove(name);
      break;
    case 1:  // somebody deletes it
      net_.server.force_delete(name, 10, net_.clock.wall_ms());
      break;
    case 2:
      net_.server.edit(name, [&](Json& pod) {
        pod["status"]["phase"] = "Failed";
        pod["status"]["reason"] = "Evicted";
        pod["status"]["message"] = "The node was low on resource: memory.";
        condition(pod, "DisruptionTarget", "True", "TerminationByKubelet", at);
      });
      break;
    default: {
      const int code = net_.random.chance(20) ? 0 : (net_.random.chance(50) ? 137 : 1);
      const std::string reason = code == 0 ? "Completed" : (code == 137 ? "OOMKilled" : "Error");
      net_.server.edit(name, [&](Json& pod) {
        pod["status"]["phase"] = code == 0 ? "Succeeded" : "Failed";
        container(pod, {{"terminated",
                         {{"exitCode", code}, {"reason", reason}, {"startedAt", at}, {"finishedAt", at}}}});
      });
    }
  }
  net_.notify();
}

void SimKubelet::stop(const std::string& name, const std::string& uid) {
  if (!same(name, uid)) return;
  if (!ended(net_.server.pods().at(name)) && net_.random.chance(60)) {
    const std::string at = time_text(net_.clock.wall_ms());
    net_.server.edit(name, [&](Json& pod) {
      pod["status"]["phase"] = "Failed";
      container(pod, {{"terminated",
                       {{"exitCode", 143}, {"reason", "Error"}, {"startedAt", at}, {"finishedAt", at}}}});
    });
    net_.notify();
    net_.timers.start(milliseconds(net_.random.below(500)), [this, name, uid] {
      if (same(name, uid)) net_.server.remove(name);
      net_.notify();
    });
    return;
  }
  net_.server.remove(name);
  net_.notify();
}

void SimKubelet::kill_one() {
  std::vector<std::string> running;
  for (const auto& [name, pod] : net_.server.pods())
    if (pod["status"]["phase"] == "Running") running.push_back(name);
  if (running.empty()) return;
  const auto& name = running[net_.random.below(running.size())];
  die(name, net_.server.pods().at(name)["metadata"]["uid"]);
}

void SimKubelet::exit_one(const std::string& name) {
  const auto it = net_.server.pods().find(name);
  if (it == net_.server.pods().end() || it->second["status"]["phase"] != "Running") return;
  const std::string at = time_text(net_.clock.wall_ms());
  net_.server.edit(name, [&](Json& pod) {
    pod["status"]["phase"] = "Failed";
    container(
        pod, {{"terminated", {{"exitCode", 1}, {"reason", "Error"}, {"startedAt", at}, {"finishedAt", at}}}});
  });
  net_.notify();
}

void SimKubelet::schedule_all() {
  for (const auto& name : unscheduled_) {
    const auto it = net_.server.pods().find(name);
    if (it != net_.server.pods().end()) bind(name, it->second["metadata"]["uid"]);
  }
  unscheduled_.clear();
}

}  // namespace outrigger::sim
