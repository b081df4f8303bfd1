#include "shim/tickets.h"

#include <utility>

#include "outrigger/shim.h"

namespace outrigger::shim {

std::uint64_t Tickets::issue(bool wanted) {
  const std::uint64_t ticket = next_++;
  open_.emplace(ticket, wanted);
  return ticket;
}

void Tickets::answer(std::uint64_t ticket, std::uint32_t verdict, std::string detail) {
  if (ticket == 0) return;
  const bool refused = verdict != OUTRIGGER_VERDICT_ACCEPTED;
  const auto found = open_.find(ticket);
  const bool repeated = found == open_.end();
  const bool wanted = !repeated && found->second;
  if (!repeated) open_.erase(found);
  if (refused || wanted) push(Result{ticket, verdict, repeated, std::move(detail)});
}

void Tickets::supersede(std::uint64_t ticket) {
  const auto found = open_.find(ticket);
  if (found == open_.end()) return;
  const bool wanted = found->second;
  open_.erase(found);
  if (wanted) push(Result{ticket, OUTRIGGER_VERDICT_SUPERSEDED, false, {}});
}

bool Tickets::take(Result& result) {
  if (results_.empty()) return false;
  result = std::move(results_.front());
  results_.pop_front();
  return true;
}

void Tickets::push(Result result) {
  if (results_.size() == results_kept) {
    results_.pop_front();
    ++dropped_;
  }
  results_.push_back(std::move(result));
}

}  // namespace outrigger::shim
