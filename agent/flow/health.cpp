#include "agent/flow/health.h"

namespace outrigger::flow {
namespace {

std::string age_text(core::Nanos age) {
  return std::to_string(std::chrono::duration_cast<core::Millis>(age).count()) + " ms ago";
}

}  // namespace

HealthReport judge_health(const HealthFacts& facts, core::Instant now) {
  HealthReport report;
  const bool turning = now - facts.last_turn <= facts.turn_bound;
  const bool contact = facts.last_contact && now - *facts.last_contact <= facts.contact_bound;
  report.started = facts.synced_once;
  report.ready = facts.synced_once && contact;
  report.live = turning;
  report.checks.push_back({"loop", turning, "last turn " + age_text(now - facts.last_turn)});
  std::string synced = "the pod table has been complete";
  if (!facts.synced_once)
    synced = "the first list is not complete" + (facts.starting.empty() ? "" : "; " + facts.starting);
  report.checks.push_back({"synced", facts.synced_once, std::move(synced)});
  std::string contact_text =
      facts.last_contact ? "the API server last told about pods " + age_text(now - *facts.last_contact)
                         : std::string("the API server has told nothing about pods yet");
  if (!contact && !facts.last_error.empty()) contact_text += ": " + facts.last_error;
  report.checks.push_back({"contact", contact, std::move(contact_text)});
  return report;
}

}  // namespace outrigger::flow
