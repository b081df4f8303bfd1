// Errors of the channel as values: a stage that programs act on, and one line for a person.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace outrigger::ipc {

// Why `state` or the socket can't be used, in the order of the checks (C23). Numbers are append-only.
enum class Reason : std::uint8_t {
  ok = 0,
  no_file = 1,
  too_short = 2,
  wrong_magic = 3,
  wrong_major = 4,
  wrong_layout = 5,
  other_boot = 6,
  retired = 7,
  stale = 8,
  no_socket = 9,
  refused = 10,
  not_ready = 11,
  system = 12,    // a system call failed; the text names it
  no_space = 13,  // the tmpfs is too small (C4)
  locked = 14,    // another agent holds the directory
  invalid = 15,   // an argument or a value is out of its bounds
};
std::string_view to_string(Reason reason);

struct Failure {
  Reason reason = Reason::ok;
  std::string text;  // names the thing, its value and the way out
};

// Either a value or a Failure. value() only after ok().
template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : held_(std::move(value)) {}            // NOLINT: converts on purpose
  Outcome(Failure failure) : held_(std::move(failure)) {}  // NOLINT
  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() { return std::get<0>(held_); }
  const T& value() const { return std::get<0>(held_); }
  T take() { return std::move(std::get<0>(held_)); }
  const Failure& failure() const { return std::get<1>(held_); }
  Reason reason() const { return ok() ? Reason::ok : failure().reason; }

 private:
  std::variant<T, Failure> held_;
};

// nullopt = done.
using Refusal = std::optional<Failure>;

// "what: strerror(error)", with a stage.
Failure system_failure(const std::string& what, int error, Reason reason = Reason::system);

}  // namespace outrigger::ipc
