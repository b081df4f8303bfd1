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
    : x(std::move(seams)), x_marks(values_of(marks), x.clock.now(), x.state.options.settle_deadline) {}

Recovery::~Recovery() {
  x.timers.cancel(x_deadline);
}

void Recovery::start() {
  if (x_marks.open().empty()) return;
  for (const auto& [id, mark] : x_marks.open()) {
    x.sink.marks_of(mark.nonce_hash);
    x.sink.mark_in_flight(id, mark.profile);
    x.state.books.expected.inherited(id, mark.profile, x.clock.now());
  }
  x.log.warning("creates of a crashed incarnation are unsettled", {{"count", std::to_string(open())}});
  x_deadline = x.timers.start(x_marks.deadline() - x.clock.now(), [this] {
    x_deadline = 0;
    x.changed();
  });
}

void Recovery::greeted() {
  // Another driver's ids have nothing to do with this one's: their pods, if any, are foreign and go by uid (S8).
  const std::uint64_t hash = core::nonce_hash(x.state.session.nonce());
  x.sink.marks_of(hash);
  const auto open = x_marks.open();
  for (const auto& [id, mark] : open)
    if (mark.nonce_hash != 0 && mark.nonce_hash != hash) close(id, false);
}

std::string Recovery::name_of(const core::FlightMark& mark) const {
  const auto* made = x.state.books.templates.find(mark.profile, core::decimal_digits(mark.id.value));
  return made == nullptr ? std::string() : made->pod_name(mark.id);
}

void Recovery::advance() {
  if (x_marks.open().empty()) return;
  const auto open = x_marks.open();
  const bool synced = x.state.books.pods.synced();
  const bool ready = x.state.session.state() == core::SessionState::ready;
  for (const auto& [id, mark] : open) {
    const auto* expected = x.state.books.expected.find(id);
    if (expected == nullptr || expected->stage != core::ExpectationStage::unknown) {
      if (!x.actuator.creating(id)) close(id, false);  // seen: the pod itself tells the rest
    } else if (x_asked.contains(id)) {
      continue;
    } else if (synced && x_marks.expired(x.clock.now())) {
      // No server keeps a request this long, and the watch has not shown it.
      close(id, true);
    } else if (synced && ready) {
      const std::string name = name_of(mark);
      if (name.empty()) {
        x.state.books.templates.want(mark.profile, core::decimal_digits(id.value));
      } else {
        x_asked.insert(id);
        x.actuator.resolve(id, mark.profile, name);
      }
    }
  }
}

void Recovery::settled(core::ExecutorId id) {
  x_marks.settle(id);
  x_asked.erase(id);
}

void Recovery::close(core::ExecutorId id, bool tell) {
  const auto mark = x_marks.open().at(id);
  settled(id);
  if (x.state.books.expected.find(id) != nullptr) {
    x.state.books.expected.settled(id);
    const core::ApiError error{core::ApiErrorClass::transport,
                               0,
                               "",
                               "the agent ended before the answer came, and no pod is there",
                               "",
                               {},
                               ""};
    if (tell)
      x.publisher.record(core::record_of_failed_create(id, mark.profile, name_of(mark), error),
                         x.state.session.nonce());
  }
  x.sink.clear_in_flight(id);
  x.changed();
}

}  // namespace outrigger::flow
