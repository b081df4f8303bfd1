// Every bound of the shared bytes, written down once. Part of the byte map (README.md).
#pragma once
#include <cstddef>
#include <cstdint>

namespace outrigger::ipc::limits {

// `state`
inline constexpr std::uint32_t capacity_min = 16;
inline constexpr std::uint32_t capacity_default = 4096;
inline constexpr std::uint32_t capacity_max = 200'000;
inline constexpr std::uint32_t profile_slots = 64;
inline constexpr std::uint32_t control_slots = 1;
inline constexpr std::uint32_t results = 1024;  // entry = command id mod results
inline constexpr std::uint32_t in_flight_marks = 256;
inline constexpr std::size_t name_bytes = 253;    // of a pod: the API server's own bound
inline constexpr std::size_t node_bytes = 127;    // longer names are cut, and marked so
inline constexpr std::size_t reason_bytes = 63;   // likewise
inline constexpr std::size_t cold_bytes = 488;    // name + node + reason + message together
inline constexpr std::size_t detail_bytes = 255;  // text of a result

// The command queue
inline constexpr std::uint32_t queue_slots = 1024;
inline constexpr std::size_t arena_bytes = 8u << 20;
inline constexpr std::size_t command_payload_bytes = 6u << 20;  // of one command in the arena
inline constexpr std::uint32_t drain_commands = 256;            // copied out per drain ...
inline constexpr std::size_t drain_payload_bytes = 6u << 20;    // ... and bytes of payload (C16)

// Counts and lengths inside commands
inline constexpr std::size_t nonce_min_bytes = 8;
inline constexpr std::size_t nonce_max_bytes = 32;
inline constexpr std::size_t client_version_bytes = 64;
inline constexpr std::size_t application_id_bytes = 253;
inline constexpr std::size_t pod_json_bytes = 1u << 20;  // one rendered pod, or one extra resource
inline constexpr std::size_t template_samples = 8;
inline constexpr std::size_t template_extras = 16;
inline constexpr std::uint8_t id_digits = 10;
inline constexpr std::uint32_t id_block = 65'536;
inline constexpr std::uint32_t id_list = 200'000;  // ids in one known, confirm-delete or delete
inline constexpr std::uint32_t target_executors = 200'000;

// The socket
inline constexpr std::uint32_t unanswered_connections = 8;
inline constexpr std::int64_t hello_deadline_ns = 2'000'000'000;
inline constexpr std::size_t answer_text_bytes = 255;

// Waking and reading
inline constexpr int woken_per_commit = 2;  // C11
inline constexpr std::uint32_t resync_laps = 4;
inline constexpr std::uint32_t slot_retries = 10'000;
inline constexpr std::int64_t heartbeat_stale_ns = 2'000'000'000;  // C13: older means the agent hangs
inline constexpr std::int64_t wait_slice_ns = 100'000'000;  // C12: product waits end at least this often

}  // namespace outrigger::ipc::limits
