// Every metric of the agent, declared once. Names that everyone knows (rest_client_*, process_*) keep their
// names, our own begin with outrigger_; units are base units in the name; label values are known beforehand.
// Any thread may add, set, observe and render.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agent/metrics/instruments.h"

namespace outrigger::metrics {

struct Identity {
  std::string version = "0.0.0";
  std::string revision = "unknown";  // of the source
  std::string compiler = "unknown";
  std::string host = "unknown";  // HOST:PORT of the API server, label `host` of rest_client_*
};

// rest_client_*: what client-go calls them, so that its dashboards work. Filled by io/curl_http.
class RestClient {
 public:
  // code 0 = no answer: the label value is then "<error>", as in client-go.
  void request(std::string_view method, unsigned code) const;
  void duration(std::string_view method, double seconds) const;
  double requests() const;  // all so far
  double failures() const;  // of them: no answer, or one of 400 and above
  Counters reconnects;      // by lane
  Counters credentials;     // credential files read anew, by result: ok, failed

 private:
  friend class Catalog;
  struct Families;
  Families* families_ = nullptr;
};

struct Watch {
  Counters restarts;        // by reason: why the stream ended and was begun again
  Counters events;          // by type: added, modified, deleted, bookmark, error
  Counter bytes;            // received on the watch and list lane
  Counters lists;           // by result: ok, or the class of the error
  Histogram list_duration;  // seconds, first page asked to last page decoded
  Gauge contact_age;        // seconds since the server last said anything; set it in a before_render hook
  Gauge event_age;          // seconds since the last event; likewise
  Gauge synced;             // 1 once the pod table is complete
  Gauge resource_version;   // newest applied
};

struct Pods {
  Gauges by_state;  // creating, pending, running, terminating, succeeded, failed, deleted, unknown ...
  Counters exits;   // by exit class
};

// Figures of a resource profile. The first 16 profiles that are seen get their number as label, the others
// add up under `other`.
class Profiles {
 public:
  struct Figures {
    std::uint32_t target = 0, creating = 0, pending = 0, running = 0, terminating = 0;
    friend bool operator==(const Figures&, const Figures&) = default;
  };
  void set(std::uint32_t profile, const Figures& figures) const;

 private:
  friend class Catalog;
  struct Families;
  Families* families_ = nullptr;
};

struct Writes {
  Counters creates;           // by result: ok, or the class of the error
  Counters deletes;           // likewise
  Histogram create_duration;  // seconds, POST sent to answered
  Gauge concurrency;          // what the adaptive limit allows now
  Gauge in_flight;            // writes under way
  Counter throttled;          // times the limit was cut (429, Retry-After, latency)
};

struct Channel {
  Counter commands;         // drained from the driver
  Counters results;         // by verdict
  Counter breaches;         // connections closed because the driver broke the contract
  Counter refusals;         // connections to the socket that were refused
  Gauge sequence;           // newest sequence published
  Counter records;          // records published
  Counter commits;          // batches
  Counter wakes;            // futex wakes that were needed
  Counter tombstones_lost;  // final states overwritten before the driver had acknowledged them
  Counter records_dropped;  // pods that found no slot: capacity is too small
  Gauge pods;               // slots in use
  Gauge capacity;           // slots there are
  Gauge attached;           // 1 while a driver is attached
  Gauge epoch;              // of the driver's connection
};

// What the driver still asks of the API server, through the agent.
struct Gateway {
  Counters requests;  // by the rule that judged them
  Counter failures;   // answered with 400 or above, refusals included
};

struct Loop {
  Histogram stall;  // seconds a turn of the loop took, if it took 1 ms or longer
  Gauge stall_max;  // the longest turn so far
  Counter log_lines_suppressed;
};

struct Process {
  Counter cpu_seconds;
  Gauge resident_bytes, virtual_bytes, open_fds, max_fds, start_time, threads;
};

class Catalog {
 public:
  explicit Catalog(const Identity& identity = {});
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  RestClient rest_client;
  Watch watch;
  Pods pods;
  Profiles profiles;
  Writes writes;
  Channel channel;
  Gateway gateway;
  Loop loop;
  Process process;

  // `refresh` runs at the start of each render(), for figures that are cheaper to read than to keep. Same
  // thread as render(); what it captures must outlive the catalog or be dropped with forget().
  std::uint64_t before_render(std::function<void()> refresh);
  void forget(std::uint64_t id);
  // The Prometheus text format, version 0.0.4.
  std::string render();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace outrigger::metrics
