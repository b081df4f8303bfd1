#include "agent/core/session.h"

#include <algorithm>

namespace outrigger::core {
namespace {

Admission order(std::string why) {
  return {Verdict::refused_order, std::move(why)};
}

template <class T>
bool is(const CommandBody& body) {
  return std::holds_alternative<T>(body);
}

}  // namespace

bool valid_nonce(std::string_view nonce) {
  return nonce.size() >= 8 && nonce.size() <= 32 && std::all_of(nonce.begin(), nonce.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
         });
}

void Session::driver_attached(Epoch epoch) {
  epoch_ = epoch;
  stage_ = Stage::no_hello;
  present_ = was_present_ = true;
  detached_ = false;
}

void Session::driver_gone() {
  present_ = false;
  stage_ = Stage::no_hello;
}

void Session::begin_drain(bool final) {
  draining_ = true;
  final_ = final_ || final;
}

void Session::drained() {
  if (draining_) drained_ = true;
}

SessionState Session::state() const {
  if (drained_) return SessionState::drained;
  if (draining_) return SessionState::draining;
  if (!present_) return was_present_ && !detached_ ? SessionState::orphaned : SessionState::no_driver;
  switch (stage_) {
    case Stage::resyncing:
      return SessionState::resyncing;
    case Stage::ready:
      return SessionState::ready;
    default:
      return SessionState::attached;
  }
}

Admission Session::admit(const CommandBody& body) {
  if (!present_) return order("no driver is attached");
  if (is<Detach>(body)) {
    detached_ = true;
    stage_ = Stage::no_hello;
    return {};
  }
  if (detached_) return order("a command after detach");
  if (const auto* hello = std::get_if<Hello>(&body)) {
    if (stage_ != Stage::no_hello) return order("a second hello on one connection");
    if (final_) return order("the agent is shutting down");
    if (!valid_nonce(hello->nonce))
      return {Verdict::refused_malformed, "hello: the nonce must match [a-z0-9]{8,32}"};
    if (hello->application_id.empty())
      return {Verdict::refused_identity, "hello: the application id is empty"};
    application_changed_ = learned_ && drained_ && hello->application_id != application_id_;
    if (application_id_.empty() || application_changed_) application_id_ = hello->application_id;
    if (hello->application_id != application_id_)
      return {Verdict::refused_identity, "hello: application id '" + hello->application_id.substr(0, 64) +
                                             "' is not this agent's, which is '" + application_id_ + "'"};
    nonce_changed_ = !nonce_.empty() && nonce_ != hello->nonce;
    if (nonce_changed_) draining_ = drained_ = false;  // another life: its predecessor's end is not its own
    nonce_ = hello->nonce;
    stage_ = Stage::hello;
    return {};
  }
  if (stage_ == Stage::no_hello) return order("hello must come first");
  if (is<Ack>(body)) return {};
  if (is<Drain>(body)) {
    draining_ = true;
    return {};
  }
  if (draining_) return order("draining: only ack, drain and detach are taken");
  if (is<ResyncBegin>(body)) {
    stage_ = Stage::resyncing;
    return {};
  }
  if (stage_ == Stage::hello) return order("resync_begin must follow hello");
  if (is<ResyncEnd>(body)) {
    if (stage_ != Stage::resyncing) return order("resync_end without resync_begin");
    stage_ = Stage::ready;
  }
  return {};
}

}  // namespace outrigger::core
