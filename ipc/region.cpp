#include "ipc/region.h"

#include <sys/mman.h>
#include <boost/interprocess/mapped_region.hpp>

namespace outrigger::ipc {
namespace {

namespace bip = boost::interprocess;

// What mapped_region asks of a thing it maps.
struct Descriptor {
  int fd;
  bip::mapping_handle_t get_mapping_handle() const {
    return bip::ipcdetail::mapping_handle_from_file_handle(fd);
  }
};

}  // namespace

struct Region::Mapped {
  bip::mapped_region region;
};

Outcome<Region> Region::map(int fd, std::size_t bytes, Access access, bool populate) {
  const bip::map_options_t options = populate ? MAP_SHARED | MAP_POPULATE : MAP_SHARED;
  try {
    const auto mode = access == Access::read_only ? bip::read_only : bip::read_write;
    auto mapped = std::make_unique<Mapped>(
        Mapped{bip::mapped_region(Descriptor{fd}, mode, 0, bytes, nullptr, options)});
    // A child of fork() must not keep an old generation's memory alive, nor write it.
    madvise(mapped->region.get_address(), bytes, MADV_DONTFORK);
    return Region(std::move(mapped));
  } catch (const bip::interprocess_exception& e) {
    return Failure{Reason::system, "can't map " + std::to_string(bytes) + " bytes: " + e.what()};
  }
}

Region::Region() = default;
Region::Region(std::unique_ptr<Mapped> mapped) : mapped_(std::move(mapped)) {}
Region::Region(Region&&) noexcept = default;
Region& Region::operator=(Region&&) noexcept = default;
Region::~Region() = default;

std::span<std::byte> Region::bytes() const {
  if (!mapped_) return {};
  return {static_cast<std::byte*>(mapped_->region.get_address()), mapped_->region.get_size()};
}

}  // namespace outrigger::ipc
