#include "agent/io/process_stats.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "agent/metrics/catalog.h"

namespace outrigger::io {
namespace {

std::string whole_file(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

double count_entries(const char* path) {
  DIR* directory = ::opendir(path);
  if (directory == nullptr) return 0;
  double count = 0;
  while (const dirent* entry = ::readdir(directory)) count += entry->d_name[0] != '.';
  ::closedir(directory);
  return count - 1;  // without the one that reads
}

double boot_time() {
  const auto stat = whole_file("/proc/stat");
  const auto at = stat.find("\nbtime ");
  return at == stat.npos ? 0 : std::stod(stat.substr(at + 7, 20));
}

}  // namespace

std::optional<ProcessStats> read_process_stats() {
  const auto stat = whole_file("/proc/self/stat");
  const auto name_end = stat.rfind(')');  // the name may hold blanks and brackets
  if (name_end == stat.npos) return std::nullopt;
  std::istringstream in(stat.substr(name_end + 1));
  // Fields of proc(5) from number 3 on.
  std::string skipped;
  for (int field = 3; field <= 13; ++field) in >> skipped;
  double user = 0, system = 0, start = 0, virtual_bytes = 0, resident_pages = 0, threads = 0;
  in >> user >> system >> skipped >> skipped >> skipped >> skipped >> threads >> skipped >> start >>
      virtual_bytes >> resident_pages;
  if (!in) return std::nullopt;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  ProcessStats stats;
  stats.cpu_seconds = (user + system) / ticks;
  stats.start_time = boot_time() + start / ticks;
  stats.virtual_bytes = virtual_bytes;
  stats.resident_bytes = resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
  stats.open_fds = count_entries("/proc/self/fd");
  stats.max_fds = static_cast<double>(limit.rlim_cur);
  stats.threads = threads;
  return stats;
}

void show(const ProcessStats& stats, const metrics::Process& metrics) {
  metrics.cpu_seconds.raise_to(stats.cpu_seconds);
  metrics.start_time.set(stats.start_time);
  metrics.virtual_bytes.set(stats.virtual_bytes);
  metrics.resident_bytes.set(stats.resident_bytes);
  metrics.open_fds.set(stats.open_fds);
  metrics.max_fds.set(stats.max_fds);
  metrics.threads.set(stats.threads);
}

}  // namespace outrigger::io
