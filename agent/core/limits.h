// Every bound of the agent, written down once. Bounds of the shared bytes are in ipc/limits.h, with the byte
// map.
#pragma once
#include <cstddef>
#include <cstdint>

namespace outrigger::core::limits {

inline constexpr std::size_t message_bytes = 1024;    // pod, container and error messages kept by the agent
inline constexpr std::size_t frame_bytes = 4u << 20;  // one watch frame; etcd's object limit is 1.5 MiB
inline constexpr std::size_t list_page_bytes = 64u << 20;  // body of one LIST page
inline constexpr std::size_t answer_bytes = 4u << 20;      // body of one GET, POST or DELETE answer
inline constexpr std::uint32_t list_page_pods = 500;
inline constexpr std::size_t json_depth = 64;            // before any recursive walk
inline constexpr std::size_t json_members = 1024;        // of one object in a template
inline constexpr std::size_t template_bytes = 1u << 20;  // one rendered pod
inline constexpr std::size_t template_samples = 8;
inline constexpr std::size_t template_extras = 16;
inline constexpr std::size_t profiles = 64;  // per application; metrics name the first 16
inline constexpr std::size_t metric_profiles = 16;
inline constexpr std::size_t id_blocks = 4096;
inline constexpr std::uint32_t id_block_size = 65'536;
inline constexpr std::uint8_t id_digits = 10;
inline constexpr std::size_t known_ids = 200'000;
inline constexpr std::uint32_t target_executors = 200'000;
inline constexpr std::size_t creates_in_flight =
    256;  // hard top of the adaptive concurrency; also in-flight marks
inline constexpr std::size_t deletes_in_flight = 64;  // each may cost a TLS connection, about 90 KiB
inline constexpr std::size_t rendered_waiting =
    256;  // rendering=driver: pods asked for or waiting to be posted
inline constexpr std::size_t buried_uids = 16'384;  // DELETED uids remembered against older lists
inline constexpr std::size_t proposals = 1024;      // surplus executors that wait for the driver's word
inline constexpr std::size_t claims = 16'384;       // of the driver, remembered for another executor (S14)
inline constexpr std::size_t pod_claims = 64;  // read of one pod's volumes; the policy's own bound of volumes
inline constexpr std::uint32_t list_page_claims = 100;
inline constexpr std::uint32_t claim_view_ms = 5'000;  // what a list of claims said is believed so long
inline constexpr std::uint32_t claim_release_ms =
    5'000;                                          // a claim of a pod that has ended is waited for so long
inline constexpr std::size_t policy_breaches = 16;  // named in one refusal
inline constexpr std::size_t gateway_header_bytes = 256u
                                                    << 10;   // a selector may list 1,000 executor ids (S31)
inline constexpr std::size_t gateway_body_bytes = 2u << 20;  // a ConfigMap is at most 1 MiB, escaped more
inline constexpr std::size_t loop_turn_bytes = 256u << 10;   // watch bytes decoded per loop turn

}  // namespace outrigger::core::limits
