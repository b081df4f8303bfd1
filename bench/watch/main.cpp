// bench_watch: watch events at full speed from a socket into the ring, beside a bare libcurl + simdjson loop on the same bytes.
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <new>

#include "bench/support/pod_events.h"
#include "bench/support/report.h"
#include "bench/watch/contestants.h"
#include "bench/watch/replay_server.h"
#include "ipc/snapshot_reader.h"
#include "ipc/state_file.h"

namespace {

using namespace outrigger;
using namespace outrigger::bench;

struct Cost {
  double events_per_s = 0, cpu_us = 0, bytes_per_s = 0;
};

template <class Done>
Cost measure(ReplayServer& server, Peer& peer, std::size_t events, std::size_t bytes, Done done) {
  while (!server.watching()) usleep(1000);
  usleep(100'000);
  const double cpu = cpu_seconds(peer.pid());
  const std::int64_t start = now_ns();
  server.go();
  while (!done()) usleep(500);
  const double seconds = static_cast<double>(now_ns() - start) / 1e9;
  const double n = static_cast<double>(events);
  return {n / seconds, (cpu_seconds(peer.pid()) - cpu) / n * 1e6, static_cast<double>(bytes) / seconds};
}

Cost floor_cost(const std::vector<std::string>& chunks, std::size_t bytes) {
  ReplayServer server(chunks, "");
  SharedPages pages(4096);
  auto* seen = new (pages.data()) std::atomic<std::uint64_t>(0);
  Peer peer([&] { run_floor(server.url(), *seen); });
  const Cost cost =
      measure(server, peer, chunks.size(), bytes, [&] { return seen->load(std::memory_order_acquire) != 0; });
  peer.kill_now();
  return cost;
}

Cost agent_cost(const std::vector<std::string>& chunks, std::size_t bytes, const std::string& run_dir) {
  ReplayServer server(chunks,
                      R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]})"
                      "\n");
  Peer peer([&] { run_agent(server.url(), run_dir, 4096); });
  while (!server.watching()) usleep(1000);
  auto attached = ipc::attach_state({.path = run_dir + "/state"});
  for (int tries = 0; !attached.ok() && tries < 5'000; ++tries) {
    usleep(1000);
    attached = ipc::attach_state({.path = run_dir + "/state"});
  }
  if (!attached.ok()) {
    std::fprintf(stderr, "bench_watch: %s\n", attached.failure().text.c_str());
    std::exit(1);
  }
  const ipc::SnapshotReader reader(attached.value().view);
  ipc::Cursor cursor{reader.generation(), reader.applied()};
  std::vector<ipc::Record> records(1024);
  const auto marker_seen = [&] {
    for (;;) {
      const auto poll = reader.poll(cursor, records);
      if (poll.lapped) cursor.sequence = reader.applied() > 64 ? reader.applied() - 64 : 0;
      for (std::size_t i = 0; i < poll.count; ++i) {
        if (records[i].executor_id() == marker_id) return true;
      }
      if (poll.count == 0 && !poll.lapped) return false;
    }
  };
  const Cost cost = measure(server, peer, chunks.size(), bytes, marker_seen);
  peer.kill_now();
  return cost;
}

}  // namespace

int main(int argc, char** argv) {
  Report report("watch", argc, argv);
  const std::size_t events = report.quick() ? 5'000 : 100'000;
  const auto chunks = encode_events(1'000, events);
  std::size_t bytes = 0;
  for (const auto& one : chunks) bytes += one.size();
  char directory[] = "/dev/shm/outrigger-bench-XXXXXX";
  if (mkdtemp(directory) == nullptr) {
    std::perror("bench_watch: /dev/shm");
    return 1;
  }
  std::vector<double> rate, floor_rate, cpu, floor_cpu;
  double megabytes = 0;
  for (int round = 0; round < (report.quick() ? 1 : 3); ++round) {
    const Cost floor = floor_cost(chunks, bytes);
    const Cost agent = agent_cost(chunks, bytes, directory);
    floor_rate.push_back(floor.events_per_s);
    rate.push_back(agent.events_per_s);
    floor_cpu.push_back(floor.cpu_us);
    cpu.push_back(agent.cpu_us);
    megabytes = agent.bytes_per_s / 1e6;
  }
  std::filesystem::remove_all(directory);
  const char* floor = "bare libcurl + simdjson loop";
  report.add({.name = "watch events into the ring, full speed",
              .value = percentile(rate, 0.5),
              .unit = "events/s",
              .reference = floor,
              .reference_value = percentile(floor_rate, 0.5),
              .goal = 0.7,
              .direction = Goal::at_least});
  report.add({.name = "bytes of the watch, last round", .value = megabytes, .unit = "MB/s"});
  report.add({.name = "CPU per event, agent", .value = percentile(cpu, 0.5), .unit = "us", .goal = 6});
  report.add({.name = "CPU per event beside the bare loop",
              .value = percentile(cpu, 0.5),
              .unit = "us",
              .reference = floor,
              .reference_value = percentile(floor_cpu, 0.5)});
  return report.finish();
}
