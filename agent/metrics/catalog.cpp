#include "agent/metrics/catalog.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <mutex>
#include <span>
#include <sstream>

#include "agent/metrics/labels.h"

namespace outrigger::metrics {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;
const Buckets request_buckets{.005, .025, .1, .25, .5, 1, 2, 4, 8, 15, 30, 60};  // client-go's
const Buckets stall_buckets{.001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2, 5};
const Buckets list_buckets{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60};

constexpr std::size_t named_profiles = 16;

class Declare {
 public:
  explicit Declare(prometheus::Registry& registry) : registry_(registry) {}

  Counter counter(const char* name, const char* help) { return Counter(counters(name, help).Add({})); }
  Gauge gauge(const char* name, const char* help) { return Gauge(gauges(name, help).Add({})); }
  Histogram histogram(const char* name, const char* help, const Buckets& buckets) {
    return Histogram(histograms(name, help).Add({}, buckets));
  }
  Counters counters_by(const char* name, const char* label, std::span<const std::string_view> values,
                       const char* help) {
    auto& family = counters(name, help);
    Counters set;
    for (auto value : values)
      set.emplace(std::string(value), Counter(family.Add({{label, std::string(value)}})));
    return set;
  }
  Gauges gauges_by(const char* name, const char* label, std::span<const std::string_view> values,
                   const char* help) {
    auto& family = gauges(name, help);
    Gauges set;
    for (auto value : values)
      set.emplace(std::string(value), Gauge(family.Add({{label, std::string(value)}})));
    return set;
  }
  prometheus::Family<prometheus::Counter>& counters(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
  }
  prometheus::Family<prometheus::Gauge>& gauges(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
  }
  prometheus::Family<prometheus::Histogram>& histograms(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
  }

