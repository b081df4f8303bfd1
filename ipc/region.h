// A mapping of shared memory. Boost.Interprocess maps, and does nothing else (C3).
#pragma once
#include <cstddef>
#include <memory>
#include <span>

#include "ipc/outcome.h"

namespace outrigger::ipc {

// Move-only; unmaps at the end. Not inherited by a forked child (MADV_DONTFORK, C4).
class Region {
 public:
  enum class Access { read_only, read_write };
  // Maps bytes [0, bytes) of `fd`, shared. The caller has checked the file's size. With `populate` the pages
  // are in the page table before the call returns.
  static Outcome<Region> map(int fd, std::size_t bytes, Access access, bool populate);
  Region();
  Region(Region&&) noexcept;
  Region& operator=(Region&&) noexcept;
  ~Region();
  std::span<std::byte> bytes() const;

 private:
  struct Mapped;
  explicit Region(std::unique_ptr<Mapped> mapped);
  std::unique_ptr<Mapped> mapped_;
};

}  // namespace outrigger::ipc
