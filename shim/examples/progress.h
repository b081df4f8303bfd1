// What the example driver shows: a table on a terminal, one JSON object per line with --json, plain lines otherwise.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "outrigger/shim.h"

namespace outrigger::example {

struct Counts {
  std::uint32_t creating = 0, pending = 0, running = 0, terminating = 0, known = 0;
  std::uint64_t ended = 0;
  bool operator==(const Counts&) const = default;
};

class Progress {
 public:
  explicit Progress(bool json);

  // Prints when something differs from what was printed last.
  void session(const outrigger_state& state);
  void counts(const Counts& counts, const std::vector<outrigger_profile_status>& profiles);
  // Prints always.
  void ended(const outrigger_change& change);
  void refused(const outrigger_result& result);
  void status(const outrigger_state& state, const outrigger_control_status& control,
              const std::vector<outrigger_change>& executors);
  void note(const std::string& text);

 private:
  void line(const std::string& json, const std::string& plain);

  bool json_, terminal_;
  int table_lines_ = 0;  // of the table on the terminal, to be drawn over
  std::uint32_t session_state_ = ~0u;
  std::string session_text_, counts_text_;
};

}  // namespace outrigger::example
