#include "agent/flow/recovery.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/core/claim_chooser.h"
#include "agent/core/id_book.h"
#include "agent/core/records.h"

namespace outrigger::flow {
namespace {

std::vector<core::FlightMark> values_of(const std::vector<ports::InFlightMark>& marks) {
  std::vector<core::FlightMark> values;
  for (const auto& m : marks) values.push_back({m.id, m.profile, m.nonce_hash});
  return values;
}

}  // namespace

Recovery::Recovery(Seams seams, const std::vector<ports::InFlightMark>& marks)
    : seams_(std::move(seams)),
      marks_(values_of(marks), seams_.clock.now(), seams_.state.options.settle_deadline) {}

Recovery::~Recovery() {
  seams_.timers.cancel(deadline_);
}

void Recovery::start() {
  if (marks_.open().empty()) return;
  for (const auto& [id, mark] : marks_.open()) {
    seams_.sink.marks_of(mark.nonce_hash);
    seams_.sink.mark_in_flight(id, mark.profile);
    seams_.state.books.expected.inherited(id, mark.profile, seams_.clock.now(), mark.nonce_hash);
  }
  seams_.log.warning("creates of a crashed incarnation are unsettled", {{"count", std::to_string(open())}});
  deadline_ = seams_.timers.start(marks_.deadline() - seams_.clock.now(), [this] {
    deadline_ = 0;
    seams_.changed();
  });
}

void Recovery::greeted() {
  // Another driver's ids have nothing to do with this one's: their pods, if any, are foreign and go by uid (S8).
  const std::uint64_t hash = core::nonce_hash(seams_.state.session.nonce());
  seams_.sink.marks_of(hash);
  const auto open = marks_.open();
  for (const auto& [id, mark] : open)
    if (mark.nonce_hash != 0 && mark.nonce_hash != hash) close(id, false);
}

std::string Recovery::name_of(const core::FlightMark& mark) const {
  const auto* made = seams_.state.books.templates.find(mark.profile, core::decimal_digits(mark.id.value));
  return made == nullptr ? std::string() : made->pod_name(mark.id);
}

// The crash may have come between the pod's POST and those of its claims (S6).
bool Recovery::waits_for_claims(core::ExecutorId id) const {
  const std::string& nonce = seams_.state.session.nonce();  // empty until a driver has said who it is
  const auto* row =
      nonce.empty() ? seams_.state.books.pods.find(id) : seams_.state.books.pods.find(id, nonce);
  return row != nullptr && row->status.state == core::ExecutorState::pending && !row->pod.claims.empty();
}

// true: it is being seen to, or will be once the driver has said how its claims look.
bool Recovery::complete(core::ExecutorId id, const core::FlightMark& mark, bool ready) {
  if (asked_.contains(id) || seams_.state.books.templates.rendered_by_driver(mark.profile)) return false;
  const std::string name = ready ? name_of(mark) : std::string();
  if (name.empty()) {
    if (ready) seams_.state.books.templates.want(mark.profile, core::decimal_digits(id.value));
    return !marks_.expired(seams_.clock.now());
  }
  asked_.insert(id);
  seams_.actuator.resolve(id, mark.profile, name);
  return true;
}

void Recovery::advance() {
  if (!marks_.open().empty()) settle_marks();
  if (marks_.open().empty() && seams_.state.books.pods.synced() &&
      seams_.state.session.state() == core::SessionState::ready)
    check_pods();
}

// One of them may have landed when no agent lived and its create had been given up: nobody has made its claims.
void Recovery::check_pods() {
  const auto& books = seams_.state.books;
  if (!unchecked_) {
    unchecked_.emplace();
    for (const auto& [profile, pods] : books.pods.cohort(seams_.state.session.nonce()).profiles)
      for (const auto& [id, row] : pods.pending)
        if (!row->pod.claims.empty()) unchecked_->insert(id);
  }
  if (unchecked_->empty()) return;
  if (!books.claims.listed_once() && !books.claims.is_blind(seams_.clock.now())) {
    seams_.list_claims();
    return;
  }
  for (auto at = unchecked_->begin(); at != unchecked_->end();) {
    const core::PodRow* row = books.pods.find(*at, seams_.state.session.nonce());
    bool later = false;
    if (row != nullptr && row->status.state == core::ExecutorState::pending &&
        !seams_.actuator.creating(*at) && lacks_claim(*at, *row, later)) {
      seams_.sink.mark_in_flight(*at, row->pod.profile);
      seams_.actuator.resolve(*at, row->pod.profile, row->pod.name);
    }
    at = later ? std::next(at) : unchecked_->erase(at);
  }
}

// Of those that derive from its id; `later`: their template is not there yet.
bool Recovery::lacks_claim(core::ExecutorId id, const core::PodRow& row, bool& later) const {
  auto& templates = seams_.state.books.templates;
  if (templates.rendered_by_driver(row.pod.profile)) return false;
  const std::uint8_t digits = core::decimal_digits(id.value);
  later = templates.find(row.pod.profile, digits) == nullptr;
  if (later) templates.want(row.pod.profile, digits);
  const auto& slots = core::claim_slots(templates, row.pod.profile, id);
  return std::any_of(slots.begin(), slots.end(), [&](const core::ClaimSlot& slot) {
    const std::string name = slot.name(std::to_string(id.value));
    return std::find(row.pod.claims.begin(), row.pod.claims.end(), name) != row.pod.claims.end() &&
           !seams_.state.books.claims.known(name);
  });
}

void Recovery::settle_marks() {
  const auto open = marks_.open();
  const bool synced = seams_.state.books.pods.synced();
  const bool ready = seams_.state.session.state() == core::SessionState::ready;
  for (const auto& [id, mark] : open) {
    const auto* expected = seams_.state.books.expected.find(id);
    if (expected == nullptr || expected->stage != core::ExpectationStage::unknown) {
      if (seams_.actuator.creating(id) || (waits_for_claims(id) && complete(id, mark, ready))) continue;
      close(id, false);  // seen: the pod itself tells the rest
    } else if (asked_.contains(id)) {
      continue;
    } else if (synced && marks_.expired(seams_.clock.now())) {
      // No server keeps a request this long, and the watch has not shown it.
      close(id, true);
    } else if (synced && ready) {
      const std::string name = name_of(mark);
      if (name.empty()) {
        seams_.state.books.templates.want(mark.profile, core::decimal_digits(id.value));
      } else {
        asked_.insert(id);
        seams_.actuator.resolve(id, mark.profile, name);
      }
    }
  }
}

void Recovery::settled(core::ExecutorId id) {
  marks_.settle(id);
  asked_.erase(id);
}

void Recovery::close(core::ExecutorId id, bool tell) {
  const auto mark = marks_.open().at(id);
  settled(id);
  if (seams_.state.books.expected.find(id) != nullptr) {
    seams_.state.books.expected.settled(id);
    const core::ApiError error{core::ApiErrorClass::transport,
                               0,
                               "",
                               "the agent ended before the answer came, and no pod is there",
                               "",
                               {},
                               ""};
    if (tell)
      seams_.publisher.record(core::record_of_failed_create(id, mark.profile, name_of(mark), error),
                              seams_.state.session.nonce());
  }
  seams_.sink.clear_in_flight(id);
  seams_.changed();
}

}  // namespace outrigger::flow
