#include "agent/config/keys.h"

#include <utility>

#include "agent/config/values.h"
#include "agent/core/limits.h"

namespace outrigger::config {
namespace {

using core::Millis;
using Set = std::function<Status(Config&, const std::vector<std::string>&)>;

template <class Section, class T>
using Member = T Section::*;

template <class Section>
Set text(Section Config::* section, std::string Section::* member,
         std::function<Status(std::string_view)> check = {}) {
  return [=](Config& c, const std::vector<std::string>& v) -> Status {
    if (check && !v[0].empty())
      if (auto ok = check(v[0]); !ok) return ok;
    c.*section.*member = v[0];
    return {};
  };
}

template <class Section, class Number>
Set number(Section Config::* section, Number Section::* member, Range range) {
  return [=](Config& c, const std::vector<std::string>& v) -> Status {
    auto value = parse_number(v[0], range);
    if (!value) return fail(value.error().text);
    c.*section.*member = static_cast<Number>(*value);
    return {};
  };
}

template <class Section>
Set time(Section Config::* section, Millis Section::* member, Millis low, Millis high) {
  return [=](Config& c, const std::vector<std::string>& v) -> Status {
    auto value = parse_duration(v[0], low, high);
    if (!value) return fail(value.error().text);
    c.*section.*member = *value;
    return {};
  };
}

template <class Section>
Set flag(Section Config::* section, bool Section::* member) {
  return [=](Config& c, const std::vector<std::string>& v) -> Status {
    auto value = parse_bool(v[0]);
    if (!value) return fail(value.error().text);
    c.*section.*member = *value;
    return {};
  };
}

template <class Section>
Set list(Section Config::* section, std::vector<std::string> Section::* member) {
  return [=](Config& c, const std::vector<std::string>& v) -> Status {
    c.*section.*member = v;
    return {};
  };
}

template <class Section, class Enum>
Set choice(Section Config::* section, Enum Section::* member,
           std::vector<std::pair<std::string, Enum>> words) {
  return [=](Config& c, const std::vector<std::string>& v) -> Status {
    std::string all;
    for (const auto& [word, value] : words) {
      if (word == v[0]) {
        c.*section.*member = value;
        return {};
      }
      all += (all.empty() ? "" : ", ") + word;
    }
    return fail("expected one of " + all);
  };
}

Status name(std::string_view text) {
  return check_name(text, false);
}
Status dotted_name(std::string_view text) {
  return check_name(text, true);
}
Status absolute(std::string_view text) {
  if (text.front() == '/') return {};
  return fail("expected an absolute path");
}

Status set_uid(Config& c, const std::vector<std::string>& v) {
  const auto uid = core::parse_uid(v[0]);
  if (!uid && !v[0].empty()) return fail("expected a uid such as 3f2c8d1e-0000-4000-8000-0123456789ab");
  c.application.driver_pod_uid = uid.value_or(core::PodUid{});
  return {};
}

// application.driverPodName -> OUTRIGGER_APPLICATION_DRIVER_POD_NAME
std::string variable_of(std::string_view path) {
  std::string result = "OUTRIGGER_";
  for (const char c : path) {
    if (c == '.')
      result += '_';
    else if (c >= 'A' && c <= 'Z')
      (result += '_') += c;
    else
      result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return result;
}

constexpr Millis ms(std::int64_t n) {
  return Millis(n);
}
constexpr Millis second{1000}, minute{60'000}, hour{3'600'000};

struct Row {
  const char *path, *flag, *value, *meaning;
  Set set;
  const char* alias = "";
  bool is_list = false;
};

std::vector<Row> application_rows() {
  using A = Application;
  const auto s = &Config::application;
  return {
      {"application.namespace", "--namespace", "NAME",
       "where the executors live; default: of the context or the pod", text(s, &A::name_space, name),
       "POD_NAMESPACE"},
      {"application.id", "--application-id", "ID", "label spark-app-selector of the executors",
       text(s, &A::id, dotted_name), "SPARK_APPLICATION_ID"},
      {"application.driverPodName", "--driver-pod-name", "NAME",
       "the pod that owns the executors; without it: client mode", text(s, &A::driver_pod_name, dotted_name),
       "POD_NAME"},
      {"application.driverPodUid", "--driver-pod-uid", "UID", "its uid, by the downward API", &set_uid,
       "POD_UID"},
      {"application.container", "--container", "NAME", "the executor's container in its pod",
       text(s, &A::container, name)},
  };
}

std::vector<Row> server_rows() {
  using S = Server;
  const auto s = &Config::server;
  return {
      {"server.kubeconfig", "--kubeconfig", "FILE",
       "default: $KUBECONFIG, else the pod's service account, else ~/.kube/config", text(s, &S::kubeconfig)},
      {"server.context", "--context", "NAME", "of the kubeconfig; default: its current-context",
       text(s, &S::context)},
      {"server.startBound", "--start-bound", "TIME",
       "the server is away or failing at the start for longer: the agent ends; 0: it waits without end",
       time(s, &S::start_bound, ms(0), 24 * hour)},
      {"server.connectTimeout", "", "TIME", "name, connection and TLS handshake together",
       time(s, &S::connect_timeout, ms(10), 5 * minute)},
      {"server.stallTimeout", "", "TIME", "sent and not acknowledged for longer: the connection is dead",
       time(s, &S::stall_timeout, ms(100), 10 * minute)},
      {"server.keepaliveIdle", "", "TIME", "quiet for longer: the connection is probed",
       time(s, &S::keepalive_idle, second, 10 * minute)},
      {"server.keepaliveInterval", "", "TIME", "between two probes",
       time(s, &S::keepalive_interval, second, 10 * minute)},
      {"server.credentialsPeriod", "", "TIME", "how often the files of token and certificates are looked at",
       time(s, &S::credentials_period, ms(0), hour)},
      {"server.http2", "", "BOOL", "offer HTTP/2 for writes", flag(s, &S::http2)},
  };
}

std::vector<Row> pump_rows() {
  return {
      {"watch.start", "", "HOW", "first sync: automatic, list or watch_list",
       choice(&Config::watch, &Watch::start,
              {{"automatic", Watch::Start::automatic},
               {"list", Watch::Start::list},
               {"watch_list", Watch::Start::watch_list}})},
      {"watch.pagePods", "", "N", "pods per page of a list",
       number(&Config::watch, &Watch::page_pods, {1, 10'000})},
      {"watch.timeoutBound", "", "TIME",
       "longest watch; one on a dead connection is found 15 s later; 0: 5 to 10 minutes",
       time(&Config::watch, &Watch::timeout_bound, ms(0), hour)},
      {"watch.contactBound", "", "TIME", "no word from the server for longer: stale and not ready",
       time(&Config::watch, &Watch::contact_bound, second, hour)},
      {"writes.concurrency", "", "N", "creates in flight at the start; it adapts",
       number(&Config::writes, &Writes::concurrency,
              {1, static_cast<std::int64_t>(core::limits::creates_in_flight)})},
      {"writes.concurrencyMax", "", "N", "and never more than",
       number(&Config::writes, &Writes::concurrency_max,
              {1, static_cast<std::int64_t>(core::limits::creates_in_flight)})},
      {"writes.deadline", "", "TIME", "of one write; the server's own is 34s",
       time(&Config::writes, &Writes::deadline, second, 10 * minute)},
      {"channel.runDir", "--run-dir", "DIR", "shared with the driver, which mounts it read-only",
       text(&Config::channel, &Channel::run_dir, absolute)},
      {"channel.lockDir", "--lock-dir", "DIR",
       "only agents see it; default: /run/outrigger-agent, in client mode the run directory",
       text(&Config::channel, &Channel::lock_dir, absolute)},
      {"channel.capacity", "--capacity", "N", "pods in the shared table; 1.2 KiB each",
       number(&Config::channel, &Channel::capacity, {16, 200'000})},
      {"admin.listen", "--listen", "ADDR", "ADDRESS:PORT of probes and metrics; default: none",
       text(&Config::admin, &Admin::listen, check_listen)},
      {"gateway.listen", "--gateway", "ADDR",
       "127.0.0.1:PORT for the calls that Spark still makes itself; default: none",
       text(&Config::gateway, &Gateway::listen, check_listen)},
      {"gateway.tokenFile", "", "FILE",
       "the secret that the driver shows there; default: gateway-token in the run directory",
       text(&Config::gateway, &Gateway::token_file, absolute)},
      {"gateway.configMapWait", "", "TIME",
       "the first executors wait so long for the driver's ConfigMap; 0: not at all, with "
       "executor.disableConfigMap",
       time(&Config::gateway, &Gateway::config_map_wait, ms(0), 10 * minute)},
      {"log.level", "--log-level", "LEVEL", "debug, info, warning or error",
       choice(&Config::log, &Log::level,
              {{"debug", Log::Level::debug},
               {"info", Log::Level::info},
               {"warning", Log::Level::warning},
               {"error", Log::Level::error}})},
      {"log.format", "--log-format", "FORMAT", "json or text",
       choice(&Config::log, &Log::format, {{"json", Log::Format::json}, {"text", Log::Format::text}})},
      {"lifecycle.drainDeadline", "--drain-deadline", "TIME",
       "after SIGTERM; keep it below the pod's grace period; default: 25s, in client mode 2m",
       time(&Config::lifecycle, &Lifecycle::drain_deadline, ms(0), hour)},
  };
}

std::vector<Row> policy_rows() {
  using P = core::PodPolicy;
  const auto p = &Config::policy;
  const auto allow = [&](const char* path, std::vector<std::string> P::* member, const char* meaning) {
    return Row{path, "", "LIST", meaning, list(p, member), "", true};
  };
  return {
      {"policy.enabled", "", "BOOL", "check what the driver puts into pods", flag(p, &P::enabled)},
      allow("policy.images", &P::images, "globs of images"),
      allow("policy.serviceAccounts", &P::service_accounts, "besides none and default"),
      {"policy.serviceAccountToken", "", "BOOL", "allow a token in executor pods",
       flag(p, &P::service_account_token)},
      allow("policy.volumeTypes", &P::volume_types, "of volumes"),
      allow("policy.hostPathPrefixes", &P::host_path_prefixes, "with volume type hostPath"),
      allow("policy.secrets", &P::secrets, "globs of names"),
      allow("policy.imagePullSecrets", &P::image_pull_secrets, "globs of names"),
      allow("policy.configMaps", &P::config_maps, "globs of names"),
      allow("policy.claims", &P::claims, "globs of names"),
      allow("policy.csiDrivers", &P::csi_drivers, "with volume type csi"),
      allow("policy.capabilities", &P::capabilities, "that may be added"),
      allow("policy.runtimeClasses", &P::runtime_classes, "besides none"),
      allow("policy.priorityClasses", &P::priority_classes, "besides none"),
      allow("policy.schedulers", &P::schedulers, "globs of names"),
      allow("policy.finalizers", &P::finalizers, "of the pod"),
      allow("policy.annotationsDenied", &P::annotations_denied, "globs of keys"),
      allow("policy.extraKinds", &P::extra_kinds, "of resources beside the pod"),
      {"policy.runAsRoot", "", "BOOL", "allow runAsUser: 0", flag(p, &P::run_as_root)},
      {"policy.privilegeEscalation", "", "BOOL", "allow allowPrivilegeEscalation: true",
       flag(p, &P::privilege_escalation)},
      {"policy.maxContainers", "", "N", "init containers and sidecars included",
       number(p, &P::max_containers, {1, 256})},
      {"policy.maxVolumes", "", "N", "of one pod", number(p, &P::max_volumes, {0, 1024})},
  };
}

std::vector<Key> make_keys() {
  std::vector<Key> result;
  for (auto rows : {application_rows(), server_rows(), pump_rows(), policy_rows()})
    for (auto& row : rows)
      result.push_back({row.path, row.flag, variable_of(row.path), row.alias, row.value, row.meaning,
                        row.is_list, std::move(row.set)});
  return result;
}

}  // namespace

const std::vector<Key>& keys() {
  static const std::vector<Key> all = make_keys();
  return all;
}

const Key* find_key(std::string_view path) {
  for (const auto& key : keys())
    if (key.path == path) return &key;
  return nullptr;
}

const Key* find_flag(std::string_view flag) {
  for (const auto& key : keys())
    if (!key.flag.empty() && key.flag == flag) return &key;
  return nullptr;
}

std::vector<std::string> contradictions(const Config& c) {
  std::vector<std::string> found;
  const auto& a = c.application;
  if (!a.client_mode() && a.driver_pod_uid.empty())
    found.push_back("application.driverPodUid is missing: application.driverPodName is " + a.driver_pod_name +
                    "; pass metadata.uid by the downward API as POD_UID");
  if (a.client_mode() && !a.driver_pod_uid.empty())
    found.push_back(
        "application.driverPodName is missing: application.driverPodUid is set; pass metadata.name by the "
        "downward API as POD_NAME");
  if (!a.client_mode() && a.id.empty())
    found.push_back(
        "application.id is missing: with a driver pod it must be the pod's label spark-app-selector; pass "
        "it by the downward API as SPARK_APPLICATION_ID");
  if (c.writes.concurrency > c.writes.concurrency_max)
    found.push_back("writes.concurrency " + std::to_string(c.writes.concurrency) +
                    " is above writes.concurrencyMax " + std::to_string(c.writes.concurrency_max));
  if (c.channel.run_dir.size() + sizeof("/agent.sock") > 108)
    found.push_back("channel.runDir is too long: a socket's path has room for 107 characters, runDir for " +
                    std::to_string(107 - (sizeof("/agent.sock") - 1)));
  return found;
}

}  // namespace outrigger::config
