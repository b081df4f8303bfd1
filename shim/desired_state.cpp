#include "shim/desired_state.h"

#include <algorithm>

namespace outrigger::shim {
namespace {

Posted failed(outrigger_code code, std::string text) {
  return Posted{code, std::move(text), 0};
}

Posted over(const char* what, std::size_t value, std::size_t bound) {
  return failed(OUTRIGGER_ERROR_LIMIT, std::string(what) + ": " + std::to_string(value) +
                                           " is over the bound of " + std::to_string(bound));
}

Posted after_detach() {
  return failed(OUTRIGGER_ERROR_DETACHED, "the session was detached: open a new one");
}

std::size_t bytes_of(const wire::Sample& sample) {
  std::size_t bytes = sample.pod_json.size();
  for (const auto& extra : sample.extra_json) bytes += extra.size();
  return bytes;
}

bool has_id_outside(const std::uint64_t* ids, std::size_t count) {
  return std::any_of(ids, ids + count, [](std::uint64_t id) { return id == 0 || id > DesiredState::id_max; });
}

Posted bad_id(const char* what) {
  return failed(OUTRIGGER_ERROR_ARGUMENT,
                std::string(what) + ": an executor id is 0 or over " + std::to_string(DesiredState::id_max));
}

}  // namespace

DesiredState::DesiredState(const Options& options, Tickets& tickets)
    : options_(options), tickets_(tickets), next_id_(options.first_id) {}

std::uint64_t DesiredState::renew(Mark& mark, bool wanted) {
  // A ticket that is still open has lost its own value to this one, sent or not: the later verdict is what
  // counts.
  if (mark.dirty) tickets_.supersede(mark.ticket);
  mark = Mark{tickets_.issue(wanted), true, true};
  if (drain_sent() && &mark != &drain_ && &mark != &detach_) tickets_.supersede(mark.ticket);
  return mark.ticket;
}

// ---- posts
// --------------------------------------------------------------------------------------------------

Posted DesiredState::policy(const wire::Policy& policy, bool wanted) {
  if (detached()) return after_detach();
  policy_ = policy;
  return {OUTRIGGER_OK, {}, renew(policy_mark_, wanted)};
}

Posted DesiredState::pod_template(wire::PostTemplate pod_template, bool wanted) {
  if (detached()) return after_detach();
  std::size_t bytes = 0;
  for (const auto& sample : pod_template.samples) bytes = std::max(bytes, bytes_of(sample));
  if (bytes > template_bytes_max) return over("bytes of a template's sample", bytes, template_bytes_max);
  const TemplateKey key{pod_template.profile, pod_template.id_digits};
  const auto found = templates_.find(key);
  if (found == templates_.end() && templates_.size() == profiles_max * 10)
    return over("templates", templates_.size() + 1, profiles_max * 10);
  if (found != templates_.end() && found->second.first.revision > pod_template.revision)
    return failed(OUTRIGGER_ERROR_ARGUMENT, "template revision " + std::to_string(pod_template.revision) +
                                                " of profile " + std::to_string(key.first) +
                                                " is older than the posted " +
                                                std::to_string(found->second.first.revision));
  auto& [value, mark] = templates_[key];
  value = std::move(pod_template);
  return {OUTRIGGER_OK, {}, renew(mark, wanted)};
}

Posted DesiredState::rendered(wire::PostRendered rendered, bool wanted) {
  if (detached()) return after_detach();
  const std::uint64_t id = rendered.sample.executor_id;
  if (has_id_outside(&id, 1)) return bad_id("rendered");
  if (bytes_of(rendered.sample) > template_bytes_max)
    return over("bytes of a rendered pod", bytes_of(rendered.sample), template_bytes_max);
  if (!rendered_.contains(id) && rendered_.size() == rendered_max)
    return over("rendered pods that wait for room", rendered_.size() + 1, rendered_max);
  auto& [value, mark] = rendered_[id];
  value = std::move(rendered);
  return {OUTRIGGER_OK, {}, renew(mark, wanted)};
}

Posted DesiredState::target(std::uint32_t profile, std::uint32_t executors, bool wanted) {
  if (detached()) return after_detach();
  if (draining())
    return failed(OUTRIGGER_ERROR_DETACHED, "the session is draining: a target can't be posted any more");
  if (executors > known_max) return over("target", executors, known_max);
  if (!targets_.contains(profile) && targets_.size() == profiles_max)
    return over("profiles with a target", targets_.size() + 1, profiles_max);
  auto& [value, mark] = targets_[profile];
  value = executors;
  return {OUTRIGGER_OK, {}, renew(mark, wanted)};
}

Posted DesiredState::known(const std::uint64_t* added, std::size_t added_count, const std::uint64_t* removed,
                           std::size_t removed_count, bool wanted) {
  if (detached()) return after_detach();
  if (has_id_outside(added, added_count) || has_id_outside(removed, removed_count)) return bad_id("known");
  if (known_.size() + added_count > known_max)
    return over("known ids", known_.size() + added_count, known_max);
  for (std::size_t i = 0; i < added_count; ++i) {
    if (!known_.insert(added[i]).second) continue;
    if (!known_removed_.erase(added[i])) known_added_.insert(added[i]);
  }
  for (std::size_t i = 0; i < removed_count; ++i) {
    if (known_.erase(removed[i]) == 0) continue;
    if (!known_added_.erase(removed[i])) known_removed_.insert(removed[i]);
  }
  return {OUTRIGGER_OK, {}, renew(known_mark_, wanted)};
}

Posted DesiredState::known_full(const std::uint64_t* ids, std::size_t count, bool wanted) {
  if (detached()) return after_detach();
  if (has_id_outside(ids, count)) return bad_id("known");
  if (count > known_max) return over("known ids", count, known_max);
  known_ = std::set<std::uint64_t>(ids, ids + count);
  known_full_ = true;
  known_added_ = known_;
  known_removed_.clear();
  return {OUTRIGGER_OK, {}, renew(known_mark_, wanted)};
}

Posted DesiredState::add_ids(IdSet& set, const char* name, const std::uint64_t* ids, std::size_t count,
                             bool wanted) {
  if (detached()) return after_detach();
  if (has_id_outside(ids, count)) return bad_id(name);
  if (set.ids.size() + count > known_max) return over(name, set.ids.size() + count, known_max);
  set.ids.insert(ids, ids + count);
  set.pending.insert(ids, ids + count);
  return {OUTRIGGER_OK, {}, renew(set.mark, wanted)};
}

Posted DesiredState::confirm_delete(const std::uint64_t* ids, std::size_t count, bool wanted) {
  return add_ids(confirmed_, "confirm-delete", ids, count, wanted);
}

Posted DesiredState::delete_executors(const std::uint64_t* ids, std::size_t count, bool wanted) {
  return add_ids(deleted_, "delete", ids, count, wanted);
}

Posted DesiredState::grant(std::uint32_t count, bool wanted, std::uint64_t* first) {
  if (detached()) return after_detach();
  if (count == 0) count = options_.id_block_size;
  if (count > block_max) return over("ids of a block", count, block_max);
  if (blocks_.size() == blocks_pending_max)
    return over("id blocks that wait for room", blocks_.size() + 1, blocks_pending_max);
  if (next_id_ > id_max || count > id_max - next_id_ + 1)
    return failed(OUTRIGGER_ERROR_IDS, "executor ids are used up: next is " + std::to_string(next_id_) +
                                           ", " + std::to_string(count) +
                                           " were asked for, the last one is " + std::to_string(id_max));
  const std::uint64_t ticket = tickets_.issue(wanted);
  blocks_.push_back(Block{wire::GrantIds{next_id_, count}, ticket});
  if (first != nullptr) *first = next_id_;
  next_id_ += count;
  return {OUTRIGGER_OK, {}, ticket};
}

Posted DesiredState::drain(bool wanted) {
  if (detached()) return after_detach();
  return {OUTRIGGER_OK, {}, renew(drain_, wanted)};
}

Posted DesiredState::detach(bool wanted) {
  if (detached()) return after_detach();
  return {OUTRIGGER_OK, {}, renew(detach_, wanted)};
}

void DesiredState::acknowledge(std::uint64_t ring_sequence) {
  ack_ = ring_sequence;
}

void DesiredState::forget(std::uint64_t executor_id) {
  for (IdSet* set : {&confirmed_, &deleted_}) {
    set->ids.erase(executor_id);
    // An id that is still to be sent is sent: its ticket waits for the verdict.
  }
}

bool DesiredState::grant_under_way() const {
  return !blocks_.empty() || std::any_of(in_flight_.begin(), in_flight_.end(),
                                         [](const auto& entry) { return entry.second.is_grant; });
}

// ---- a new agent
// --------------------------------------------------------------------------------------------

bool DesiredState::detach_under_way() const {
  return detach_.dirty || tickets_.open(detach_.ticket);
}

void DesiredState::lost() {
  // A ticket that is no item's current one has no second way to an answer.
  std::set<std::uint64_t> carried{policy_mark_.ticket,  known_mark_.ticket, confirmed_.mark.ticket,
                                  deleted_.mark.ticket, drain_.ticket,      detach_.ticket};
  for (const auto& [key, entry] : templates_) carried.insert(entry.second.ticket);
  for (const auto& [profile, entry] : targets_) carried.insert(entry.second.ticket);
  for (const auto& [wire_id, in_flight] : in_flight_)
    if (!carried.contains(in_flight.ticket)) tickets_.supersede(in_flight.ticket);
  in_flight_.clear();
  ack_.reset();
  for (const auto& [id, entry] : rendered_) tickets_.supersede(entry.second.ticket);
  rendered_.clear();
  for (const auto& block : blocks_) tickets_.supersede(block.ticket);
  blocks_.clear();

  policy_mark_.dirty = policy_mark_.set;
  for (auto& [key, entry] : templates_) entry.second.dirty = true;
  // Draining: a profile that is missing is unknown, not zero, so nothing is created before the drain arrives.
  for (auto& [profile, entry] : targets_) entry.second.dirty = !draining();
  known_full_ = true;
  known_added_ = known_;
  known_removed_.clear();
  known_mark_.dirty = true;
  for (IdSet* set : {&confirmed_, &deleted_}) {
    set->pending = set->ids;
    set->mark.dirty = !set->ids.empty();
    if (!set->mark.dirty) tickets_.supersede(set->mark.ticket);
  }
  drain_.dirty = drain_.set;
  detach_.dirty = detach_.set;
}

void DesiredState::begin_resync(bool grant_block) {
  lost();
  if (!grant_block || draining()) return;
  // Ids used up: the agent says need-ids, and the caller's next grant says why.
  static_cast<void>(grant(0, false, nullptr));
}

// ---- sending
// ------------------------------------------------------------------------------------------------

std::optional<DesiredState::Outgoing> DesiredState::next_known() const {
  if (!known_mark_.dirty) return std::nullopt;
  wire::KnownDelta body;
  body.full = known_full_;
  auto added = known_added_.begin();
  auto removed = known_removed_.begin();
  for (; added != known_added_.end() && body.added.size() < options_.ids_per_command; ++added)
    body.added.push_back(*added);
  for (;
       removed != known_removed_.end() && body.added.size() + body.removed.size() < options_.ids_per_command;
       ++removed)
    body.removed.push_back(*removed);
  const bool last = added == known_added_.end() && removed == known_removed_.end();
  return Outgoing{std::move(body), known_mark_.ticket, last};
}

template <class Body>
std::optional<DesiredState::Outgoing> DesiredState::next_ids(const IdSet& set) const {
  if (!set.mark.dirty) return std::nullopt;
  Body body;
  auto id = set.pending.begin();
  for (; id != set.pending.end() && body.ids.size() < options_.ids_per_command; ++id) body.ids.push_back(*id);
  return Outgoing{std::move(body), set.mark.ticket, id == set.pending.end()};
}

std::optional<DesiredState::Outgoing> DesiredState::next() const {
  if (drain_sent()) {
    if (ack_) return Outgoing{wire::Ack{*ack_}, 0};
    if (detach_.dirty) return Outgoing{wire::Detach{}, detach_.ticket};
    return std::nullopt;
  }
  if (!blocks_.empty()) return Outgoing{blocks_.front().grant, blocks_.front().ticket};
  if (policy_mark_.dirty) return Outgoing{policy_, policy_mark_.ticket};
  for (const auto& [key, entry] : templates_)
    if (entry.second.dirty) return Outgoing{entry.first, entry.second.ticket};
  if (!rendered_.empty()) {
    const auto& entry = rendered_.begin()->second;
    return Outgoing{entry.first, entry.second.ticket};
  }
  if (auto outgoing = next_known()) return outgoing;
  if (auto outgoing = next_ids<wire::ConfirmDelete>(confirmed_)) return outgoing;
  if (auto outgoing = next_ids<wire::DeleteExecutors>(deleted_)) return outgoing;
  for (const auto& [profile, entry] : targets_)
    if (entry.second.dirty) return Outgoing{wire::SetTarget{profile, entry.first}, entry.second.ticket};
  if (ack_) return Outgoing{wire::Ack{*ack_}, 0};
  if (drain_.dirty) return Outgoing{wire::Drain{}, drain_.ticket};
  if (detach_.dirty) return Outgoing{wire::Detach{}, detach_.ticket};
  return std::nullopt;
}

namespace {

// Marks as clean what was sent. One overload per kind of command.
template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

}  // namespace

void DesiredState::sent(const Outgoing& outgoing, std::uint64_t wire_id) {
  // Ack has no result.
  if (!std::holds_alternative<wire::Ack>(outgoing.body))
    in_flight_[wire_id] =
        InFlight{outgoing.ticket, outgoing.last, std::holds_alternative<wire::GrantIds>(outgoing.body)};
  if (outgoing.ticket != 0 && wire_id != 0) owners_[wire_id] = outgoing.ticket;
  if (owners_.size() > owners_kept) owners_.erase(owners_.begin());
  const auto ids_sent = [](IdSet& set, const std::vector<std::uint64_t>& ids) {
    for (const auto id : ids) set.pending.erase(id);
    set.mark.dirty = !set.pending.empty();
  };
  std::visit(Overloaded{
                 [&](const wire::GrantIds&) { blocks_.erase(blocks_.begin()); },
                 [&](const wire::Policy&) { policy_mark_.dirty = false; },
                 [&](const wire::PostTemplate& sent) {
                   templates_.at({sent.profile, sent.id_digits}).second.dirty = false;
                 },
                 [&](const wire::PostRendered& sent) { rendered_.erase(sent.sample.executor_id); },
                 [&](const wire::SetTarget& sent) { targets_.at(sent.profile).second.dirty = false; },
                 [&](const wire::KnownDelta& sent) {
                   known_full_ = false;
                   for (const auto id : sent.added) known_added_.erase(id);
                   for (const auto id : sent.removed) known_removed_.erase(id);
                   known_mark_.dirty = !outgoing.last;
                 },
                 [&](const wire::ConfirmDelete& sent) { ids_sent(confirmed_, sent.ids); },
                 [&](const wire::DeleteExecutors& sent) { ids_sent(deleted_, sent.ids); },
                 [&](const wire::Ack&) { ack_.reset(); },
                 [&](const wire::Drain&) { drain_.dirty = false; },
                 [&](const wire::Detach&) { detach_.dirty = false; },
                 [](const auto&) {},
             },
             outgoing.body);
}

bool DesiredState::answered(std::uint64_t wire_id, std::uint32_t verdict, std::string detail) {
  const auto found = in_flight_.find(wire_id);
  if (found == in_flight_.end()) return false;
  const InFlight in_flight = found->second;
  in_flight_.erase(found);
  if (in_flight.last || verdict != OUTRIGGER_VERDICT_ACCEPTED)
    tickets_.answer(in_flight.ticket, verdict, std::move(detail));
  return true;
}

std::uint64_t DesiredState::ticket_of(std::uint64_t wire_id) const {
  const auto found = owners_.find(wire_id);
  return found == owners_.end() ? 0 : found->second;
}

std::size_t DesiredState::unsent() const {
  if (drain_sent()) return (ack_ ? 1 : 0) + detach_.dirty;
  const auto dirty = [](const auto& map) {
    return static_cast<std::size_t>(
        std::count_if(map.begin(), map.end(), [](const auto& entry) { return entry.second.second.dirty; }));
  };
  return blocks_.size() + policy_mark_.dirty + dirty(templates_) + rendered_.size() + dirty(targets_) +
         known_mark_.dirty + confirmed_.mark.dirty + deleted_.mark.dirty + (ack_ ? 1 : 0) + drain_.dirty +
         detach_.dirty;
}

}  // namespace outrigger::shim
