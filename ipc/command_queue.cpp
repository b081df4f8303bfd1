#include "ipc/command_queue.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <cerrno>

namespace outrigger::ipc {

void format_queue(std::span<std::byte> bytes, std::uint64_t state_generation, std::uint64_t epoch) {
  QueueHeader& h = *reinterpret_cast<QueueHeader*>(bytes.data());
  // Relaxed: the descriptor is handed over afterwards.
  h.magic.store_relaxed(queue_magic);
  h.major.store_relaxed(layout_major);
  h.minor.store_relaxed(layout_minor);
  h.layout_hash.store_relaxed(layout_hash);
  h.state_generation.store_relaxed(state_generation);
  h.epoch.store_relaxed(epoch);
  h.queue_bytes.store_relaxed(queue_bytes);
}

Outcome<CommandQueue> create_queue(std::uint64_t state_generation, std::uint64_t epoch) {
  CommandQueue queue;
  queue.epoch = epoch;
  queue.fd = Fd(memfd_create("outrigger-commands", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!queue.fd) return system_failure("memfd_create for a command queue", errno);
  // Reserved before it is sealed: every page is there and charged to the agent, so neither side meets SIGBUS.
  if (const int error = posix_fallocate(queue.fd.get(), 0, static_cast<off_t>(queue_bytes))) {
    return system_failure("can't reserve " + std::to_string(queue_bytes) + " bytes for a command queue",
                          error, error == ENOSPC ? Reason::no_space : Reason::system);
  }
  if (fcntl(queue.fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return system_failure("can't seal a command queue", errno);
  }
  auto region = Region::map(queue.fd.get(), queue_bytes, Region::Access::read_write, false);
  if (!region) return region.failure();
  queue.region = region.take();
  format_queue(queue.region.bytes(), state_generation, epoch);
  return queue;
}

Outcome<CommandQueue> open_queue(Fd fd, std::uint64_t state_generation, std::uint64_t epoch) {
  struct stat info{};
  if (fstat(fd.get(), &info) != 0) return system_failure("fstat of the command queue", errno);
  if (info.st_size != static_cast<off_t>(queue_bytes)) {
    return Failure{Reason::too_short, "the command queue has " + std::to_string(info.st_size) +
                                          " bytes instead of " + std::to_string(queue_bytes)};
  }
  CommandQueue queue;
  queue.epoch = epoch;
  queue.fd = std::move(fd);
  auto region = Region::map(queue.fd.get(), queue_bytes, Region::Access::read_write, false);
  if (!region) return region.failure();
  queue.region = region.take();
  const QueueHeader& h = *queue.header();
  if (h.magic.load_relaxed() != queue_magic) return Failure{Reason::wrong_magic, "not a command queue"};
  if (h.major.load_relaxed() != layout_major || h.layout_hash.load_relaxed() != layout_hash) {
    return Failure{Reason::wrong_layout,
                   "the command queue has another layout: use agent and shim of one release"};
  }
  if (h.state_generation.load_relaxed() != state_generation || h.epoch.load_relaxed() != epoch) {
    return Failure{Reason::refused, "the command queue is of another session"};
  }
  return queue;
}

}  // namespace outrigger::ipc
