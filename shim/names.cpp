// The names of the ABI's numbers. Tables, so that a missing name is a compile error of the static_assert
// below it.
#include <array>
#include <cstddef>
#include <cstdint>

#include "outrigger/shim.h"

namespace {

template <std::size_t N>
const char* name_of(const std::array<const char*, N>& names, std::uint32_t number) {
  return number < N ? names[number] : "unknown";
}

constexpr std::array code_names{
    "ok",         "timeout",        "error_argument", "error_limit",  "error_capacity", "error_not_fresh",
    "error_busy", "error_detached", "error_ids",      "error_memory", "error_system",   "error_internal"};
static_assert(code_names.size() == OUTRIGGER_ERROR_INTERNAL + 1);
constexpr std::array session_names{"no_agent", "resyncing", "attached", "stale", "refused", "detached"};
static_assert(session_names.size() == OUTRIGGER_SESSION_DETACHED + 1);
constexpr std::array attach_names{"ok",           "no_file",    "too_short", "wrong_magic", "wrong_major",
                                  "wrong_layout", "other_boot", "retired",   "stale",       "no_socket",
                                  "refused",      "not_ready",  "system"};
static_assert(attach_names.size() == OUTRIGGER_ATTACH_SYSTEM + 1);
constexpr std::array executor_names{"none",    "creating",    "create_failed", "pending",
                                    "running", "terminating", "succeeded",     "failed",
                                    "deleted", "unknown",     "wanted"};
static_assert(executor_names.size() == OUTRIGGER_EXECUTOR_WANTED + 1);
constexpr std::array phase_names{"unknown", "pending", "running", "succeeded", "failed"};
static_assert(phase_names.size() == OUTRIGGER_PHASE_FAILED + 1);
constexpr std::array container_names{"unknown", "waiting", "running", "terminated"};
static_assert(container_names.size() == OUTRIGGER_CONTAINER_TERMINATED + 1);
constexpr std::array exit_names{
    "none",          "succeeded",       "app_error", "oom_container",    "jvm_oom",       "uncaught",
    "disk",          "sigkill_unknown", "preempted", "evicted_api",      "node_pressure", "own_limit",
    "node_shutdown", "node_lost",       "requested", "deleted_external", "startup_env"};
static_assert(exit_names.size() == OUTRIGGER_EXIT_STARTUP_ENV + 1);
constexpr std::array error_names{"none",
                                 "unauthorized",
                                 "rbac",
                                 "quota",
                                 "webhook_denied",
                                 "webhook_unreachable",
                                 "not_found",
                                 "namespace_missing",
                                 "already_exists",
                                 "conflict",
                                 "invalid",
                                 "gone",
                                 "too_large_version",
                                 "throttled",
                                 "server_error",
                                 "transport",
                                 "policy"};
static_assert(error_names.size() == OUTRIGGER_API_POLICY + 1);
constexpr std::array verdict_names{"none",          "accepted",    "refused_malformed", "refused_identity",
                                   "refused_order", "refused_ids", "refused_template",  "refused_policy",
                                   "refused_limit"};
static_assert(verdict_names.size() == OUTRIGGER_VERDICT_LIMIT + 1);
constexpr std::array wait_names{"none",       "no_driver",      "no_template",     "no_ids",
                                "creating",   "pending_limit",  "maximum_reached", "backoff",
                                "throttled",  "not_synced",     "scheduling",      "draining",
                                "confirming", "readiness_gate", "claims"};
static_assert(wait_names.size() == OUTRIGGER_WAIT_CLAIMS + 1);
constexpr std::array agent_names{"no_driver", "attached", "resyncing", "ready",
                                 "draining",  "drained",  "orphaned"};
static_assert(agent_names.size() == OUTRIGGER_AGENT_ORPHANED + 1);

}  // namespace

extern "C" {

const char* outrigger_code_name(std::uint32_t code) {
  return name_of(code_names, code);
}
const char* outrigger_session_state_name(std::uint32_t state) {
  return name_of(session_names, state);
}
const char* outrigger_attach_reason_name(std::uint32_t reason) {
  return name_of(attach_names, reason);
}
const char* outrigger_executor_state_name(std::uint32_t state) {
  return name_of(executor_names, state);
}
const char* outrigger_phase_name(std::uint32_t phase) {
  return name_of(phase_names, phase);
}
const char* outrigger_container_state_name(std::uint32_t state) {
  return name_of(container_names, state);
}
const char* outrigger_exit_class_name(std::uint32_t exit_class) {
  return name_of(exit_names, exit_class);
}
const char* outrigger_error_class_name(std::uint32_t error_class) {
  return name_of(error_names, error_class);
}
const char* outrigger_verdict_name(std::uint32_t verdict) {
  return verdict == OUTRIGGER_VERDICT_SUPERSEDED ? "superseded" : name_of(verdict_names, verdict);
}
const char* outrigger_wait_reason_name(std::uint32_t reason) {
  return name_of(wait_names, reason);
}
const char* outrigger_agent_session_name(std::uint32_t state) {
  return name_of(agent_names, state);
}
std::uint32_t outrigger_abi_version(void) {
  return (OUTRIGGER_ABI_MAJOR << 16) | OUTRIGGER_ABI_MINOR;
}

}  // extern "C"
