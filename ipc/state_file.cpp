#include "ipc/state_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <tuple>

#include "ipc/futex.h"

namespace outrigger::ipc {
namespace {

constexpr int read_flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;  // a symlink is refused, a FIFO doesn't block

std::int64_t size_of_regular(int fd) {
  struct stat info{};
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? info.st_size : -1;
}

// What a crashed incarnation left of its unfinished files. The lock holder is the only one who makes them.
void remove_leftovers(int directory, const std::string& name) {
  const int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* listing = copy < 0 ? nullptr : fdopendir(copy);
  if (listing == nullptr) return;
  while (const dirent* entry = readdir(listing)) {
    const std::string_view found = entry->d_name;
    if (found.starts_with(name + ".") && found.ends_with(".tmp")) unlinkat(directory, entry->d_name, 0);
  }
  closedir(listing);
}

std::string mebibytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / 1048576.0);
  return text;
}

Failure no_room(const StateOptions& options, int directory, std::size_t needed) {
  struct statvfs info{};
  const bool known = fstatvfs(directory, &info) == 0;
  const std::uint64_t free_bytes = known ? std::uint64_t{info.f_bavail} * info.f_frsize : 0;
  return {Reason::no_space, options.directory + " has " + mebibytes(free_bytes) + " free and a capacity of " +
                                std::to_string(options.capacity) + " pods needs " + mebibytes(needed) +
                                ": raise the volume's sizeLimit or lower the capacity"};
}

// Checks and maps an open `state`. The header first: a file that is shorter than it says must not be touched beyond.
Outcome<AttachedState> attach_open(int fd, const std::string& path, CheckOptions check) {
  const std::int64_t size = size_of_regular(fd);
  if (size < 0) return Failure{Reason::no_file, path + " is not a regular file"};
  if (size < static_cast<std::int64_t>(header_bytes)) {
    return Failure{Reason::too_short, path + " has " + std::to_string(size) + " bytes, less than its header"};
  }
  auto region = Region::map(fd, static_cast<std::size_t>(size), Region::Access::read_only, true);
  if (!region) return region.failure();
  std::tie(check.boot_id[0], check.boot_id[1]) = boot_id();
  check.now_ns = monotonic_ns();
  auto view = check_state(region.value().bytes(), check);
  if (!view) return Failure{view.failure().reason, path + ": " + view.failure().text};
  return AttachedState{region.take(), view.take()};
}

}  // namespace

