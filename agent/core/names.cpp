#include "agent/core/names.h"

#include <array>
#include <cstddef>

#include "agent/core/allocator.h"

namespace outrigger::core {
namespace {

template <class Enum>
struct Row {
  Enum value;
  std::string_view name;
};

// Every number from 0 has its row, in order, with a name of its own.
template <class Enum, std::size_t n>
constexpr bool complete(const std::array<Row<Enum>, n>& table, std::size_t expected) {
  if (n != expected) return false;
  for (std::size_t i = 0; i < n; ++i) {
    if (static_cast<std::size_t>(table[i].value) != i || table[i].name.empty()) return false;
    for (std::size_t k = 0; k < i; ++k)
      if (table[k].name == table[i].name) return false;
  }
  return true;
}

#define OUTRIGGER_ROW(Enum, name) \
  Row<Enum> {                     \
    Enum::name, #name             \
  }

constexpr std::array api_error_rows{
    OUTRIGGER_ROW(ApiErrorClass, none),
    OUTRIGGER_ROW(ApiErrorClass, unauthorized),
    OUTRIGGER_ROW(ApiErrorClass, rbac),
    OUTRIGGER_ROW(ApiErrorClass, quota),
    OUTRIGGER_ROW(ApiErrorClass, webhook_denied),
    OUTRIGGER_ROW(ApiErrorClass, webhook_unreachable),
    OUTRIGGER_ROW(ApiErrorClass, not_found),
    OUTRIGGER_ROW(ApiErrorClass, namespace_missing),
    OUTRIGGER_ROW(ApiErrorClass, already_exists),
    OUTRIGGER_ROW(ApiErrorClass, conflict),
    OUTRIGGER_ROW(ApiErrorClass, invalid),
    OUTRIGGER_ROW(ApiErrorClass, gone),
    OUTRIGGER_ROW(ApiErrorClass, too_large_version),
    OUTRIGGER_ROW(ApiErrorClass, throttled),
    OUTRIGGER_ROW(ApiErrorClass, server_error),
    OUTRIGGER_ROW(ApiErrorClass, transport),
    OUTRIGGER_ROW(ApiErrorClass, policy),
};
static_assert(complete(api_error_rows, static_cast<std::size_t>(ApiErrorClass::count_)));

constexpr std::array exit_class_rows{
    OUTRIGGER_ROW(ExitClass, none),          OUTRIGGER_ROW(ExitClass, succeeded),
    OUTRIGGER_ROW(ExitClass, app_error),     OUTRIGGER_ROW(ExitClass, oom_container),
    OUTRIGGER_ROW(ExitClass, jvm_oom),       OUTRIGGER_ROW(ExitClass, uncaught),
    OUTRIGGER_ROW(ExitClass, disk),          OUTRIGGER_ROW(ExitClass, sigkill_unknown),
    OUTRIGGER_ROW(ExitClass, preempted),     OUTRIGGER_ROW(ExitClass, evicted_api),
    OUTRIGGER_ROW(ExitClass, node_pressure), OUTRIGGER_ROW(ExitClass, own_limit),
    OUTRIGGER_ROW(ExitClass, node_shutdown), OUTRIGGER_ROW(ExitClass, node_lost),
    OUTRIGGER_ROW(ExitClass, requested),     OUTRIGGER_ROW(ExitClass, deleted_external),
    OUTRIGGER_ROW(ExitClass, startup_env),
};
static_assert(complete(exit_class_rows, static_cast<std::size_t>(ExitClass::count_)));

constexpr std::array executor_state_rows{
    OUTRIGGER_ROW(ExecutorState, none),          OUTRIGGER_ROW(ExecutorState, creating),
    OUTRIGGER_ROW(ExecutorState, create_failed), OUTRIGGER_ROW(ExecutorState, pending),
    OUTRIGGER_ROW(ExecutorState, running),       OUTRIGGER_ROW(ExecutorState, terminating),
    OUTRIGGER_ROW(ExecutorState, succeeded),     OUTRIGGER_ROW(ExecutorState, failed),
    OUTRIGGER_ROW(ExecutorState, deleted),       OUTRIGGER_ROW(ExecutorState, unknown),
    OUTRIGGER_ROW(ExecutorState, wanted),
};
static_assert(complete(executor_state_rows, static_cast<std::size_t>(ExecutorState::count_)));

constexpr std::array wait_reason_rows{
    OUTRIGGER_ROW(WaitReason, none),
    OUTRIGGER_ROW(WaitReason, no_driver),
    OUTRIGGER_ROW(WaitReason, no_template),
    OUTRIGGER_ROW(WaitReason, no_ids),
    OUTRIGGER_ROW(WaitReason, creating),
    OUTRIGGER_ROW(WaitReason, pending_limit),
    OUTRIGGER_ROW(WaitReason, maximum_reached),
    OUTRIGGER_ROW(WaitReason, backoff),
    OUTRIGGER_ROW(WaitReason, throttled),
    OUTRIGGER_ROW(WaitReason, not_synced),
    OUTRIGGER_ROW(WaitReason, scheduling),
    OUTRIGGER_ROW(WaitReason, draining),
    OUTRIGGER_ROW(WaitReason, confirming),
    OUTRIGGER_ROW(WaitReason, readiness_gate),
    OUTRIGGER_ROW(WaitReason, claims),
};
static_assert(complete(wait_reason_rows, static_cast<std::size_t>(WaitReason::count_)));

constexpr std::array session_state_rows{
    OUTRIGGER_ROW(SessionState, no_driver), OUTRIGGER_ROW(SessionState, attached),
    OUTRIGGER_ROW(SessionState, resyncing), OUTRIGGER_ROW(SessionState, ready),
    OUTRIGGER_ROW(SessionState, draining),  OUTRIGGER_ROW(SessionState, drained),
    OUTRIGGER_ROW(SessionState, orphaned),
};
static_assert(complete(session_state_rows, static_cast<std::size_t>(SessionState::count_)));

constexpr std::array verdict_rows{
    OUTRIGGER_ROW(Verdict, none),
    OUTRIGGER_ROW(Verdict, accepted),
    OUTRIGGER_ROW(Verdict, refused_malformed),
    OUTRIGGER_ROW(Verdict, refused_identity),
    OUTRIGGER_ROW(Verdict, refused_order),
    OUTRIGGER_ROW(Verdict, refused_ids),
    OUTRIGGER_ROW(Verdict, refused_template),
    OUTRIGGER_ROW(Verdict, refused_policy),
    OUTRIGGER_ROW(Verdict, refused_limit),
};
static_assert(complete(verdict_rows, static_cast<std::size_t>(Verdict::count_)));

constexpr std::array pod_phase_rows{
    Row<PodPhase>{PodPhase::unknown, "Unknown"}, Row<PodPhase>{PodPhase::pending, "Pending"},
    Row<PodPhase>{PodPhase::running, "Running"}, Row<PodPhase>{PodPhase::succeeded, "Succeeded"},
    Row<PodPhase>{PodPhase::failed, "Failed"},
};
static_assert(complete(pod_phase_rows, static_cast<std::size_t>(PodPhase::failed) + 1));

constexpr std::array container_state_rows{
    OUTRIGGER_ROW(ContainerState, unknown),
    OUTRIGGER_ROW(ContainerState, waiting),
    OUTRIGGER_ROW(ContainerState, running),
    OUTRIGGER_ROW(ContainerState, terminated),
};
static_assert(complete(container_state_rows, static_cast<std::size_t>(ContainerState::terminated) + 1));

constexpr std::array delete_why_rows{
    OUTRIGGER_ROW(DeleteWhy, foreign),   OUTRIGGER_ROW(DeleteWhy, requested),
    OUTRIGGER_ROW(DeleteWhy, confirmed), OUTRIGGER_ROW(DeleteWhy, final),
    OUTRIGGER_ROW(DeleteWhy, unseen),
};
static_assert(complete(delete_why_rows, static_cast<std::size_t>(DeleteWhy::unseen) + 1));

#undef OUTRIGGER_ROW

template <class Enum, std::size_t n>
std::string_view name_in(const std::array<Row<Enum>, n>& table, Enum value) {
  const auto at = static_cast<std::size_t>(value);
  return at < n ? table[at].name : std::string_view{"?"};  // a number from a newer peer
}

template <class Enum, std::size_t n>
std::optional<Enum> value_in(const std::array<Row<Enum>, n>& table, std::string_view name) {
  for (const auto& row : table)
    if (row.name == name) return row.value;
  return std::nullopt;
}

}  // namespace

std::string_view to_string(ApiErrorClass v) {
  return name_in(api_error_rows, v);
}
std::string_view to_string(ExitClass v) {
  return name_in(exit_class_rows, v);
}
std::string_view to_string(ExecutorState v) {
  return name_in(executor_state_rows, v);
}
std::string_view to_string(WaitReason v) {
  return name_in(wait_reason_rows, v);
}
std::string_view to_string(SessionState v) {
  return name_in(session_state_rows, v);
}
std::string_view to_string(Verdict v) {
  return name_in(verdict_rows, v);
}
std::string_view to_string(PodPhase v) {
  return name_in(pod_phase_rows, v);
}
std::string_view to_string(ContainerState v) {
  return name_in(container_state_rows, v);
}
std::string_view to_string(DeleteWhy v) {
  return name_in(delete_why_rows, v);
}

template <>
std::optional<ApiErrorClass> parse_name<ApiErrorClass>(std::string_view name) {
  return value_in(api_error_rows, name);
}
template <>
std::optional<ExitClass> parse_name<ExitClass>(std::string_view name) {
  return value_in(exit_class_rows, name);
}
template <>
std::optional<ExecutorState> parse_name<ExecutorState>(std::string_view name) {
  return value_in(executor_state_rows, name);
}
template <>
std::optional<WaitReason> parse_name<WaitReason>(std::string_view name) {
  return value_in(wait_reason_rows, name);
}
template <>
std::optional<SessionState> parse_name<SessionState>(std::string_view name) {
  return value_in(session_state_rows, name);
}
template <>
std::optional<Verdict> parse_name<Verdict>(std::string_view name) {
  return value_in(verdict_rows, name);
}
template <>
std::optional<PodPhase> parse_name<PodPhase>(std::string_view name) {
  return value_in(pod_phase_rows, name);
}
template <>
std::optional<ContainerState> parse_name<ContainerState>(std::string_view name) {
  return value_in(container_state_rows, name);
}

}  // namespace outrigger::core
