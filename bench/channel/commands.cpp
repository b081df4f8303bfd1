#include <atomic>
#include <new>
#include <vector>

#include "bench/channel/cases.h"
#include "bench/channel/stage.h"
#include "ipc/command_consumer.h"
#include "ipc/command_producer.h"
#include "ipc/command_queue.h"

namespace outrigger::bench {

// A 256 B command, copied out and validated by the agent's side, its verdict read by the driver's. Both spin.
void command_round_trip(Report& report, const Floors& floors) {
  const std::size_t samples = report.quick() ? 20'000 : 300'000;
  constexpr std::size_t warm_up = 5'000;
  Stage stage(1'000);
  ipc::SnapshotWriter writer(stage.view());
  SharedPages queue(ipc::queue_bytes);
  const std::span<std::byte> bytes(queue.data(), ipc::queue_bytes);
  ipc::format_queue(bytes, 1, 1);
  std::vector<double> round_trips;
  {
    Peer agent([&] {
      ipc::CommandConsumer consumer(bytes, stage.view(), 1);
      std::vector<ipc::Drained> out;
      for (std::size_t done = 0; done < samples + warm_up;) {
        out.clear();
        if (consumer.drain(16, out) == 0) {
          spin_hint();
          continue;
        }
        for (const auto& command : out) writer.result(1, command.id, command.body ? 1 : 2, "");
        done += out.size();
      }
    });
    ipc::CommandProducer producer(bytes, stage.view(), 1);
    for (std::size_t i = 0; i < samples + warm_up; ++i) {
      const std::int64_t start = now_ns();
      (void)producer.post(ipc::wire::SetTarget{.profile = 1, .executors = 100});
      producer.flush();
      while (!producer.take_result()) spin_hint();
      if (i >= warm_up) round_trips.push_back(static_cast<double>(now_ns() - start));
    }
  }
  const Latency trip = latency_of(round_trips);
  report.add({.name = "command, validated, result: round trip, p50",
              .value = trip.p50_ns,
              .unit = "ns",
              .reference = "ping-pong round trip, p50",
              .reference_value = floors.round_trip.p50_ns,
              .goal = 1.7});
  report.add({.name = "command, validated, result: round trip, p99",
              .value = trip.p99_ns,
              .unit = "ns",
              .reference = "ping-pong round trip, p99",
              .reference_value = floors.round_trip.p99_ns});
}

}  // namespace outrigger::bench