 private:
  prometheus::Registry& registry_;
};

std::string method_label(std::string_view method) {
  for (auto known : labels::methods)
    if (known == method) return std::string(known);
  return std::string(labels::methods.back());
}

void declare(Declare& d, Watch& w) {
  w.restarts = d.counters_by("outrigger_watch_restarts_total", "reason", labels::watch_restarts,
                             "Watch streams that ended and were begun again, by what ended them.");
  w.events = d.counters_by("outrigger_watch_events_total", "type", labels::watch_events,
                           "Events of the pod watch, by type.");
  w.bytes =
      d.counter("outrigger_watch_received_bytes_total",
                "Bytes of answer bodies received by watches and lists, after TLS and content decoding.");
  w.lists = d.counters_by("outrigger_lists_total", "result", labels::results,
                          "Lists of the pods, all pages counted as one, by result or class of the error.");
  w.list_duration =
      d.histogram("outrigger_list_duration_seconds",
                  "Time from asking for the first page of a list to having decoded the last.", list_buckets);
  w.contact_age = d.gauge("outrigger_last_contact_age_seconds",
                          "Time since the API server last sent anything; -1 before the first time.");
  w.event_age =
      d.gauge("outrigger_last_event_age_seconds",
              "Time since the last event of the watch; -1 before the first. An idle application has none.");
  w.synced = d.gauge("outrigger_synced", "1 when the pod table has been complete, 0 before.");
  w.resource_version =
      d.gauge("outrigger_resource_version", "Newest resource version applied to the pod table.");
}

void declare(Declare& d, Pods& p) {
  p.by_state =
      d.gauges_by("outrigger_executors", "state", labels::pod_states,
                  "Executors in the pod table, by state. Final states stay until the driver has seen them.");
  p.exits = d.counters_by("outrigger_executor_exits_total", "class", labels::exit_classes,
                          "Executors that ended, by class of the cause.");
}

void declare(Declare& d, Writes& w) {
  w.creates = d.counters_by("outrigger_creates_total", "result", labels::results,
                            "Executor pods asked for, by result or class of the error.");
  w.deletes = d.counters_by("outrigger_deletes_total", "result", labels::results,
                            "Executor pods whose deletion was asked for, by result or class of the error.");
  w.create_duration =
      d.histogram("outrigger_create_duration_seconds",
                  "Time from sending the POST of an executor pod to its answer.", request_buckets);
  w.concurrency = d.gauge("outrigger_create_concurrency_limit", "Creates that may be in flight at once now.");
  w.in_flight = d.gauge("outrigger_writes_in_flight", "Writes sent and not yet answered.");
  w.throttled = d.counter("outrigger_create_concurrency_cuts_total",
                          "Times the limit of concurrent creates was cut, by 429, Retry-After or latency.");
}

void declare(Declare& d, Channel& c) {
  c.commands = d.counter("outrigger_channel_commands_total", "Commands taken from the driver's queue.");
  c.results = d.counters_by("outrigger_channel_results_total", "verdict", labels::verdicts,
                            "Commands answered, by verdict.");
  c.breaches = d.counter("outrigger_channel_breaches_total",
                         "Connections closed because the driver broke the channel's contract.");
  c.refusals =
      d.counter("outrigger_channel_refusals_total", "Connections to the agent's socket that were refused.");
  c.sequence = d.gauge("outrigger_channel_sequence", "Newest sequence number published to the driver.");
  c.records = d.counter("outrigger_channel_records_total", "Records published to the driver.");
  c.commits = d.counter("outrigger_channel_commits_total", "Batches published to the driver.");
  c.wakes = d.counter("outrigger_channel_wakes_total", "Wake-ups of sleeping readers.");
  c.tombstones_lost =
      d.counter("outrigger_channel_tombstones_lost_total",
                "Final states whose slot was used again before the driver had acknowledged them.");
  c.records_dropped = d.counter("outrigger_channel_records_dropped_total",
                                "Records that found no slot in the table: the capacity is too small.");
  c.pods = d.gauge("outrigger_channel_slots_used", "Slots of the shared table in use, tombstones included.");
  c.capacity = d.gauge("outrigger_channel_slots", "Slots of the shared table.");
  c.attached = d.gauge("outrigger_driver_attached", "1 while a driver is attached.");
  c.epoch =
      d.gauge("outrigger_driver_epoch", "Number of the driver's connection, counted from the agent's start.");
}

void declare(Declare& d, Gateway& g) {
  g.requests =
      d.counters_by("outrigger_gateway_requests_total", "rule", labels::gateway_rules,
                    "Calls of the driver to the API server, by the gateway's rule that judged them.");
  g.failures = d.counter("outrigger_gateway_failures_total",
                         "Calls of the driver that were answered with 400 or above, refusals included.");
}

void declare(Declare& d, Loop& l) {
  l.stall =
      d.histogram("outrigger_loop_stall_seconds",
                  "Time that a turn of the event loop took, for turns of 1 ms or longer.", stall_buckets);
  l.stall_max =
      d.gauge("outrigger_loop_stall_max_seconds", "The longest turn of the event loop since the start.");
  l.log_lines_suppressed =
      d.counter("outrigger_log_lines_suppressed_total", "Log lines left out because they repeated.");
}

void declare(Declare& d, Process& p) {
  p.cpu_seconds = d.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.");
  p.resident_bytes = d.gauge("process_resident_memory_bytes", "Resident memory size in bytes.");
  p.virtual_bytes = d.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.");
  p.open_fds = d.gauge("process_open_fds", "Number of open file descriptors.");
  p.max_fds = d.gauge("process_max_fds", "Maximum number of open file descriptors.");
  p.start_time =
      d.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.");
  p.threads = d.gauge("process_threads", "Number of OS threads in the process.");
}

}  // namespace

struct RestClient::Families {
  prometheus::Family<prometheus::Counter>& requests;
  prometheus::Family<prometheus::Histogram>& durations;
  std::string host;
  prometheus::Counter all, failed;  // in no family: sums for other readers
};

void RestClient::request(std::string_view method, unsigned code) const {
  if (families_ == nullptr) return;
  const bool answered = code >= 100 && code <= 599;
  families_->requests
      .Add({{"code", answered ? std::to_string(code) : "<error>"},
            {"method", method_label(method)},
            {"host", families_->host}})
      .Increment();
  families_->all.Increment();
  if (!answered || code >= 400) families_->failed.Increment();
}

