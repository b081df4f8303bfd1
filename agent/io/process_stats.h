// The process_* figures, from /proc/self.
#pragma once
#include <optional>

namespace outrigger::metrics {
struct Process;
}

namespace outrigger::io {

struct ProcessStats {
  double cpu_seconds = 0, start_time = 0;  // seconds; start since the Unix epoch
  double virtual_bytes = 0, resident_bytes = 0, open_fds = 0, max_fds = 0, threads = 0;
};
std::optional<ProcessStats> read_process_stats();  // nullopt: no /proc
void show(const ProcessStats& stats, const metrics::Process& metrics);

}  // namespace outrigger::io
