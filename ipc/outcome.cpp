#include "ipc/outcome.h"

#include <system_error>

namespace outrigger::ipc {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::ok:
      return "ok";
    case Reason::no_file:
      return "no_file";
    case Reason::too_short:
      return "too_short";
    case Reason::wrong_magic:
      return "wrong_magic";
    case Reason::wrong_major:
      return "wrong_major";
    case Reason::wrong_layout:
      return "wrong_layout";
    case Reason::other_boot:
      return "other_boot";
    case Reason::retired:
      return "retired";
    case Reason::stale:
      return "stale";
    case Reason::no_socket:
      return "no_socket";
    case Reason::refused:
      return "refused";
    case Reason::not_ready:
      return "not_ready";
    case Reason::system:
      return "system";
    case Reason::no_space:
      return "no_space";
    case Reason::locked:
      return "locked";
    case Reason::invalid:
      return "invalid";
  }
  return "unknown";
}

Failure system_failure(const std::string& what, int error, Reason reason) {
  return {reason, what + ": " + std::generic_category().message(error)};
}

}  // namespace outrigger::ipc
