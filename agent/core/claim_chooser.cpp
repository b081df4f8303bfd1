#include "agent/core/claim_chooser.h"

#include <algorithm>

namespace outrigger::core {

const std::vector<ClaimSlot>& claim_slots(const TemplateShelf& templates, ProfileId profile, ExecutorId id) {
  static const std::vector<ClaimSlot> none;
  if (const RenderedPod* rendered = templates.rendered(id)) return rendered->claims;
  const PodTemplate* made = templates.find(profile, decimal_digits(id.value));
  return made == nullptr ? none : made->claims();
}

ClaimChooser::ClaimChooser(const Books& books, const Moment& moment)
    : books_(books), moment_(moment), policy_(books.desired.policy()) {}

bool ClaimChooser::reuses() const {
  return policy_.reuse_claims && !moment_.owner_uid.empty() && !books_.claims.is_blind(moment_.now);
}

std::uint64_t ClaimChooser::leaving(ProfileId profile, Instant& until) const {
  const auto next = books_.ids.peek();
  if (!next || !reuses()) return 0;
  const auto& slots = claim_slots(books_.templates, profile, *next);
  if (slots.empty()) return 0;
  return books_.claims.leaving(slots.front().shape, policy_.creation_timeout, moment_.now, until);
}

Instant ClaimChooser::next_ripe(const std::vector<ClaimSlot>& slots) const {
  Instant next{};
  for (const ClaimSlot& slot : slots)
    if (const Instant ripe = books_.claims.next_ripe(slot.shape, policy_.creation_timeout, moment_.now);
        ripe != Instant{} && (next == Instant{} || ripe < next))
      next = ripe;
  return next;
}

ClaimVerdict ClaimChooser::choose(ProfileId profile, ExecutorId id) const {
  ClaimVerdict verdict;
  const auto& slots = claim_slots(books_.templates, profile, id);
  const ClaimBook& book = books_.claims;
  if (slots.empty() || !reuses()) return verdict;
  if (!book.listed_once()) {
    verdict.waits = verdict.list = true;
    return verdict;
  }
  std::set<std::string> picked = picked_;
  for (const ClaimSlot& slot : slots)
    if (const std::string* name = book.find(slot.shape, policy_.creation_timeout, moment_.now, picked)) {
      verdict.chosen.push_back({slot.extra, *name});
      picked.insert(*name);
    }
  if (!verdict.chosen.empty()) {
    // One of them may have been deleted since.
    verdict.waits = verdict.list = !book.fresh(moment_.now);
  } else if (policy_.wait_for_claims && book.size() + fresh_ >= policy_.maximum_claims) {
    verdict.waits = true;
    verdict.retry_at = next_ripe(slots);
  }
  return verdict;
}

void ClaimChooser::take(const CreateOrder& order) {
  fresh_ += claim_slots(books_.templates, order.profile, order.id).size() - order.claims.size();
  for (const ClaimChoice& choice : order.claims) picked_.insert(choice.name);
}

bool ClaimChooser::name_taken(ProfileId profile, ExecutorId id) const {
  if (books_.claims.size() == 0) return false;
  const auto& slots = claim_slots(books_.templates, profile, id);
  return std::any_of(slots.begin(), slots.end(), [&](const ClaimSlot& slot) {
    return books_.claims.known(slot.name(std::to_string(id.value)));
  });
}

}  // namespace outrigger::core
