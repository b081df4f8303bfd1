#include "tests/apiserver/kubelet/cause.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace outrigger::apiserver {
namespace {

struct Named {
  std::string_view name;
  CauseKind kind;
  int exit_code;
  std::string_view reason;
};
constexpr std::array names{
    Named{"succeeded", CauseKind::exit, 0, "Completed"},
    Named{"app_error", CauseKind::exit, 1, "Error"},
    Named{"oom_container", CauseKind::exit, 137, "OOMKilled"},
    Named{"oom", CauseKind::exit, 137, "OOMKilled"},
    Named{"oomkilled", CauseKind::exit, 137, "OOMKilled"},
    Named{"jvm_oom", CauseKind::exit, 52, "Error"},
    Named{"uncaught", CauseKind::exit, 50, "Error"},
    Named{"disk", CauseKind::exit, 53, "Error"},
    Named{"sigkill_unknown", CauseKind::exit, 137, "Error"},
    Named{"sigkill", CauseKind::exit, 137, "Error"},
    Named{"node_pressure", CauseKind::node_pressure, 137, ""},
    Named{"evicted", CauseKind::node_pressure, 137, ""},
    Named{"own_limit", CauseKind::own_limit, 137, ""},
    Named{"preempted", CauseKind::preempted, 143, ""},
    Named{"evicted_api", CauseKind::evicted_api, 143, ""},
    Named{"node_lost", CauseKind::node_lost, 0, ""},
    Named{"node_lost_reason", CauseKind::node_lost_reason, 0, ""},
    Named{"pod_gc", CauseKind::pod_gc, 0, ""},
    Named{"node_shutdown", CauseKind::node_shutdown, 143, ""},
    Named{"deleted_external", CauseKind::deleted_external, 143, ""},
    Named{"deleted", CauseKind::deleted_external, 143, ""},
    Named{"startup_env", CauseKind::startup_env, 0, ""},
};

}  // namespace

std::optional<Cause> parse_cause(std::string_view given) {
  std::string name(given);
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  const auto found = std::find_if(names.begin(), names.end(), [&](const Named& n) { return n.name == name; });
  if (found != names.end()) return Cause{found->kind, found->exit_code, std::string(found->reason)};
  if (!name.starts_with("exit_")) return {};
  int code = 0;
  const auto [end, error] = std::from_chars(name.data() + 5, name.data() + name.size(), code);
  if (error != std::errc() || end != name.data() + name.size() || code < 0 || code > 255) return {};
  return Cause{CauseKind::exit, code, code == 0 ? "Completed" : "Error"};
}

std::string known_causes() {
  std::string text;
  for (const auto& name : names) text.append(name.name).append(", ");
  return text + "exit-N";
}

}  // namespace outrigger::apiserver
