#include "tests/process/agent_views.h"

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "agent/core/executor_record.h"
#include "agent/core/names.h"
#include "agent/core/pod.h"
#include "ipc/snapshot_reader.h"
#include "ipc/state_file.h"

namespace outrigger::test {
namespace {

using nlohmann::json;

std::string label(const json& pod, const char* name) {
  const auto labels = pod.at("metadata").value("labels", json::object());
  return labels.value(name, std::string());
}

std::string state_of(const json& pod) {
  const std::string phase = pod.value("status", json::object()).value("phase", "Pending");
  if (phase == "Succeeded") return "succeeded";
  if (phase == "Failed") return "failed";
  if (pod.at("metadata").contains("deletionTimestamp")) return "terminating";
  return phase == "Running" ? "running" : phase == "Pending" ? "pending" : "unknown";
}

}  // namespace

SeenBy seen_by_server(const ApiServer& server) {
  SeenBy seen;
  std::set<std::string> nonces;
  const json list = json::parse(server.get(std::string("/api/v1/namespaces/") + name_space + "/pods"));
  for (const auto& pod : list.at("items")) {
    nonces.insert(label(pod, "outrigger-nonce"));
    seen.executors[pod.at("metadata").at("uid").get<std::string>()] = {
        std::strtoull(label(pod, "spark-exec-id").c_str(), nullptr, 10), state_of(pod)};
  }
  if (nonces.size() == 1) seen.nonce = *nonces.begin();
  if (nonces.size() > 1) seen.unusable = "pods of " + std::to_string(nonces.size()) + " incarnations";
  return seen;
}

SeenBy seen_in_table(const std::string& run_dir) {
  SeenBy seen;
  const auto attached = ipc::attach_state({run_dir + "/state", false, false});
  if (!attached) {
    seen.unusable = attached.failure().text;
    return seen;
  }
  ipc::SnapshotReader reader(attached.value().view);
  std::vector<ipc::Record> table;
  if (!reader.read_table(table).consistent) seen.unusable = "lapped while reading";
  for (const auto& record : table) {
    if (record.kind() != ipc::RecordKind::pod) continue;
    const ipc::PodRecord pod = ipc::unpack_pod(record);
    if ((pod.flags & ipc::flag::gone) != 0) continue;
    const core::PodUid uid{pod.uid};
    const auto key = uid.empty() ? "-" + std::to_string(pod.executor_id) : core::to_string(uid);
    seen.executors[key] = {pod.executor_id,
                           std::string(core::to_string(static_cast<core::ExecutorState>(pod.state)))};
  }
  return seen;
}

SeenBy seen_by_driver(Process& driver) {
  static std::uint64_t tag = 0;
  const std::string asked = "view " + std::to_string(++tag) + " ";
  driver.write_line(asked);
  std::istringstream words(driver.out_line(asked));
  SeenBy seen;
  std::string word, uid;
  words >> word >> word >> seen.nonce >> word;
  if (word != "fresh") {
    std::getline(words, seen.unusable);
    return seen;
  }
  for (Seen one; words >> one.executor_id >> one.state >> uid;)
    seen.executors[uid == "-" ? "-" + std::to_string(one.executor_id) : uid] = one;
  return seen;
}

std::string difference(const SeenBy& a, const SeenBy& b) {
  if (!a.unusable.empty()) return a.unusable;
  if (!b.unusable.empty()) return b.unusable;
  std::string text;
  const auto add = [&](const std::string& uid, const Seen& one, const std::string& other) {
    if (text.size() < 300)
      text +=
          " " + std::to_string(one.executor_id) + " (" + uid.substr(0, 8) + ") " + one.state + "/" + other;
  };
  for (const auto& [uid, one] : a.executors) {
    const auto found = b.executors.find(uid);
    if (found == b.executors.end())
      add(uid, one, "absent");
    else if (found->second != one)
      add(uid, one, std::to_string(found->second.executor_id) + " " + found->second.state);
  }
  for (const auto& [uid, one] : b.executors)
    if (!a.executors.contains(uid)) add(uid, {one.executor_id, "absent"}, one.state);
  return text;
}

std::size_t count(const SeenBy& view, const std::string& state) {
  std::size_t n = 0;
  for (const auto& [uid, one] : view.executors) n += one.state == state;
  return n;
}

std::vector<Post> successful_posts(const ApiServer& server) {
  std::vector<Post> posts;
  const json record = json::parse(server.record());
  for (const auto& post : record.at("posts").at("all"))
    posts.push_back({post.at("name"), post.at("exec_id"), post.at("nonce"), post.at("uid")});
  return posts;
}

std::string posted_twice(const ApiServer& server) {
  std::map<std::pair<std::string, std::string>, int> times;
  std::string text;
  for (const auto& post : successful_posts(server))
    if (++times[{post.nonce, post.executor_id}] == 2)
      text += "executor " + post.executor_id + " of " + post.nonce + "\n";
  return text;
}

}  // namespace outrigger::test
