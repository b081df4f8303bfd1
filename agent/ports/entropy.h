#pragma once
#include <cstdint>

namespace outrigger::ports {

// Jitter and nonces. Not for keys.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual std::uint64_t next() = 0;
};

}  // namespace outrigger::ports
