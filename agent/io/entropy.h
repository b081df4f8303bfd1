// Seeded by the kernel once; no system call per number.
#pragma once
#include <array>

#include "agent/ports/entropy.h"

namespace outrigger::io {

class SystemEntropy final : public ports::Entropy {
 public:
  SystemEntropy();
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace outrigger::io
