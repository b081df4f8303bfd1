#include "shim/examples/progress.h"

#include <unistd.h>

#include <cstdio>

namespace outrigger::example {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

std::string field(const char* name, std::uint64_t value) {
  return std::string(",\"") + name + "\":" + std::to_string(value);
}
std::string field(const char* name, const std::string& value) {
  return std::string(",\"") + name + "\":" + quoted(value);
}

std::string event(const char* name) {
  return std::string("{\"event\":\"") + name + '"';
}

std::string executor_json(const outrigger_change& change) {
  return field("id", change.executor_id) + field("profile", change.profile) +
         field("state", outrigger_executor_state_name(change.state)) + field("uid", change.uid) +
         field("name", change.name);
}

}  // namespace

Progress::Progress(bool json) : json_(json), terminal_(!json && isatty(STDOUT_FILENO) == 1) {}

void Progress::line(const std::string& json, const std::string& plain) {
  if (table_lines_ > 0)
    std::printf("\033[%dA\033[J", table_lines_);  // the table is drawn again below the line
  if (table_lines_ > 0) counts_text_.clear();
  table_lines_ = 0;
  std::printf("%s\n", json_ ? json.c_str() : plain.c_str());
  std::fflush(stdout);
}

void Progress::session(const outrigger_state& state) {
  if (state.session == session_state_ && session_text_ == state.text) return;
  session_state_ = state.session;
  session_text_ = state.text;
  const std::string name = outrigger_session_state_name(state.session);
  line(event("session") + field("state", name) + field("text", state.text) +
           field("agents", state.generations) + "}",
       "agent: " + name + (session_text_.empty() ? "" : " (" + session_text_ + ")"));
}

void Progress::counts(const Counts& counts, const std::vector<outrigger_profile_status>& profiles) {
  std::string json = event("counts") + field("creating", counts.creating) + field("pending", counts.pending) +
                     field("running", counts.running) + field("terminating", counts.terminating) +
                     field("known", counts.known) + field("ended", counts.ended) + ",\"profiles\":[";
  for (const auto& p : profiles) {
    if (json.back() == '}') json += ',';
    json += "{\"profile\":" + std::to_string(p.profile) + field("target", p.target) +
            field("running", p.running) + field("wait", outrigger_wait_reason_name(p.wait)) +
            field("error", outrigger_error_class_name(p.last_error)) +
            field("error_text", p.last_error_text) + "}";
  }
  json += "]}";
  if (json == counts_text_) return;
  if (!terminal_) {
    line(json, "creating " + std::to_string(counts.creating) + ", pending " + std::to_string(counts.pending) +
                   ", running " + std::to_string(counts.running) + ", terminating " +
                   std::to_string(counts.terminating) + ", ended " + std::to_string(counts.ended));
  } else {
    if (table_lines_ > 0) std::printf("\033[%dA\033[J", table_lines_);
    std::printf("profile  target  creating  pending  running  terminating  waits for\n");
    for (const auto& p : profiles)
      std::printf("%7u  %6u  %8u  %7u  %7u  %11u  %s %s\n", p.profile, p.target, p.creating, p.pending,
                  p.running, p.terminating, outrigger_wait_reason_name(p.wait), p.last_error_text);
    std::printf("    all  known %u, ended %llu\n", counts.known,
                static_cast<unsigned long long>(counts.ended));
    table_lines_ = static_cast<int>(profiles.size()) + 2;
    std::fflush(stdout);
  }
  counts_text_ = json;
}

void Progress::ended(const outrigger_change& change) {
  const bool by_app = (change.flags & OUTRIGGER_CHANGE_CAUSED_BY_APP) != 0;
  const std::string exit_class = outrigger_exit_class_name(change.exit_class);
  line(event("executor") + executor_json(change) + field("class", exit_class) + ",\"caused_by_app\":" +
           (by_app ? "true" : "false") + ",\"exit_code\":" + std::to_string(change.exit_code) +
           field("error", outrigger_error_class_name(change.create_error)) + field("reason", change.reason) +
           field("message", change.message) + "}",
       "executor " + std::to_string(change.executor_id) + ": " + outrigger_executor_state_name(change.state) +
           ", " + exit_class + ", code " + std::to_string(change.exit_code) +
           (by_app ? ", counts against the application" : "") +
           (change.message[0] != '\0' ? std::string(": ") + change.message : ""));
}

void Progress::refused(const outrigger_result& result) {
  const std::string verdict = outrigger_verdict_name(result.verdict);
  line(event("refused") + field("command", result.command) + field("verdict", verdict) +
           field("detail", result.detail) + "}",
       "command " + std::to_string(result.command) + ": " + verdict + ": " + result.detail);
}

void Progress::status(const outrigger_state& state, const outrigger_control_status& control,
                      const std::vector<outrigger_change>& executors) {
  std::string json = event("status") + field("state", outrigger_session_state_name(state.session)) +
                     field("agent", outrigger_agent_session_name(control.agent_session)) +
                     field("synced", state.synced) + field("generation", state.generation) +
                     field("resource_version", control.resource_version) +
                     field("drain_left", control.drain_left) + field("unsent", state.unsent) +
                     field("more", state.more) + ",\"executors\":[";
  for (const auto& change : executors) {
    if (json.back() == '}') json += ',';
    std::string entry = executor_json(change);
    entry.front() = '{';
    json += entry + "}";
  }
  line(json + "]}", std::string("agent: ") + outrigger_agent_session_name(control.agent_session) + ", " +
                        std::to_string(executors.size()) + " executors, drain left " +
                        std::to_string(control.drain_left));
}

void Progress::note(const std::string& text) {
  line(event("note") + field("text", text) + "}", text);
}

}  // namespace outrigger::example
