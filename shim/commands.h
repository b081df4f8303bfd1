// What the shim sends, as values: the driver's half of spark-shim contract section 5. ipc turns them into
// bytes.
#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace outrigger::shim {

struct Sample {
  std::uint64_t executor_id = 0;
  std::string pod_json;
  std::vector<std::string> extra_json;
};
struct PodTemplate {
  std::uint32_t profile = 0;
  std::uint32_t revision = 0;
  std::uint8_t id_digits = 0;
  std::vector<Sample> samples;
};
struct Rendered {
  std::uint32_t profile = 0;
  Sample sample;
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
};

struct Grant {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
};
struct Target {
  std::uint32_t profile = 0;
  std::uint32_t executors = 0;
};
struct Known {
  bool full = false;
  std::vector<std::uint64_t> added, removed;
};
struct ConfirmDelete {
  std::vector<std::uint64_t> ids;
};
struct Delete {
  std::vector<std::uint64_t> ids;
};
struct Ack {
  std::uint64_t ring_sequence = 0;  // of the current generation
};
struct Drain {};
struct Detach {};
struct Hello {
  std::string nonce, client_version, application_id;
};
struct ResyncBegin {};
struct ResyncEnd {};

// Large bodies are borrowed from the desired state, which outlives the call that sends them.
using Command = std::variant<Hello, ResyncBegin, ResyncEnd, Grant, Policy, const PodTemplate*,
                             const Rendered*, Target, Known, ConfirmDelete, Delete, Ack, Drain, Detach>;

}  // namespace outrigger::shim
