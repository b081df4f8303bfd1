// Strong types for the numbers that must never be mixed up.
#pragma once
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace outrigger::core {

template <class Tag, class Rep>
struct StrongId {
  Rep value{};
  friend constexpr auto operator<=>(const StrongId&, const StrongId&) = default;
};

using ExecutorId = StrongId<struct ExecutorIdTag,
                            std::uint64_t>;  // 1, 2, 3 ...; 0 = no executor (label missing or not a number)
using ProfileId =
    StrongId<struct ProfileIdTag, std::uint32_t>;  // Spark's resource profile id; 0 = the default profile
using CommandId = StrongId<struct CommandIdTag,
                           std::uint64_t>;  // given by the driver, increasing within an epoch; 0 = none
using Epoch = StrongId<struct EpochTag,
                       std::uint64_t>;  // one driver connection; given by the agent, never reused by it

// The 128 bits of a Kubernetes uid. All zero = unknown.
struct PodUid {
  std::array<std::uint64_t, 2> words{};
  friend constexpr auto operator<=>(const PodUid&, const PodUid&) = default;
  constexpr bool empty() const { return words[0] == 0 && words[1] == 0; }
};

// Parses the 8-4-4-4-12 form, any case. nullopt for anything else.
std::optional<PodUid> parse_uid(std::string_view text);
std::string to_string(const PodUid& uid);

}  // namespace outrigger::core

template <class Tag, class Rep>
struct std::hash<outrigger::core::StrongId<Tag, Rep>> {
  std::size_t operator()(const outrigger::core::StrongId<Tag, Rep>& id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
template <>
struct std::hash<outrigger::core::PodUid> {
  std::size_t operator()(const outrigger::core::PodUid& uid) const noexcept {
    return uid.words[0] ^ (uid.words[1] * 0x9E3779B97F4A7C15ull);  // version-4 uids are random already
  }
};
