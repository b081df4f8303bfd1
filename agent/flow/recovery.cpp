#include "agent/flow/recovery.h"

#include <utility>

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

void Recovery::advance() {
  if (marks_.open().empty()) return;
  const auto open = marks_.open();
  const bool synced = seams_.state.books.pods.synced();
  const bool ready = seams_.state.session.state() == core::SessionState::ready;
  for (const auto& [id, mark] : open) {
    const auto* expected = seams_.state.books.expected.find(id);
    if (expected == nullptr || expected->stage != core::ExpectationStage::unknown) {
      if (!seams_.actuator.creating(id)) close(id, false);  // seen: the pod itself tells the rest
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
