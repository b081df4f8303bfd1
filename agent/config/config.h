// Everything an operator can set, as plain values with their defaults. Filled by load_config(): flags, then the
// environment, then the file, then these. README.md has the table of keys.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/core/ids.h"
#include "agent/core/limits.h"
#include "agent/core/pod_policy.h"
#include "agent/core/time.h"

namespace outrigger::config {

// Whose executors these are. The driver is not trusted with identity (C22): it comes from here.
struct Application {
  std::string name_space;  // empty: from the kubeconfig's context or the service account
  std::string id;          // label spark-app-selector; empty only in client mode (no driver pod)
  std::string driver_pod_name;
  core::PodUid driver_pod_uid;
  std::string container = "spark-kubernetes-executor";  // whose state is the executor's
  bool client_mode() const { return driver_pod_name.empty(); }
};

struct Server {
  std::string kubeconfig;            // path; empty: KUBECONFIG, else in-cluster, else ~/.kube/config
  std::string context;               // empty: current-context
  core::Millis start_bound{60'000};  // without a first sync for longer: refused; 0: waited for without end
  core::Millis connect_timeout{10'000};
  core::Millis stall_timeout{15'000};   // TCP_USER_TIMEOUT: sent and not acknowledged for longer = dead
  core::Millis keepalive_idle{15'000};  // then a probe each keepalive_interval
  core::Millis keepalive_interval{5'000};
  core::Millis credentials_period{60'000};  // files of token and CA are looked at this often
  bool http2 = true;                        // writes; offered by ALPN
};

struct Watch {
  enum class Start : std::uint8_t { automatic, list, watch_list } start = Start::automatic;
  std::uint32_t page_pods = core::limits::list_page_pods;
  // Longest watch. A connection that acknowledges and delivers nothing is found 15 s after its end, so within 45 s.
  core::Millis timeout_bound{30'000};
  core::Millis contact_bound{30'000};  // no word from the server for longer: stale, not ready
};

struct Writes {
  std::uint32_t concurrency = 32;       // the adaptive limit starts here ...
  std::uint32_t concurrency_max = 256;  // ... and ends here
  core::Millis deadline{40'000};        // above the server's own 34 s
};

struct Channel {
  std::string run_dir = "/run/outrigger";  // shared with the driver, which mounts it read-only (C1)
  std::string lock_dir;  // only agents see it (C13); empty: /run/outrigger-agent, in client mode run_dir
  std::uint32_t capacity = 4096;  // pods
};

struct Admin {
  std::string listen;  // ADDRESS:PORT, [V6]:PORT or :PORT (every address); empty: no listener
};

// Loopback HTTP for the calls that Spark still makes itself.
struct Gateway {
  std::string listen;                   // 127.0.0.1:PORT; empty: none
  std::string token_file;               // the secret for the driver; empty: see gateway_token_file()
  core::Millis config_map_wait{5'000};  // the first executors wait so long for the driver's ConfigMap (S12)
};

struct Log {
  enum class Level : std::uint8_t { debug, info, warning, error } level = Level::info;
  enum class Format : std::uint8_t { json, text } format = Format::json;
};

struct Lifecycle {
  core::Millis drain_deadline{-1};  // after SIGTERM; below 0: see Config::drain_deadline()
};

struct Config {
  Application application;
  Server server;
  Watch watch;
  Writes writes;
  Channel channel;
  Admin admin;
  Gateway gateway;
  Log log;
  Lifecycle lifecycle;
  core::PodPolicy policy;

  // A pod's default grace period is 30 s; on a desk nobody kills us, and a thousand pods may take their time.
  core::Millis drain_deadline() const {
    if (lifecycle.drain_deadline.count() >= 0) return lifecycle.drain_deadline;
    return core::Millis(application.client_mode() ? 120'000 : 25'000);
  }
  std::string gateway_token_file() const {
    return gateway.token_file.empty() ? channel.run_dir + "/gateway-token" : gateway.token_file;
  }
};

}  // namespace outrigger::config
