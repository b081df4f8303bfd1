// bench_core: what a change costs between the decoder and the ring: table apply, and decide() over a large table.
#include <string>
#include <vector>

#include "agent/core/allocator.h"
#include "bench/support/peer.h"
#include "bench/support/report.h"

namespace {

using namespace outrigger;
using namespace outrigger::core;

constexpr std::string_view nonce = "benchnonce";

Pod pod_of(std::uint64_t id, std::uint64_t version, PodPhase phase) {
  Pod pod;
  pod.uid = {{id, ~id}};
  pod.name = "spark-app-exec-" + std::to_string(id);
  pod.resource_version = version;
  pod.executor_id = {id};
  pod.profile = {static_cast<std::uint32_t>(id % 2)};
  pod.owner_uid = {{7, 7}};
  pod.nonce = nonce;
  pod.application = "spark-app";
  pod.phase = phase;
  pod.node = "node-17";
  pod.executor.state = phase == PodPhase::running ? ContainerState::running : ContainerState::waiting;
  return pod;
}

void table_apply(bench::Report& report) {
  const std::size_t events = report.quick() ? 50'000 : 1'000'000;
  for (const std::uint64_t pods : {1'000u, 10'000u, 100'000u}) {
    PodTable table;
    std::uint64_t version = 1;
    for (std::uint64_t id = 1; id <= pods; ++id)
      (void)table.apply(PodApplied{pod_of(id, ++version, PodPhase::pending)}, Instant{});
    std::vector<Pod> changes;
    for (std::size_t i = 0; i < 4'096; ++i) {
      changes.push_back(
          pod_of(1 + i * 2'654'435'761u % pods, 0, i % 2 ? PodPhase::running : PodPhase::pending));
    }
    std::uint64_t deltas = 0;
    const std::int64_t start = bench::now_ns();
    for (std::size_t i = 0; i < events; ++i) {
      Pod pod = changes[i % changes.size()];
      pod.resource_version = ++version;
      deltas += table.apply(PodApplied{std::move(pod)}, Instant{}).size();
    }
    const double each = static_cast<double>(bench::now_ns() - start) / static_cast<double>(events);
    if (deltas == 0) return;
    report.add({.name = "apply one change, " + std::to_string(pods) + " pods", .value = each, .unit = "ns"});
  }
}

void decide_cost(bench::Report& report) {
  constexpr std::uint64_t pods = 10'000;
  const std::size_t rounds = report.quick() ? 50 : 2'000;
  Books books;
  books.desired.resync_begin();
  (void)books.desired.apply(KnownDelta{.full = true});
  for (std::uint32_t profile : {0u, 1u}) (void)books.desired.apply(SetTarget{{profile}, pods / 2});
  (void)books.desired.resync_end();
  (void)books.pods.apply(PodInit{}, Instant{});
  for (std::uint64_t id = 1; id <= pods; ++id) {
    (void)books.pods.apply(PodApplied{pod_of(id, id, id % 10 ? PodPhase::running : PodPhase::pending)},
                           Instant{});
  }
  (void)books.pods.apply(PodInitDone{pods}, Instant{});
  const Moment moment{.now = Instant{std::chrono::hours(1)},
                      .session = SessionState::ready,
                      .nonce = nonce,
                      .owner_uid = {{7, 7}},
                      .application_id = "spark-app",
                      .create_slots = 64};
  const auto measure = [&](const std::string& name, double goal_us) {
    std::vector<double> us;
    for (std::size_t i = 0; i < rounds; ++i) {
      const std::int64_t start = bench::now_ns();
      const Actions actions = decide(books, moment);
      us.push_back(static_cast<double>(bench::now_ns() - start) / 1e3);
      if (actions.ids_wanted == 0xFFFFFFFF) return;
    }
    report.add({.name = name + ", p50", .value = bench::percentile(us, 0.5), .unit = "us", .goal = goal_us});
    report.add({.name = name + ", p99", .value = bench::percentile(us, 0.99), .unit = "us"});
  };
  measure("decide(), 10,000 pods at their target", 1'000);
  for (std::uint32_t profile : {0u, 1u}) (void)books.desired.apply(SetTarget{{profile}, 10});
  measure("decide(), 10,000 pods, target cut to 20", 2'000);
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report("core", argc, argv);
  bench::pin_to_core(0);
  table_apply(report);
  decide_cost(report);
  return report.finish();
}
