#include "bench/channel/stage.h"

#include <string>

namespace outrigger::bench {

Stage::Stage(std::uint32_t capacity)
    : pages_(ipc::geometry(capacity).file_bytes),
      view_(ipc::format_state({pages_.data(), ipc::geometry(capacity).file_bytes}, capacity,
                              {.generation = 1})) {
  ipc::mark_ready(view_);
}

void Stage::fill(ipc::SnapshotWriter& writer, std::uint32_t pods) const {
  for (std::uint32_t i = 1; i <= pods; ++i) {
    (void)writer.upsert(a_pod(i), {.name = "spark-app-exec-" + std::to_string(i), .node = "node-1"});
    if (i % 1024 == 0) writer.commit();
  }
  writer.commit();
}

ipc::PodRecord a_pod(std::uint64_t executor_id) {
  ipc::PodRecord pod;
  pod.executor_id = executor_id;
  pod.state = 4;
  pod.phase = 2;
  pod.uid = {executor_id, ~executor_id};
  pod.resource_version = executor_id;
  pod.created_at_ms = 1'700'000'000'000;
  return pod;
}

}  // namespace outrigger::bench
