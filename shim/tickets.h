// Command ids as the caller sees them ("tickets") and the results that wait to be polled. A ticket outlives
// the agent: the same post may travel more than once, each time under another id of the channel.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

namespace outrigger::shim {

struct Result {
  std::uint64_t ticket = 0;
  std::uint32_t verdict = 0;  // outrigger_verdict
  bool resent = false;
  std::string detail;
};

class Tickets {
 public:
  static constexpr std::size_t results_kept = 16'384;  // then the oldest goes: a caller may never poll

  // `wanted`: the caller asked for the id. Otherwise only a refusal is reported.
  std::uint64_t issue(bool wanted);
  // The first answer counts; later ones for the same ticket are repetitions, reported only when refused.
  void answer(std::uint64_t ticket, std::uint32_t verdict, std::string detail);
  void supersede(std::uint64_t ticket);
  bool open(std::uint64_t ticket) const { return open_.contains(ticket); }

  bool has_results() const { return !results_.empty(); }
  bool take(Result& result);
  std::uint64_t dropped() const { return dropped_; }

 private:
  void push(Result result);

  std::uint64_t next_ = 1;
  std::unordered_map<std::uint64_t, bool> open_;  // ticket -> wanted
  std::deque<Result> results_;
  std::uint64_t dropped_ = 0;
};

}  // namespace outrigger::shim
