// Resource versions. To be sent back they stay text; they are compared only where the server's contract
// allows it: decimal digits without a leading zero, up to 2^128-1 (KEP-5504). "0", "" and anything else have
// no order.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace outrigger::kube {

bool is_comparable(std::string_view version);
// nullopt if either of them is not comparable.
std::optional<std::strong_ordering> compare_versions(std::string_view a, std::string_view b);
// The projection that the pod table and the channel carry; 0 = not comparable, or over 64 bits.
std::uint64_t to_u64(std::string_view version);

}  // namespace outrigger::kube
