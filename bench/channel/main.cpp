// bench_channel: the shared-memory channel beside what the machine itself costs.
#include "bench/channel/cases.h"
#include "bench/support/peer.h"

int main(int argc, char** argv) {
  using namespace outrigger::bench;
  Report report("channel", argc, argv);
  pin_to_core(0);
  const std::size_t samples = report.quick() ? 20'000 : 500'000;
  const Floors floors{.round_trip = ping_pong_round_trip(samples),
                      .one_way = line_one_way(samples),
                      .futex = futex_wake_one_way(report.quick() ? 300 : 5'000)};
  report.add({.name = "floor: ping-pong round trip, p50", .value = floors.round_trip.p50_ns, .unit = "ns"});
  report.add({.name = "floor: one cache line, one way, p50", .value = floors.one_way.p50_ns, .unit = "ns"});
  report.add({.name = "floor: raw futex wake, one way, p50", .value = floors.futex.p50_ns, .unit = "ns"});
  publish_to_copied(report, floors);
  sleeping_reader(report, floors);
  publish_cost_with_sleepers(report);
  command_round_trip(report, floors);
  attach_and_resync(report);
  death_notice(report);
  return report.finish();
}
