// Everything the flow is told from outside, by value. The agent's own identity comes from here and from
// nowhere else: the driver is not trusted with it (C22).
#pragma once
#include <cstddef>
#include <string>

#include "agent/core/ids.h"
#include "agent/core/limits.h"
#include "agent/core/pod_policy.h"
#include "agent/core/time.h"
#include "agent/flow/start_guard.h"
#include "agent/kube/watch_machine.h"

namespace outrigger::flow {

struct Options {
  std::string name_space;                                    // where the executors live
  std::string application_id;                                // label spark-app-selector of every pod we own
  std::string driver_pod_name;                               // the owner; empty in client mode
  core::PodUid driver_pod_uid;                               // likewise; all zero in client mode
  std::string container_name = "spark-kubernetes-executor";  // whose state is the executor's

  core::PodPolicy policy;  // what a driver may put into a pod
  kube::StartMode start_mode = kube::StartMode::list;
  std::chrono::seconds watch_timeout_bound{0};  // > 0: shorter watches, for proxies that acknowledge TCP
  std::uint32_t page_pods = core::limits::list_page_pods;
  core::Millis list_deadline{60'000};  // one page

  StartNames start;                  // for the line of a refused start
  core::Millis start_bound{60'000};  // a server that is away at the start; 0: waited for without end

  core::Millis contact_bound{30'000};    // no word from the server for longer: stale, not ready
  core::Millis turn_bound{5'000};        // the loop has not turned for longer: not live
  core::Millis write_deadline{40'000};   // one write; above the server's own 34 s
  core::Millis settle_deadline{60'000};  // how long the marks of a crashed incarnation may stay unresolved
  core::Millis drain_poll{500};          // between the lists that confirm zero (C20)
  core::Millis config_map_wait{0};       // the first creates of a driver wait so long for its ConfigMap (S12)
  std::size_t commands_per_turn = 256;   // C16
  std::size_t initial_creates_in_flight = 32;  // the adaptive limit starts here
};

}  // namespace outrigger::flow
