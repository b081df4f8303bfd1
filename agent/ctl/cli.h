// The command line of agentctl. Data goes to `out`, everything said about it to `err`.
#pragma once
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace outrigger::ctl {

// Exit codes. Documented in README.md and in --help.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;  // not there, not so in time, refused
inline constexpr int exit_usage = 2;   // wrong flag or argument
inline constexpr int exit_dead = 3;    // `status` only: the state is readable, the agent is dead or hangs

struct Environment {
  std::optional<std::string> run_directory;  // OUTRIGGER_RUN_DIR
};

// `arguments` without the program's name. Blocks only in `wait`, `--watch` and `--follow`.
int run(const std::vector<std::string>& arguments, const Environment& environment, std::ostream& out,
        std::ostream& err);

}  // namespace outrigger::ctl
