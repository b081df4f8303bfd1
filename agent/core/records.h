// From the books to what the driver sees.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "agent/core/allocator.h"
#include "agent/core/executor_record.h"

namespace outrigger::core {

ExecutorRecord record_of(const PodRow& row, bool delete_proposed);
// The tombstone of a pod that is gone: an end that was seen keeps its class, otherwise it is requested,
// node_lost or deleted_external.
ExecutorRecord record_of_gone(const PodRow& row);
// creating, or wanted.
ExecutorRecord record_of(const Expectation& expectation, std::string_view nonce);
ExecutorRecord record_of_failed_create(ExecutorId id, ProfileId profile, std::string pod_name,
                                       const ApiError& error);
// What another driver incarnation has left behind, for the one that is attached now: gone, and nobody's fault unless its
// end was seen (S8). The pods themselves are deleted by uid.
ExecutorRecord record_of_left(const PodRow& row);
ExecutorRecord record_of_left(const Expectation& expectation, std::string_view nonce);
// Answered and then never seen: created and gone again (complete_as_of).
ExecutorRecord record_of_vanished(const Expectation& expectation, bool deleted_by_us);

ProfileStatus status_of(const Books& books, ProfileId profile, const Actions& last, std::string_view nonce);

struct ControlFacts {
  SessionState session = SessionState::no_driver;
  bool stale = false;
  std::uint64_t ids_wanted = 0;
  std::size_t drain_left = 0;
  ApiErrorClass last_error = ApiErrorClass::none;
  std::string last_error_message;
};
ControlStatus status_of(const Books& books, const ControlFacts& facts);

// At most limits::message_bytes, cut between characters; the cut ends in "...".
std::string truncate_message(std::string_view text, std::size_t limit = limits::message_bytes);

}  // namespace outrigger::core
