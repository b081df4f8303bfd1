// Small things of the operating system that several files of this room need.
#pragma once
#include <cstdint>
#include <string>
#include <utility>

namespace outrigger::ipc {

// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

std::int64_t monotonic_ns();
std::uint64_t random64();  // never 0
// The kernel's boot id as 128 bits; zeros where it can't be read.
std::pair<std::uint64_t, std::uint64_t> boot_id();

// One line that says what of memfd, seals, shared futex, robust list and OFD locks is missing here (C2);
// empty when nothing is. `directory` is where the locks will be.
std::string probe(const std::string& directory);

}  // namespace outrigger::ipc
