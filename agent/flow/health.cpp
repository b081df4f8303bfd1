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
  report.checks.push_back(
      {"synced", facts.synced_once,
       facts.synced_once ? "the pod table has been complete" : "the first list is not complete"});
  std::string contact_text = facts.last_contact
                                 ? "last word from the API server " + age_text(now - *facts.last_contact)
                                 : std::string("no word from the API server yet");
  if (!contact && !facts.last_error.empty()) contact_text += ": " + facts.last_error;
  report.checks.push_back({"contact", contact, std::move(contact_text)});
  return report;
}

}  // namespace outrigger::flow