double RestClient::requests() const {
  return families_ == nullptr ? 0 : families_->all.Value();
}
double RestClient::failures() const {
  return families_ == nullptr ? 0 : families_->failed.Value();
}

void RestClient::duration(std::string_view method, double seconds) const {
  if (families_ == nullptr) return;
  families_->durations.Add({{"verb", method_label(method)}, {"host", families_->host}}, request_buckets)
      .Observe(seconds);
}

struct Profiles::Families {
  prometheus::Family<prometheus::Gauge>& target;
  prometheus::Family<prometheus::Gauge>& executors;
  std::mutex mutex;
  std::map<std::uint32_t, Figures> named;
  std::map<std::uint32_t, Figures> others;

  void show(const std::string& profile, const Figures& f) {
    target.Add({{"profile", profile}}).Set(f.target);
    const auto state = [&](const char* name, std::uint32_t value) {
      executors.Add({{"profile", profile}, {"state", name}}).Set(value);
    };
    state("creating", f.creating);
    state("pending", f.pending);
    state("running", f.running);
    state("terminating", f.terminating);
  }
};

void Profiles::set(std::uint32_t profile, const Figures& figures) const {
  if (families_ == nullptr) return;
  std::lock_guard lock(families_->mutex);
  auto& named = families_->named;
  if (named.contains(profile) || named.size() < named_profiles) {
    named[profile] = figures;
    families_->show(std::to_string(profile), figures);
    return;
  }
  families_->others[profile] = figures;
  Figures sum;
  for (const auto& [unused, f] : families_->others) {
    sum.target += f.target;
    sum.creating += f.creating;
    sum.pending += f.pending;
    sum.running += f.running;
    sum.terminating += f.terminating;
  }
  families_->show("other", sum);
}

struct Catalog::State {
  prometheus::Registry registry;
  std::unique_ptr<RestClient::Families> rest_client;
  std::unique_ptr<Profiles::Families> profiles;
  std::map<std::uint64_t, std::function<void()>> refreshes;
  std::uint64_t last_refresh = 0;
};

Catalog::Catalog(const Identity& identity) : state_(std::make_unique<State>()) {
  Declare d(state_->registry);
  state_->rest_client.reset(new RestClient::Families{
      d.counters("rest_client_requests_total",
                 "Number of HTTP requests, partitioned by status code, method, and host."),
      d.histograms("rest_client_request_duration_seconds",
                   "Request latency in seconds. Broken down by verb, and host. Watches are not counted."),
      identity.host,
      {},
      {}});
  rest_client.families_ = state_->rest_client.get();
  rest_client.reconnects = d.counters_by("outrigger_connections_total", "lane", labels::lanes,
                                         "Connections made to the API server, by lane.");
  rest_client.credentials =
      d.counters_by("outrigger_credential_reads_total", "result", labels::outcomes,
                    "Times the token or the certificate authority was read from its file, by result.");
  declare(d, watch);
  declare(d, pods);
  state_->profiles.reset(new Profiles::Families{
      d.gauges("outrigger_profile_target", "Executors the driver wants, by resource profile."),
      d.gauges("outrigger_profile_executors", "Executors that are not final, by resource profile and state."),
      {},
      {},
      {}});
  profiles.families_ = state_->profiles.get();
  declare(d, writes);
  declare(d, channel);
  declare(d, gateway);
  declare(d, loop);
  declare(d, process);
  d.gauges("outrigger_build_info",
           "1, with the version, source revision and compiler of the agent as labels.")
      .Add({{"version", identity.version}, {"revision", identity.revision}, {"compiler", identity.compiler}})
      .Set(1);
  watch.contact_age.set(-1);
  watch.event_age.set(-1);
}

Catalog::~Catalog() = default;

std::uint64_t Catalog::before_render(std::function<void()> refresh) {
  state_->refreshes.emplace(++state_->last_refresh, std::move(refresh));
  return state_->last_refresh;
}

void Catalog::forget(std::uint64_t id) {
  state_->refreshes.erase(id);
}

std::string Catalog::render() {
  for (const auto& [unused, refresh] : state_->refreshes) refresh();
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, state_->registry.Collect());
  return std::move(out).str();
}

}  // namespace outrigger::metrics
