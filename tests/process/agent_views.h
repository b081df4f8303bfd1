// The same executors as four parties see them: the server, its record, the agent's published table, the driver.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/processes_stage.h"

namespace outrigger::test {

struct Seen {
  std::uint64_t executor_id = 0;
  std::string state;  // creating, pending, running, terminating, or how it ended
  bool operator==(const Seen&) const = default;
};
// Executors whose pod exists, by uid; one whose pod is not known yet by "-ID".
struct SeenBy {
  std::map<std::string, Seen> executors;
  std::string nonce;     // of whose executors these are; server: "" unless all have the same
  std::string unusable;  // why this view can't be compared now
};

SeenBy seen_by_server(const ApiServer& server);
SeenBy seen_in_table(const std::string& run_dir);
// Asks `driver` (process_agent_driver) and waits for its answer.
SeenBy seen_by_driver(Process& driver);
// One line for a person: what the first has and the second has not, or otherwise.
std::string difference(const SeenBy& a, const SeenBy& b);
std::size_t count(const SeenBy& view, const std::string& state);

// Successful creates, by the server's own record.
struct Post {
  std::string name, executor_id, nonce, uid;
};
std::vector<Post> successful_posts(const ApiServer& server);
// Ids that were posted successfully more than once by one driver incarnation (C19); one a line.
std::string posted_twice(const ApiServer& server);

}  // namespace outrigger::test
