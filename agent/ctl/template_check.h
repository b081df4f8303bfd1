// `agentctl template check`: would the agent accept these renderings as a template? Offline, by the agent's
// own code.
#pragma once
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/ids.h"

namespace outrigger::ctl {

struct TemplateCheck {
  struct Sample {
    std::string file;
    core::ExecutorId id;
  };
  std::vector<Sample> samples;
  std::optional<core::ExecutorId> stamp;
  bool show_env = false;  // false: values of environment variables are hidden, they may be secrets (S5)
};

// Prints the slots, or with `stamp` the pod of that id. Exit code: exit_ok, or exit_failed with the JSON path
// that does not derive from the id on `err`.
int check_template(const TemplateCheck& check, std::ostream& out, std::ostream& err);

}  // namespace outrigger::ctl
