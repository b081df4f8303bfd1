// The nonce of a driver incarnation (S8): pods of another nonce are not adopted. It becomes a label value.
#pragma once
#include <string>
#include <string_view>

namespace outrigger::shim {

inline constexpr std::size_t nonce_min_bytes = 8;
inline constexpr std::size_t nonce_max_bytes = 32;

// [a-z0-9]{8,32}
bool valid_nonce(std::string_view nonce);

// 20 random characters (103 bits) from the kernel; empty when the kernel gives none.
std::string make_nonce();

}  // namespace outrigger::shim
