// What one slot of the state table says, as plain values, and its 16 words. Enum numbers are those of the
// agent's vocabulary (agent/core), listed in README.md; ipc carries them without knowing them.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace outrigger::ipc {

enum class RecordKind : std::uint8_t { none = 0, pod = 1, profile = 2, control = 3 };

// The record as it lies in a ring entry and in a slot (C5). Word 0 is sequence << 1 | busy; a copy is never
// busy.
struct Record {
  std::array<std::uint64_t, 16> words{};
  std::uint64_t sequence() const { return words[0] >> 1; }
  std::uint32_t slot() const { return static_cast<std::uint32_t>(words[1]); }
  std::uint32_t slot_generation() const { return static_cast<std::uint32_t>(words[1] >> 32); }
  RecordKind kind() const { return static_cast<RecordKind>(words[3] >> 32 & 0xFF); }
  std::uint64_t executor_id() const { return kind() == RecordKind::pod ? words[2] : 0; }
};

namespace flag {  // of PodRecord::flags; append only
inline constexpr std::uint16_t caused_by_app = 1;
inline constexpr std::uint16_t delete_proposed = 2;
inline constexpr std::uint16_t gone =
    4;  // no pod exists under this record: it is a tombstone (C8), create-failed too
inline constexpr std::uint16_t ready = 8;
inline constexpr std::uint16_t scheduled = 16;
inline constexpr std::uint16_t inactive = 32;
inline constexpr std::uint16_t other_container_failed = 64;
inline constexpr std::uint16_t other_container_running = 128;
}  // namespace flag

struct PodRecord {
  std::uint64_t executor_id = 0;  // 0 = none
  std::uint32_t profile = 0;
  std::uint8_t state = 0;            // core::ExecutorState
  std::uint8_t phase = 0;            // core::PodPhase
  std::uint8_t container_state = 0;  // core::ContainerState
  std::int32_t exit_code = 0;
  std::uint8_t exit_class = 0;    // core::ExitClass
  std::uint8_t create_error = 0;  // core::ApiErrorClass
  std::uint16_t flags = 0;
  std::array<std::uint64_t, 2> uid{};  // core::PodUid; all zero = not known yet
  std::array<std::uint8_t, 16> ip{};   // IPv6, or IPv4 mapped; all zero = none
  std::uint64_t resource_version = 0;
  std::int64_t created_at_ms = 0, scheduled_at_ms = 0, started_at_ms = 0, finished_at_ms = 0,
               deletion_at_ms = 0;
  std::uint64_t owner_command = 0;
  bool operator==(const PodRecord&) const = default;
};

struct ProfileRecord {
  std::uint32_t profile = 0;
  std::uint8_t wait = 0;        // core::WaitReason
  std::uint8_t last_error = 0;  // core::ApiErrorClass; the text is the cold record's message
  std::uint32_t target = 0, creating = 0, pending = 0, running = 0, terminating = 0;
  std::uint32_t template_revision = 0;
  std::uint16_t template_digits = 0;
  std::uint16_t template_wanted = 0;  // need-template
  std::int64_t retry_at_ns = 0;       // monotonic
  std::uint64_t created_total = 0, create_failed_total = 0;
  bool operator==(const ProfileRecord&) const = default;
};

struct ControlRecord {
  std::uint8_t session = 0;     // core::SessionState
  std::uint8_t last_error = 0;  // core::ApiErrorClass of the watch or list
  bool synced = false;
  bool stale = false;
  std::uint64_t resource_version = 0;
  std::uint32_t ids_wanted = 0;  // need-ids
  std::uint32_t drain_left = 0;
  bool operator==(const ControlRecord&) const = default;
};

// Words 0 and 1 are the writer's; pack leaves them 0.
Record pack(const PodRecord& pod);
Record pack(const ProfileRecord& profile);
Record pack(const ControlRecord& control);
// Total: any words give a value; look at kind() first.
PodRecord unpack_pod(const Record& record);
ProfileRecord unpack_profile(const Record& record);
ControlRecord unpack_control(const Record& record);

// The texts of a slot, one cold record of 512 B. Cut to the bounds of limits.h at a UTF-8 character.
struct ColdText {
  std::string name, node, reason, message;
  bool cut = false;  // set by reading: something did not fit
  bool operator==(const ColdText&) const = default;
};
inline constexpr std::size_t cold_words = 64;
using ColdWords = std::array<std::uint64_t, cold_words>;
// Word 0 (sequence) and the slot generation in word 1 are the writer's; pack leaves them 0.
ColdWords pack(const ColdText& text);
// Total: lengths are checked against the record's own size.
ColdText unpack_cold(const ColdWords& words);

}  // namespace outrigger::ipc
