#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/allocator.h"
#include "agent/core/claim_chooser.h"

namespace outrigger::core {

Observation observe(Books& books, PodEvent event, std::string_view nonce, Instant now) {
  const bool completes = std::holds_alternative<PodInitDone>(event);
  std::uint64_t version = 0;
  if (const auto* done = std::get_if<PodInitDone>(&event)) version = done->resource_version;
  if (const auto* mark = std::get_if<PodBookmark>(&event))
    version = books.pods.listing() ? 0 : mark->resource_version;

  Observation seen;
  const bool was_synced = books.pods.synced();
  seen.deltas = books.pods.apply(std::move(event), now);
  const std::string current(nonce);
  for (const PodDelta& delta : seen.deltas) {
    const Pod& pod = delta.pod();
    if (delta.kind == DeltaKind::upserted)
      books.claims.pod_seen(
          pod, is_final(delta.row->status.state) ? std::optional(delta.row->final_at) : std::nullopt);
    else
      books.claims.pod_gone(pod.uid);
    const bool expected = books.expected.seen(pod, current);
    if (!expected && was_synced && delta.kind == DeltaKind::upserted && delta.row->first_seen == now &&
        pod.nonce == current && pod.phase == PodPhase::pending && !pod.deleting() && !pod.claims.empty())
      seen.landed.push_back(pod.executor_id);
    if (delta.kind == DeltaKind::upserted) continue;
    books.deletes.forget(pod.uid);
    const PodRow* other = books.pods.find(pod.executor_id, current);
    if (pod.nonce != current || other != nullptr) continue;  // its number means somebody else now
    books.deletes.withdraw(pod.executor_id);
    books.desired.forget(pod.executor_id);
    books.expected.forget_late(pod.executor_id);
  }
  if (completes || version != 0) seen.vanished = books.expected.complete_as_of(version);
  // Seen before it was answered, when nobody could tell that it was meant.
  std::erase_if(seen.vanished, [&](const Expectation& e) { return books.pods.find(e.uid) != nullptr; });
  for (const Expectation& e : seen.vanished) books.claims.dropped(e.id);
  return seen;
}

namespace {

std::string name_of(const Books& books, const CreateOrder& order) {
  if (const RenderedPod* rendered = books.templates.rendered(order.id)) return rendered->pod.name;
  const PodTemplate* made = books.templates.find(order.profile, decimal_digits(order.id.value));
  return made == nullptr ? std::string{} : made->pod_name(order.id);
}

void take_claims(Books& books, const CreateOrder& order, Instant now) {
  std::vector<std::string> names;
  for (const ClaimSlot& slot : claim_slots(books.templates, order.profile, order.id)) {
    const auto chosen = std::find_if(order.claims.begin(), order.claims.end(),
                                     [&](const ClaimChoice& choice) { return choice.extra == slot.extra; });
    names.push_back(chosen != order.claims.end() ? chosen->name : slot.name(std::to_string(order.id.value)));
    if (chosen == order.claims.end()) books.claims.making(order.id, names.back(), slot.shape, now);
  }
  if (!names.empty()) books.claims.reserve(order.id, std::move(names));
}

void count_batch(Books& books, ProfileId profile, Instant now) {
  const AllocationPolicy& policy = books.desired.policy();
  if (policy.batch_size == 0) return;
  BatchWindow& window = books.batch[profile];
  if (now >= window.ends) window = {now + batch_window(policy), 0};
  ++window.used;
}

}  // namespace

void commit(Books& books, const Actions& actions, const Moment& moment) {
  for (std::uint64_t i = 0; i < actions.ids_taken; ++i) books.ids.take();
  for (const CreateOrder& order : actions.creates) {
    // A rendered pod was counted when it was asked for.
    if (books.expected.find(order.id) == nullptr) count_batch(books, order.profile, moment.now);
    books.expected.posted(order.id, order.profile, name_of(books, order), moment.now);
    take_claims(books, order, moment.now);
  }
  for (const CreateOrder& order : actions.wanted) {
    count_batch(books, order.profile, moment.now);
    books.expected.wanted(order.id, order.profile, moment.now);
  }
  for (const ExecutorId id : actions.cancelled) {
    books.expected.settled(id);
    books.templates.drop_rendered(id);
  }
  for (const DeleteOrder& order : actions.deletes) books.deletes.sent(order.uid);
  for (const LabelOrder& order : actions.labels) books.deletes.sent(order.uid);
  for (const ExecutorId id : actions.withdrawals) books.deletes.withdraw(id);
  for (const ExecutorId id : actions.dropped) {
    books.desired.forget(id);
    books.deletes.withdraw(id);
  }
  for (const ExecutorId id : actions.proposals)
    if (const PodRow* row = books.pods.find(id, moment.nonce)) books.deletes.propose(id, row->pod.uid);
  for (const auto& [profile, digits] : actions.templates) books.templates.want(profile, digits);
}

}  // namespace outrigger::core
