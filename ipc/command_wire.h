// Commands as plain values and their wire form: fixed fields in a slot, lists and JSON in the arena (C16).
// One alternative per kind; both directions check every count and length against limits.h.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ipc/command_queue_layout.h"
#include "ipc/outcome.h"

namespace outrigger::ipc::wire {

struct Hello {
  std::string nonce, client_version, application_id;
  bool operator==(const Hello&) const = default;
};
struct ResyncBegin {
  bool operator==(const ResyncBegin&) const = default;
};
struct ResyncEnd {
  bool operator==(const ResyncEnd&) const = default;
};
struct GrantIds {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  bool operator==(const GrantIds&) const = default;
};
struct Policy {
  std::uint32_t max_pending_pods = 0x7FFFFFFF;
  std::uint32_t max_pending_pods_per_profile = 0x7FFFFFFF;
  std::uint64_t maximum_id = 0x7FFFFFFF;
  std::uint64_t creation_timeout_ms = 600'000;
  std::uint64_t idle_timeout_ms = 60'000;
  std::uint32_t batch_size = 0;
  std::uint64_t batch_delay_ms = 0;
  bool delete_on_termination = true;
  std::uint64_t driver_grace_ms = 30'000;
  std::uint32_t termination_grace_s = 30;
  bool reuse_claims = false;  // S14; words that an older driver leaves at 0
  bool wait_for_claims = false;
  std::uint32_t maximum_claims = 0;
  bool operator==(const Policy&) const = default;
};
struct Sample {
  std::uint64_t executor_id = 0;
  std::string pod_json;
  std::vector<std::string> extra_json;
  bool operator==(const Sample&) const = default;
};
struct PostTemplate {
  std::uint32_t profile = 0;
  std::uint32_t revision = 0;
  std::uint8_t id_digits = 0;
  std::vector<Sample> samples;  // 2 .. limits::template_samples
  bool operator==(const PostTemplate&) const = default;
};
struct PostRendered {
  std::uint32_t profile = 0;
  Sample sample;
  bool operator==(const PostRendered&) const = default;
};
struct SetTarget {
  std::uint32_t profile = 0;
  std::uint32_t executors = 0;
  bool operator==(const SetTarget&) const = default;
};
struct KnownDelta {
  bool full = false;
  std::vector<std::uint64_t> added, removed;
  bool operator==(const KnownDelta&) const = default;
};
struct ConfirmDelete {
  std::vector<std::uint64_t> ids;
  bool operator==(const ConfirmDelete&) const = default;
};
struct DeleteExecutors {
  std::vector<std::uint64_t> ids;
  bool operator==(const DeleteExecutors&) const = default;
};
struct Ack {
  std::uint64_t sequence = 0;
  bool operator==(const Ack&) const = default;
};
struct Drain {
  bool operator==(const Drain&) const = default;
};
struct Detach {
  bool operator==(const Detach&) const = default;
};

using Body = std::variant<Hello, ResyncBegin, ResyncEnd, GrantIds, Policy, PostTemplate, PostRendered,
                          SetTarget, KnownDelta, ConfirmDelete, DeleteExecutors, Ack, Drain, Detach>;
// The kind on the wire is the alternative's index + 1; append only.
inline constexpr std::uint16_t kinds = std::variant_size_v<Body>;
const char* kind_name(std::uint16_t kind);

using Fixed = std::array<std::uint64_t, slot_fixed_words>;
struct Encoded {
  std::uint16_t kind = 0;
  Fixed fixed{};
  std::vector<std::uint64_t> payload;  // whole words: texts are padded with zeros
};
// Reason::invalid when something is over a bound; the text names it.
Outcome<Encoded> encode(const Body& body);
// Total over any words. Reason::invalid: malformed; the text says what and where.
Outcome<Body> decode(std::uint16_t kind, const Fixed& fixed, std::span<const std::uint64_t> payload);

// Over whole words. Not cryptographic: it finds a payload that changed between writing and copying.
std::uint64_t payload_hash(std::span<const std::uint64_t> words);

}  // namespace outrigger::ipc::wire
