// The fault script as values, and its YAML. The README of this folder's parent lists every key.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apiserver/base/text.h"

namespace outrigger::apiserver {

enum class FaultKind : std::uint8_t {
  latency,       // wait before the request is handled
  error,         // a Status of `code`
  throttle,      // 429 with Retry-After, as API priority and fairness (text) or a Status (json)
  quota,         // 403 exceeded quota
  webhook_deny,  // an admission webhook says no
  webhook_down,  // an admission webhook cannot be reached
  drop,          // the connection closes, nothing was done
  black_hole,    // bytes are taken, nothing is answered; verb connect: from the first byte on
  lose_reply,    // the request is done, the connection closes before the answer
  late,  // the create is stored only after a delay; the connection closes at once (reply: wait answers then)
  cut,   // the stream of a watch ends without the final chunk
  truncate,  // the same in the middle of a frame
  expire,    // in-band 410 in a watch
  // Moments rather than answers to a request; they happen once, at `after`.
  mute,     // open watches say nothing until `until`
  compact,  // all history is forgotten
  drop_watches,
  black_hole_all,  // all connections that are open fall silent
  restart,         // all connections drop, new ones are refused for `down`
};

struct Fault {
  FaultKind kind = FaultKind::error;
  int line = 0;
  std::vector<std::string> verbs;      // empty = all; "connect" is the moment of accepting
  std::vector<std::string> resources;  // empty = all
  std::string name_contains;           // only objects whose name contains this
  DurationRange time;                  // latency, late
  int code = 500;
  std::string reason;
  std::string message;
  int retry_after_s = 1;
  bool json = false;  // throttle
  bool wait = false;  // late: answer when it is stored
  std::string webhook = "pods.example.com";
  std::string quota = "executors";
  std::int64_t limit = 0;             // quota: pods allowed
  std::size_t after_events = 0;       // cut, truncate, expire
  Millis down{1000};                  // restart
  std::int64_t skip = 0;              // matching requests let through first
  std::optional<std::int64_t> count;  // how often at most
  double probability = 1.0;
  Millis after{0};  // since the script was loaded
  std::optional<Millis> until;
};

struct FaultScript {
  std::uint64_t seed = 1;
  std::vector<Fault> faults;
};

// Throws YamlProblem with "FILE:LINE: ...".
FaultScript parse_faults(const std::string& yaml, const std::string& file);
std::string_view to_string(FaultKind kind);
bool is_moment(FaultKind kind);

}  // namespace outrigger::apiserver
