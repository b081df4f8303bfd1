#include "ipc/system.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <ctime>

#include "ipc/futex.h"

namespace outrigger::ipc {

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

std::uint64_t random64() {
  std::uint64_t value = 0;
  while (value == 0) {
    if (getrandom(&value, sizeof value, 0) != sizeof value) {
      value = static_cast<std::uint64_t>(monotonic_ns()) *
              0x9E3779B97F4A7C15ull;  // only has to differ from the last
    }
  }
  return value;
}

std::pair<std::uint64_t, std::uint64_t> boot_id() {
  const Fd file(open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  char text[64];
  const ssize_t size = file ? read(file.get(), text, sizeof text) : -1;
  std::uint64_t words[2] = {0, 0};
  int digits = 0;
  for (ssize_t i = 0; i < size && digits < 32; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    words[digits / 16] = words[digits / 16] << 4 | static_cast<std::uint64_t>(digit);
    ++digits;
  }
  return {words[0], words[1]};
}

namespace {

bool memfd_with_seals() {
  const Fd fd(memfd_create("outrigger-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ftruncate(fd.get(), 4096) != 0) return false;
  return fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0 &&
         ftruncate(fd.get(), 0) != 0;
}

bool shared_futex() {
  const std::uint32_t word = 0;
  const timespec at_once{0, 1};
  const long r = syscall(SYS_futex, &word, FUTEX_WAIT, 0, &at_once, nullptr, 0);
  return r < 0 && errno == ETIMEDOUT;
}

bool robust_list() {
  void* head = nullptr;
  std::size_t size = 0;
  return syscall(SYS_get_robust_list, 0, &head, &size) == 0;
}

bool ofd_lock(const std::string& directory) {
  const Fd fd(open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  struct flock lock{};
  lock.l_type = F_WRLCK;
  return fd && fcntl(fd.get(), F_OFD_SETLK, &lock) == 0;
}

}  // namespace

std::string probe(const std::string& directory) {
  std::string missing;
  const auto miss = [&](const char* what) { missing += (missing.empty() ? "" : ", ") + std::string(what); };
  if (!memfd_with_seals()) miss("memfd with seals (no command queue can be made)");
  if (!shared_futex()) miss("shared futex (readers only look now and then)");
  if (!has_futex_waitv()) miss("futex_waitv, Linux 5.16 (death is noticed within 100 ms only)");
  if (!robust_list()) miss("robust futex (death is noticed by the heartbeat, 2 s)");
  if (!ofd_lock(directory)) miss("OFD locks in this directory (two agents can't be kept apart)");
  return missing.empty() ? missing : directory + ": this system lacks " + missing;
}

}  // namespace outrigger::ipc
