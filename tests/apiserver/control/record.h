// The server's own account of what clients did, for tests that check a client's claims.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/apiserver/base/json.h"

namespace outrigger::apiserver {

class Record {
 public:
  explicit Record(std::int64_t started_ms) : started_ms_(started_ms) {}

  // `agent`: the User-Agent; code 0 = not answered.
  void request(const std::string& verb, const std::string& user, const std::string& agent, int code);
  void create_begins();
  void create_ends();
  // `nonce`: of the driver incarnation that the pod is stamped with.
  void created(const std::string& name_space, const std::string& name, const std::string& exec_id,
               const std::string& nonce, const std::string& uid, std::int64_t at_ms);
  void deleted(const std::string& name_space, const std::string& name, const std::string& uid,
               std::int64_t at_ms);
  Json to_json() const;

 private:
  struct Post {
    std::string name;
    std::string exec_id;
    std::string nonce;
    std::string uid;
    std::int64_t at_ms = 0;
  };
  std::int64_t started_ms_;
  std::map<std::string, std::map<std::string, std::uint64_t>> requests_;  // verb -> code
  std::map<std::string, std::map<std::string, std::map<std::string, std::uint64_t>>>
      requests_by_agent_;                                                         // agent -> verb -> code
  std::map<std::string, std::map<std::string, std::uint64_t>> requests_by_user_;  // account -> agent
  std::vector<Post> posts_;
  std::map<std::string, std::uint64_t> by_name_;     // namespace/name
  std::map<std::string, std::uint64_t> by_exec_id_;  // label spark-exec-id
  std::vector<Post> deletes_;
  std::uint64_t creates_now_ = 0;
  std::uint64_t creates_peak_ = 0;
};

}  // namespace outrigger::apiserver
