#include "agent/ctl/wait.h"

#include <charconv>
#include <optional>

namespace outrigger::ctl {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string state_names() {
  std::string all;
  for (std::uint8_t i = 1; i < static_cast<std::uint8_t>(core::ExecutorState::count_); ++i)
    all += std::string(core::to_string(static_cast<core::ExecutorState>(i))) + ", ";
  return all + "gone";
}

std::uint64_t running(const View& view) {
  std::uint64_t count = 0;
  for (const Executor& e : view.executors)
    count += e.record.state == core::ExecutorState::running && !e.record.gone ? 1 : 0;
  return count;
}

}  // namespace

Result<Condition> Condition::parse(std::string_view text) {
  Condition condition;
  if (text == "synced") return condition;
  if (text == "ready" || text == "drained") {
    condition.kind_ = text == "ready" ? Kind::ready : Kind::drained;
    return condition;
  }
  const std::size_t equals = text.find('=');
  const std::string_view left = text.substr(0, equals);
  const std::string_view right = equals == text.npos ? std::string_view{} : text.substr(equals + 1);
  if (left == "running") {
    const auto count = number(right);
    if (!count) return fail("--for=" + std::string(text) + ": running= wants a number of executors");
    condition.kind_ = Kind::running;
    condition.number_ = *count;
    return condition;
  }
  if (left.starts_with("pod/")) {
    const auto id = number(left.substr(4));
    if (!id || *id == 0)
      return fail("--for=" + std::string(text) + ": pod/ wants an executor id, a number from 1");
    condition.kind_ = Kind::pod;
    condition.number_ = *id;
    condition.gone_ = right == "gone";
    for (std::uint8_t i = 1; i < static_cast<std::uint8_t>(core::ExecutorState::count_); ++i) {
      if (core::to_string(static_cast<core::ExecutorState>(i)) == right)
        condition.state_ = static_cast<core::ExecutorState>(i);
    }
    if (!condition.gone_ && condition.state_ == core::ExecutorState::none)
      return fail("--for=" + std::string(text) + ": no state '" + std::string(right) +
                  "'; states are: " + state_names());
    return condition;
  }
  return fail("--for=" + std::string(text) +
              ": unknown; one of synced, ready, drained, running=N, pod/ID=STATE");
}

std::string Condition::missing(const View& view) const {
  if (kind_ != Kind::drained && kind_ != Kind::pod && !view.agent.alive) return "the agent is not alive";
  switch (kind_) {
    case Kind::synced:
      return view.control.synced ? "" : "the agent has not read all pods yet";
    case Kind::ready:
      if (!view.control.synced) return "the agent has not read all pods yet";
      if (view.control.stale) return "the agent is out of touch with the API server";
      if (view.control.session != core::SessionState::ready)
        return "the driver's session is " + std::string(core::to_string(view.control.session));
      return {};
    case Kind::drained:
      if (view.control.session == core::SessionState::drained) return {};
      return "the session is " + std::string(core::to_string(view.control.session)) + ", " +
             std::to_string(view.control.drain_left) + " pods left";
    case Kind::running: {
      const std::uint64_t now = running(view);
      return now == number_ ? std::string{}
                            : "running is " + std::to_string(now) + ", not " + std::to_string(number_);
    }
    case Kind::pod:
      break;
  }
  const Executor* executor = view.find(core::ExecutorId{number_});
  if (executor == nullptr) return "no executor " + std::to_string(number_);
  if (gone_ ? executor->record.gone : executor->record.state == state_) return {};
  return "executor " + std::to_string(number_) + " is " + state_word(executor->record);
}

}  // namespace outrigger::ctl
