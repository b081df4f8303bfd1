// Values for the tests of core: pods, moments, JSON from a short text.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/allocator.h"
#include "agent/core/claim.h"
#include "agent/core/pod.h"

namespace outrigger::core::test {

inline constexpr const char* nonce = "nonce0001";
inline constexpr PodUid driver_uid{{7, 7}};

inline Instant at(std::int64_t ms) {
  return Instant(Millis(ms));
}
inline PodUid uid(std::uint64_t n) {
  return PodUid{{0xABCD, n}};
}

// A pod as the server shows it right after its create.
inline Pod pod(std::uint64_t id, std::uint64_t version = 0, std::uint32_t profile = 0) {
  Pod p;
  p.uid = uid(id);
  p.name = "app-exec-" + std::to_string(id);
  p.resource_version = version;
  p.executor_id = ExecutorId{id};
  p.profile = ProfileId{profile};
  p.owner_uid = driver_uid;
  p.nonce = nonce;
  p.application = "app";
  p.phase = PodPhase::pending;
  return p;
}
inline Pod running(Pod p, std::uint64_t version) {
  p.resource_version = version;
  p.phase = PodPhase::running;
  p.executor.state = ContainerState::running;
  return p;
}
inline Pod ended(Pod p, std::int32_t code, std::uint64_t version) {
  p.resource_version = version;
  p.phase = code == 0 ? PodPhase::succeeded : PodPhase::failed;
  p.executor.state = ContainerState::terminated;
  p.executor.exit_code = code;
  return p;
}
inline Pod deleting(Pod p, std::uint64_t version) {
  p.resource_version = version;
  p.deletion_at_ms = 1'000'000;
  return p;
}

// Claims (S14).
inline constexpr std::uint64_t gib = std::uint64_t{1} << 30;
inline constexpr WallMillis wall = 1'000'000'000;
inline ClaimShape shape(std::uint64_t bytes = gib, std::string storage_class = "fast") {
  return {std::move(storage_class), "ReadWriteOncePod", "Filesystem", bytes};
}
inline Claim claim(std::string name, std::uint64_t bytes = gib, std::string storage_class = "fast") {
  return {std::move(name), shape(bytes, std::move(storage_class)), driver_uid, wall, true};
}
inline Pod with_claims(Pod p, std::vector<std::string> names) {
  p.claims = std::move(names);
  return p;
}

inline Moment moment(std::int64_t now_ms = 0) {
  Moment m;
  m.now = at(now_ms);
  m.session = SessionState::ready;
  m.nonce = nonce;
  m.owner_uid = driver_uid;
  m.application_id = "app";
  m.create_slots = 1'000'000;
  m.delete_slots = 1'000'000;
  return m;
}

// A template for ids of `digits` digits, as small as a pod can be.
PodTemplate small_template(std::uint8_t digits, std::uint32_t profile = 0);
// The same with a claim on demand that the driver owns (S14).
PodTemplate template_with_claim(std::uint8_t digits, std::uint32_t profile = 0);

// Synced, resynced, with templates for 1 to 6 digits, and ids from 1.
struct World {
  Books books;
  explicit World(std::uint32_t ids = 60'000);
  void target(std::uint32_t executors, std::uint32_t profile = 0);
  void policy(const AllocationPolicy& policy) { books.desired.apply(policy); }
  // Everybody else is unknown to the scheduler.
  void known(std::vector<ExecutorId> ids);
  Observation see(PodEvent event, std::int64_t now_ms = 0) {
    return observe(books, std::move(event), nonce, at(now_ms));
  }
  Observation see(Pod p, std::int64_t now_ms = 0) { return see(PodEvent(PodApplied{std::move(p)}), now_ms); }
  Observation lose(Pod p, std::int64_t now_ms = 0) { return see(PodEvent(PodDeleted{std::move(p)}), now_ms); }
  Actions step(const Moment& m);  // decide and commit
  // Answers every POST in `actions` and shows its pod.
  void land(const Actions& actions, std::int64_t now_ms = 0);
  std::uint64_t version = 100;
};

}  // namespace outrigger::core::test