Outcome<StateFile> StateFile::create(const StateOptions& options) {
  if (options.capacity < limits::capacity_min || options.capacity > limits::capacity_max) {
    return Failure{Reason::invalid, "capacity " + std::to_string(options.capacity) + " is not within " +
                                        std::to_string(limits::capacity_min) + " to " +
                                        std::to_string(limits::capacity_max)};
  }
  StateFile file;
  file.options_ = options;
  file.directory_ = Fd(open(options.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const int directory = file.directory_.get();
  if (!file.directory_) return system_failure("can't open directory " + options.directory, errno);
  remove_leftovers(directory, options.name);
  file.look_at_previous();

  const Geometry shape = geometry(options.capacity);
  StateIdentity identity;
  identity.generation = random64();
  std::tie(identity.boot_id[0], identity.boot_id[1]) = boot_id();
  identity.now_ns = monotonic_ns();
  const std::string temporary = options.name + "." + std::to_string(identity.generation) + ".tmp";
  file.fd_ =
      Fd(openat(directory, temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.fd_) {
    if (errno == ENOSPC) return no_room(options, directory, shape.file_bytes);
    return system_failure("can't create " + options.directory + "/" + temporary, errno);
  }
  file.temporary_ = temporary;
  // Reserves every page, so that a full tmpfs is an error here and never SIGBUS later (C4).
  const int error = posix_fallocate(file.fd_.get(), 0, static_cast<off_t>(shape.file_bytes));
  if (error == ENOSPC) return no_room(options, directory, shape.file_bytes);
  if (error != 0) return system_failure("can't reserve " + mebibytes(shape.file_bytes), error);
  if (fchmod(file.fd_.get(), options.mode) != 0) return system_failure("chmod of " + temporary, errno);
  auto region = Region::map(file.fd_.get(), shape.file_bytes, Region::Access::read_write, true);
  if (!region) return region.failure();
  file.region_ = region.take();
  file.view_ = format_state(file.region_.bytes(), options.capacity, identity);
  for (std::size_t i = 0; i < file.inherited_.size(); ++i) {
    file.view_.marks[i].profile.store_relaxed(file.inherited_[i].profile);
    file.view_.marks[i].nonce_hash.store_relaxed(file.inherited_[i].nonce_hash);
    file.view_.marks[i].executor_id.store_release(file.inherited_[i].executor_id);
  }
  return file;
}

StateFile::Identity StateFile::identity_of_name() const {
  struct stat info{};
  if (fstatat(directory_.get(), options_.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return {};
  return {info.st_dev, info.st_ino};
}

void StateFile::look_at_previous() {
  replaces_ = identity_of_name();
  previous_ = Fd(openat(directory_.get(), options_.name.c_str(), O_RDWR | read_flags));
  if (!previous_) {
    if (errno != ENOENT) previous_note_ = system_failure("previous " + path() + " is left alone", errno).text;
    return;
  }
  CheckOptions check;
  check.accept_retired = true;
  const auto attached = attach_open(previous_.get(), path(), check);
  if (attached.ok()) {
    inherited_ = read_marks(attached.value().view);
  } else {
    previous_note_ = "in-flight marks of the previous agent can't be read: " + attached.failure().text;
  }
}

Refusal StateFile::publish() {
  // An agent that was stopped between create() and here would take the name from a newer one, which nobody would tell.
  if (identity_of_name() != replaces_)
    return Failure{Reason::retired, path() + " was taken by another agent meanwhile: this one ends"};
  mark_ready(view_);
  const int directory = directory_.get();
  if (renameat(directory, temporary_.c_str(), directory, options_.name.c_str()) != 0) {
    return system_failure("can't rename " + temporary_ + " to " + path(), errno);
  }
  temporary_.clear();
  retire_previous();
  return std::nullopt;
}

// Exactly two stores into the old inode, in its prefix that never changes (C14).
void StateFile::retire_previous() {
  if (!previous_ || size_of_regular(previous_.get()) < static_cast<std::int64_t>(prefix_bytes)) return;
  auto region = Region::map(previous_.get(), prefix_bytes, Region::Access::read_write, false);
  if (!region) return;
  StatePrefix& prefix = *reinterpret_cast<StatePrefix*>(region.value().bytes().data());
  if (prefix.magic.load_relaxed() != state_magic) return;
  // Retired before the count: a reader that loads the new count (acquire) sees it; ReaderWait::wait() relies on this.
  prefix.retired.store_release(1);
  prefix.wake_seq.add_release(1);
  futex_wake(prefix.wake_seq.futex_address(), limits::woken_per_commit);
  previous_.reset();
}

StateFile::~StateFile() {
  if (fd_ && directory_ && !temporary_.empty()) unlinkat(directory_.get(), temporary_.c_str(), 0);
}

Outcome<AttachedState> attach_state(const AttachOptions& options) {
  const Fd fd(open(options.path.c_str(), O_RDONLY | read_flags));
  if (!fd) return system_failure("can't open " + options.path, errno, Reason::no_file);
  CheckOptions check;
  check.accept_retired = options.accept_retired;
  check.accept_stale = options.accept_stale;
  return attach_open(fd.get(), options.path, check);
}

std::vector<InFlight> read_marks(const StateView& view) {
  std::vector<InFlight> marks;
  for (std::uint32_t i = 0; i < limits::in_flight_marks; ++i) {
    const MarkCell& mark = view.marks[i];
    // Acquire: the id is stored last, so the rest belongs to it.
    const std::uint64_t id = mark.executor_id.load_acquire();
    if (id == 0) continue;
    marks.push_back(
        {id, static_cast<std::uint32_t>(mark.profile.load_relaxed()), mark.nonce_hash.load_relaxed()});
  }
  return marks;
}

Outcome<AgentLock> AgentLock::acquire(const std::string& directory) {
  const std::string path = directory + "/agent.lock";
  Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return system_failure("can't open " + path, errno);
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(fd.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      return Failure{Reason::locked, path + " is held by another agent: stop it, or use another directory"};
    }
    return system_failure("can't lock " + path, errno);
  }
  return AgentLock(std::move(fd));
}

}  // namespace outrigger::ipc
