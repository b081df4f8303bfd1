#include "agent/io/entropy.h"

#include <sys/random.h>

#include <bit>
#include <stdexcept>

namespace outrigger::io {

SystemEntropy::SystemEntropy() {
  if (::getrandom(state_.data(), sizeof(state_), 0) != static_cast<ssize_t>(sizeof(state_)))
    throw std::runtime_error("getrandom: the kernel gave no random bytes");
  state_[0] |= 1;  // the one state the generator never leaves is all zero
}

// xoshiro256**, a public-domain generator by Blackman and Vigna.
std::uint64_t SystemEntropy::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

}  // namespace outrigger::io
