// The reading side of the C ABI: results, changes, snapshots, figures and the wait.
#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "outrigger/shim.h"
#include "shim/handle.h"
#include "shim/record.h"

using namespace outrigger::shim;

namespace {

// What one call copies at most, so that the mutex is not held for long; the caller sees count < capacity and
// goes on.
constexpr std::size_t changes_per_call = 4096;

template <class T>
bool bad_buffer(const T* buffer, std::size_t capacity, const std::size_t* count) {
  return count == nullptr || (buffer == nullptr && capacity != 0);
}

outrigger_code copy_changes(outrigger_session& h, const std::vector<Change>& from, outrigger_change* to) {
  for (const auto& [sequence, record] : from) {
    to_change(record, sequence, *to);
    to->owner_command = h.session.ticket_of(record.owner_command);
    ++to;
  }
  return OUTRIGGER_OK;
}

}  // namespace

extern "C" {

outrigger_code outrigger_poll_results(outrigger_session* session, outrigger_result* results, size_t capacity,
                                      size_t* count) {
  return guarded_reader(session, [&](outrigger_session& h, Lock& lock) {
    if (bad_buffer(results, capacity, count)) return bad_argument(h, "results or count: null");
    *count = 0;
    step_and_connect(h, lock);
    for (Result result; *count < capacity && h.session.tickets().take(result); ++*count) {
      outrigger_result& out = results[*count];
      out = outrigger_result{};
      out.command = result.ticket;
      out.verdict = result.verdict;
      out.resent = result.resent ? 1 : 0;
      copy_text(result.detail, out.detail, sizeof out.detail);
    }
    return OUTRIGGER_OK;
  });
}

outrigger_code outrigger_read_changes(outrigger_session* session, outrigger_change* changes, size_t capacity,
                                      size_t* count) {
  return guarded_reader(session, [&](outrigger_session& h, Lock& lock) {
    if (bad_buffer(changes, capacity, count)) return bad_argument(h, "changes or count: null");
    *count = 0;
    step_and_connect(h, lock);
    std::vector<Change> read;
    h.session.read(std::min(capacity, changes_per_call), read);
    *count = read.size();
    return copy_changes(h, read, changes);
  });
}

outrigger_code outrigger_read_snapshot(outrigger_session* session, uint64_t max_age_ms,
                                       outrigger_change* records, size_t capacity, size_t* count) {
  return guarded_reader(session, [&](outrigger_session& h, Lock& lock) {
    if (bad_buffer(records, capacity, count)) return bad_argument(h, "records or count: null");
    *count = 0;
    step_and_connect(h, lock);
    std::vector<Change> all;
    std::string why_not;
    const outrigger_code code = h.session.snapshot(max_age_ms, all, why_not);
    if (code != OUTRIGGER_OK) return failure(h, code, std::move(why_not));
    *count = all.size();
    if (all.size() > capacity)
      return failure(
          h, OUTRIGGER_ERROR_CAPACITY,
          "capacity: " + std::to_string(capacity) + " given, " + std::to_string(all.size()) + " needed");
    return copy_changes(h, all, records);
  });
}

outrigger_code outrigger_wait(outrigger_session* session, int64_t timeout_ms) {
  return guarded_reader(session, [&](outrigger_session& h, Lock& lock) {
    constexpr std::int64_t longest_ms = std::numeric_limits<std::int64_t>::max() / ms_ns / 4;
    std::optional<std::int64_t> deadline;
    if (timeout_ms >= 0) deadline = h.channel->now_ns() + std::min(timeout_ms, longest_ms) * ms_ns;
    for (;;) {
      const Session::Watch watch = h.session.watch();
      step_and_connect(h, lock);
      if (h.session.news()) return OUTRIGGER_OK;
      if (deadline && h.channel->now_ns() >= *deadline) return OUTRIGGER_TIMEOUT;
      std::int64_t until = h.session.wake_at_ns();
      if (deadline) until = std::min(until, *deadline);
      lock.unlock();
      if (watch.view) {
        watch.view->sleep(watch.token, watch.link ? watch.link->waiting_flag() : nullptr, until);
      } else {
        h.channel->pause(until);
      }
      lock.lock();
    }
  });
}

outrigger_code outrigger_read_state(outrigger_session* session, outrigger_state* state) {
  return guarded(session, [&](outrigger_session& h, Lock&) {
    if (state == nullptr || state->struct_size < sizeof(outrigger_state))
      return bad_argument(h, "state: null, or struct_size is not sizeof(outrigger_state)");
    h.session.step();
    h.session.state(*state);
    return OUTRIGGER_OK;
  });
}

outrigger_code outrigger_read_profiles(outrigger_session* session, outrigger_profile_status* profiles,
                                       size_t capacity, size_t* count) {
  return guarded_reader(session, [&](outrigger_session& h, Lock& lock) {
    if (bad_buffer(profiles, capacity, count)) return bad_argument(h, "profiles or count: null");
    *count = 0;
    step_and_connect(h, lock);
    std::vector<outrigger_profile_status> all;
    h.session.profiles(all);
    *count = all.size();
    if (all.size() > capacity)
      return failure(
          h, OUTRIGGER_ERROR_CAPACITY,
          "capacity: " + std::to_string(capacity) + " given, " + std::to_string(all.size()) + " needed");
    const auto now_ms = static_cast<std::uint64_t>(h.channel->now_ns() / ms_ns);
    for (auto& profile : all) {
      profile.retry_in_ms = profile.retry_in_ms > now_ms ? profile.retry_in_ms - now_ms : 0;
      *profiles++ = profile;
    }
    return OUTRIGGER_OK;
  });
}

outrigger_code outrigger_read_control(outrigger_session* session, outrigger_control_status* control) {
  return guarded_reader(session, [&](outrigger_session& h, Lock& lock) {
    if (control == nullptr || control->struct_size < sizeof(outrigger_control_status))
      return bad_argument(h, "control: null, or struct_size is not sizeof(outrigger_control_status)");
    const std::uint32_t size = control->struct_size;
    *control = outrigger_control_status{};
    step_and_connect(h, lock);
    h.session.control(*control);
    control->struct_size = size;
    return OUTRIGGER_OK;
  });
}

}  // extern "C"
