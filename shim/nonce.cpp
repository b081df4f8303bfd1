#include "shim/nonce.h"

#include <sys/random.h>

#include <algorithm>
#include <array>

namespace outrigger::shim {
namespace {
constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t generated_bytes = 20;
}  // namespace

bool valid_nonce(std::string_view nonce) {
  return nonce.size() >= nonce_min_bytes && nonce.size() <= nonce_max_bytes &&
         std::all_of(nonce.begin(), nonce.end(),
                     [](char c) { return alphabet.find(c) != std::string_view::npos; });
}

std::string make_nonce() {
  std::string nonce;
  // 252 = 7 x 36: bytes above it would favour the first letters.
  for (int round = 0; round < 16 && nonce.size() < generated_bytes; ++round) {
    std::array<unsigned char, 64> bytes{};
    const ssize_t got = getrandom(bytes.data(), bytes.size(), GRND_NONBLOCK);
    for (ssize_t i = 0; i < got && nonce.size() < generated_bytes; ++i) {
      const unsigned char byte = bytes[static_cast<std::size_t>(i)];
      if (byte < 252) nonce += alphabet[byte % alphabet.size()];
    }
  }
  if (nonce.size() < generated_bytes) nonce.clear();
  return nonce;
}

}  // namespace outrigger::shim
