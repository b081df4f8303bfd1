#include "tests/apiserver/kubelet/process_probe.h"

namespace outrigger::apiserver {
namespace {

int number(const Json& probe, const char* name, int otherwise) {
  const auto found = probe.find(name);
  return found != probe.end() && found->is_number_integer() ? found->get<int>() : otherwise;
}

}  // namespace

Prober::Prober(Clock& clock, Json probe, Ask ask, std::function<void(bool)> on_result)
    : clock_(clock), probe_(std::move(probe)), ask_(std::move(ask)), on_result_(std::move(on_result)) {
  plan(Millis(1000 * number(probe_, "initialDelaySeconds", 0)));
}

Prober::~Prober() {
  *alive_ = false;
  clock_.cancel(timer_);
}

void Prober::plan(Millis delay) {
  timer_ = clock_.after(delay, [this] { probe(); });
}

void Prober::probe() {
  const Millis timeout(1000 * number(probe_, "timeoutSeconds", 1));
  ask_(probe_, timeout, [this, alive = alive_](bool success) {
    if (*alive) answered(success);
  });
}

void Prober::answered(bool success) {
  successes_ = success ? successes_ + 1 : 0;
  failures_ = success ? 0 : failures_ + 1;
  plan(Millis(1000 * number(probe_, "periodSeconds", 10)));
  const bool passed = success && successes_ == number(probe_, "successThreshold", 1);
  const bool failed = !success && failures_ == number(probe_, "failureThreshold", 3);
  const auto tell = on_result_;  // outlives *this, which the listener may end
  if (passed || failed) tell(passed);
}

}  // namespace outrigger::apiserver
