#include <ostream>

#include "agent/ctl/commands.h"
#include "agent/ctl/text.h"

namespace outrigger::ctl {
namespace {

std::string ago(const std::optional<core::Nanos>& age) {
  return age ? human_fine(std::chrono::duration_cast<std::chrono::milliseconds>(*age)) + " ago"
             : std::string("never");
}

std::string agent_word(const AgentFacts& agent) {
  if (!agent.alive) return "dead";
  if (agent.retired) return "replaced";
  return agent.heartbeat_age && *agent.heartbeat_age <= hung_after ? "alive" : "hangs";
}

std::string waits_for(const core::ProfileStatus& profile, core::Instant now) {
  if (profile.wait == core::WaitReason::none) return {};
  std::string text(core::to_string(profile.wait));
  if (profile.last_error != core::ApiErrorClass::none)
    text += ":" + std::string(core::to_string(profile.last_error));
  const std::int64_t left_ns = profile.retry_at_monotonic_ns - now.time_since_epoch().count();
  if (profile.retry_at_monotonic_ns != 0 && left_ns > 0)
    text += " (again in " + human_fine(std::chrono::milliseconds(left_ns / 1'000'000)) + ")";
  return text;
}

Table profile_table(const View& view) {
  Table table{{"PROFILE", "TARGET", "RUNNING", "PENDING", "CREATING", "TERMINATING", "CREATED", "FAILED",
               "WAITS-FOR"},
              {}};
  for (const core::ProfileStatus& p : view.profiles) {
    table.rows.push_back({std::to_string(p.profile.value), std::to_string(p.target),
                          std::to_string(p.running), std::to_string(p.pending), std::to_string(p.creating),
                          std::to_string(p.terminating), std::to_string(p.created_total),
                          std::to_string(p.create_failed_total), waits_for(p, view.read_at)});
  }
  return table;
}

}  // namespace

void print_status(std::ostream& out, const View& view) {
  const AgentFacts& agent = view.agent;
  out << "Agent:        " << agent_word(agent) << ", heartbeat " << ago(agent.heartbeat_age)
      << ", generation " << agent.generation << '\n';
  out << "API server:   " << (view.control.synced ? "synced" : "not synced")
      << (view.control.stale ? ", out of touch" : "") << ", contact " << ago(agent.contact_age)
      << ", resource version " << view.control.resource_version << '\n';
  out << "Driver:       " << core::to_string(view.control.session);
  if (view.control.ids_wanted != 0) out << ", waits for " << view.control.ids_wanted << " executor ids";
  if (view.control.drain_left != 0) out << ", " << view.control.drain_left << " pods left to drain";
  out << '\n';
  out << "Table:        " << agent.records << " of " << agent.capacity << " records, sequence "
      << agent.applied << '\n';
  if (view.control.last_error != core::ApiErrorClass::none) {
    out << "Last error:   " << core::to_string(view.control.last_error) << ": "
        << printable(view.control.last_error_message) << '\n';
  }
  for (const core::ProfileStatus& p : view.profiles) {
    if (!p.last_error_message.empty())
      out << "Profile " << p.profile.value << ":    " << printable(p.last_error_message) << '\n';
  }
  if (!view.profiles.empty()) {
    out << '\n';
    print(out, profile_table(view));
  }
}

}  // namespace outrigger::ctl
