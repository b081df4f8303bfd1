#include "tests/apiserver/control/record.h"

#include <algorithm>

namespace outrigger::apiserver {

void Record::request(const std::string& verb, const std::string& user, const std::string& agent, int code) {
  const std::string answer = code == 0 ? "none" : std::to_string(code);
  ++requests_[verb][answer];
  const std::string program = agent.substr(0, agent.find('/'));
  ++requests_by_agent_[program][verb][answer];
  ++requests_by_user_[user][program];
}

void Record::create_begins() {
  creates_peak_ = std::max(creates_peak_, ++creates_now_);
}
void Record::create_ends() {
  --creates_now_;
}

void Record::created(const std::string& name_space, const std::string& name, const std::string& exec_id,
                     const std::string& nonce, const std::string& uid, std::int64_t at_ms) {
  posts_.push_back({name_space + "/" + name, exec_id, nonce, uid, at_ms});
  ++by_name_[posts_.back().name];
  if (!exec_id.empty()) ++by_exec_id_[exec_id];
}

void Record::deleted(const std::string& name_space, const std::string& name, const std::string& uid,
                     std::int64_t at_ms) {
  deletes_.push_back({name_space + "/" + name, "", "", uid, at_ms});
}

Json Record::to_json() const {
  Json json;
  json["started_ms"] = started_ms_;
  const auto total = [&](const char* verb) {
    std::uint64_t sum = 0;
    if (const auto found = requests_.find(verb); found != requests_.end()) {
      for (const auto& [code, count] : found->second) sum += count;
    }
    return sum;
  };
  json["lists"] = total("list");
  json["watches"] = total("watch");
  json["requests"] = requests_;
  json["requests_by_agent"] = requests_by_agent_;
  json["requests_by_user"] = requests_by_user_;
  Json& posts = json["posts"] = Json::object();
  posts["count"] = posts_.size();
  posts["first_ms"] = posts_.empty() ? Json(nullptr) : Json(posts_.front().at_ms);
  posts["last_ms"] = posts_.empty() ? Json(nullptr) : Json(posts_.back().at_ms);
  posts["peak_concurrent"] = creates_peak_;
  posts["by_name"] = by_name_;
  posts["by_exec_id"] = by_exec_id_;
  Json& all = posts["all"] = Json::array();
  for (const auto& post : posts_)
    all.push_back(Json{{"name", post.name},
                       {"exec_id", post.exec_id},
                       {"nonce", post.nonce},
                       {"uid", post.uid},
                       {"at_ms", post.at_ms}});
  Json& deletes = json["deletes"] = Json::array();
  for (const auto& post : deletes_)
    deletes.push_back(Json{{"name", post.name}, {"uid", post.uid}, {"at_ms", post.at_ms}});
  return json;
}

}  // namespace outrigger::apiserver
