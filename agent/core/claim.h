// PersistentVolumeClaims as values: what decides whether one executor's claim can serve another (S14).
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/core/ids.h"
#include "agent/core/json.h"
#include "agent/core/time.h"

namespace outrigger::core {

// Ordered so that what can serve a wish stands behind it, the smallest first.
struct ClaimShape {
  std::string storage_class;  // empty = the claim names none
  std::string access;         // modes in byte order, joined by ','
  std::string volume_mode;    // "Filesystem" where the claim says nothing
  std::uint64_t bytes = 0;    // requested
  auto operator<=>(const ClaimShape&) const = default;
  // At least as large, and the same otherwise.
  bool serves(const ClaimShape& wish) const {
    return storage_class == wish.storage_class && access == wish.access && volume_mode == wish.volume_mode &&
           bytes >= wish.bytes;
  }
};

// A claim as the server lists it.
struct Claim {
  std::string name;
  ClaimShape shape;
  PodUid owner_uid;  // of its only owner; all zero = none, or several
  WallMillis created_at_ms = 0;
  bool usable = true;  // false: on its way out, or its volume is lost
};

// A quantity as Kubernetes writes it ("1Gi", "0.5Gi", "1e3"), in whole units, rounded up. nullopt: none, or over 2^64.
std::optional<std::uint64_t> quantity_of(std::string_view text);

// nullopt: no PersistentVolumeClaim, or one that asks for no size.
std::optional<ClaimShape> shape_of(const Json& claim);

// One claim of an executor in place of the one it would get.
struct ClaimChoice {
  std::size_t extra = 0;  // index of the extra resource that is not made
  std::string name;
  bool operator==(const ClaimChoice&) const = default;
};

}  // namespace outrigger::core
