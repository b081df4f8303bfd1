// Every label value there is. Enumerations of core and kube are repeated as text, because this room knows no
// other; a test compares them. The last value of each list takes what is not known.
#pragma once
#include <array>
#include <string_view>

namespace outrigger::metrics::labels {

inline constexpr std::array<std::string_view, 5> methods{"GET", "POST", "PATCH", "DELETE", "other"};
inline constexpr std::array<std::string_view, 3> lanes{"watch", "write", "other"};
inline constexpr std::array<std::string_view, 3> outcomes{"ok", "failed", "other"};

// core::to_string(ApiErrorClass), with "ok" for none.
inline constexpr std::array<std::string_view, 17> results{"ok",
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
inline constexpr std::array<std::string_view, 19> exit_classes{
    "none",          "succeeded",       "app_error", "oom_container",    "jvm_oom",       "uncaught",
    "disk",          "sigkill_unknown", "preempted", "evicted_api",      "node_pressure", "own_limit",
    "node_shutdown", "node_lost",       "requested", "deleted_external", "startup_env",   "unknown",
    "other"};
inline constexpr std::array<std::string_view, 12> pod_states{
    "creating", "create_failed", "pending", "running", "terminating", "succeeded",
    "failed",   "deleted",       "unknown", "wanted",  "none",        "other"};
inline constexpr std::array<std::string_view, 11> verdicts{
    "none",        "accepted",         "refused_malformed", "refused_identity", "refused_order",
    "refused_ids", "refused_template", "refused_policy",    "refused_limit",    "unknown",
    "other"};
inline constexpr std::array<std::string_view, 6> watch_events{"added",    "modified", "deleted",
                                                              "bookmark", "error",    "other"};

// kube::to_string(RestartReason).
inline constexpr std::array<std::string_view, 16> watch_restarts{
    "server_timeout", "very_short",          "interrupted", "timed_out",    "refused",   "tls",
    "gone",           "too_large_version",   "throttled",   "unauthorized", "forbidden", "server_error",
    "undecodable",    "watch_list_fallback", "rejected",    "other"};

// flow::gateway_rules.
inline constexpr std::array<std::string_view, 15> gateway_rules{
    "read-pod",         "list-pods",         "change-pod-labels",
    "delete-pod",       "delete-pods",       "executor-config-map",
    "clean-up",         "not-listed",        "no-watch",
    "other-namespace",  "other-application", "malformed",
    "config-map-shape", "pod-change",        "other"};

}  // namespace outrigger::metrics::labels
