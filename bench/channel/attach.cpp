#include <cstring>
#include <vector>

#include "bench/channel/cases.h"
#include "bench/channel/stage.h"
#include "ipc/snapshot_reader.h"

namespace outrigger::bench {

// What a driver pays that comes late, or was lapped: the whole table, consistent, while it is not being written.
void attach_and_resync(Report& report) {
  for (const std::uint32_t pods : {1'000u, 10'000u, 100'000u}) {
    Stage stage(pods);
    ipc::SnapshotWriter writer(stage.view());
    stage.fill(writer, pods);
    const std::size_t samples = report.quick() ? 20 : 400;
    std::vector<double> attach_us, copy_us;
    std::vector<std::byte> target(std::size_t{pods} * sizeof(ipc::RecordCell));
    for (std::size_t i = 0; i < samples; ++i) {
      const std::int64_t copy_start = now_ns();
      std::memcpy(target.data(), stage.view().slots, target.size());
      const std::int64_t start = now_ns();
      copy_us.push_back(static_cast<double>(start - copy_start) / 1e3);
      ipc::SnapshotReader reader(stage.view());
      std::uint64_t sum = 0;
      (void)reader.resync([&](const ipc::Record& record) { sum += record.words[2]; });
      if (sum == 0) return;
      attach_us.push_back(static_cast<double>(now_ns() - start) / 1e3);
    }
    const double copy_p50 = percentile(copy_us, 0.5);
    report.add({.name = "attach, " + std::to_string(pods) + " pods, p50",
                .value = percentile(attach_us, 0.5),
                .unit = "us",
                .reference = "memcpy of the slots, p50",
                .reference_value = copy_p50});
    Figure p99{.name = "attach, " + std::to_string(pods) + " pods, p99",
               .value = percentile(attach_us, 0.99),
               .unit = "us"};
    if (pods == 100'000) p99.goal = 2'000;
    report.add(p99);
  }
}

}  // namespace outrigger::bench
