// A small API server as a value: a store of pods with resource versions, an event log, and answers as bytes.
// It knows no time and no network; SimNetwork adds both, and the faults.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/kube/http_message.h"

namespace outrigger::sim {

using Json = nlohmann::json;

struct Answer {
  std::uint16_t code = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct Query {
  std::string path;
  std::map<std::string, std::string> values;
  std::string get(const std::string& key) const {
    const auto it = values.find(key);
    return it == values.end() ? std::string() : it->second;
  }
};
Query parse_target(std::string_view target);
bool selector_matches(const std::string& selector, const Json& object);
Answer status_answer(std::uint16_t code, const std::string& reason, const std::string& message);

struct StoreEvent {
  std::uint64_t version = 0;
  std::string type;
  Json object;
};

class SimServer {
 public:
  explicit SimServer(std::function<std::uint64_t()> random) : random_(std::move(random)) {}

  // Everything but watches. `wall_ms` stamps creation and deletion times.
  Answer handle(const kube::Request& request, std::int64_t wall_ms);

  // The kubelet's and other people's hands.
  bool edit(const std::string& name, const std::function<void(Json&)>& change);
  bool remove(const std::string& name);  // gone at once: DELETED
  bool force_delete(const std::string& name, std::int64_t grace_s, std::int64_t wall_ms);

  const std::map<std::string, Json>& pods() const { return pods_; }
  const std::map<std::string, Json>& claims() const { return claims_; }
  const std::vector<StoreEvent>& log() const { return log_; }
  std::uint64_t version() const { return version_; }
  std::uint64_t compacted() const { return compacted_; }
  // Forgets history and paged lists.
  void compact();

  std::optional<std::size_t> quota;  // pods
  // nonce/executor id -> uids of the pods created for it: the server's own record of what was posted
  // successfully.
  std::map<std::string, std::vector<std::string>> created;
  std::function<void(const std::string& name)> on_created;
  std::function<void(const Json& pod, const std::string& how)> on_deleting;  // a client's delete took effect
  std::function<void(const Json& pod)> on_removed;
  std::uint64_t requests = 0, lists = 0;

 private:
  Answer list(const Query& query, const std::map<std::string, Json>& objects, const std::string& kind);
  Answer handle_claim(const kube::Request& request, const Query& query, std::int64_t wall_ms);
  std::string new_uid();
  Answer create(const kube::Request& request, std::int64_t wall_ms);
  Answer remove_one(const std::string& name, const kube::Request& request, std::int64_t wall_ms);
  Answer remove_collection(const Query& query, const kube::Request& request, std::int64_t wall_ms);
  Answer patch(const std::string& name, const kube::Request& request);
  void record(const std::string& type, Json object);
  void start_delete(const std::string& name, std::int64_t grace_s, std::int64_t wall_ms,
                    const std::string& how);

  struct Page {
    std::uint64_t version;
    std::vector<Json> rest;
  };
  std::function<std::uint64_t()> random_;
  std::map<std::string, Json> pods_, claims_;
  std::vector<StoreEvent> log_;
  std::map<std::string, Page> pages_;
  std::uint64_t version_ = 100, compacted_ = 0, last_page_ = 0;
};

std::string time_text(std::int64_t wall_ms);

}  // namespace outrigger::sim
