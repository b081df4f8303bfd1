#include "agent/flow/start_guard.h"

#include <utility>

namespace outrigger::flow {
namespace {

using kube::RestartReason;

// What the agent does with pods, as a Role has to list it.
constexpr const char* verbs_needed = "get, list, watch, create, patch, delete, deletecollection";

// The server's words become part of one line.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  return text;
}

std::string seconds(core::Nanos time) {
  const auto ms = std::chrono::duration_cast<core::Millis>(time).count();
  return ms >= 1000 || ms == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// 'User "NAME" cannot': whom the server took us for. Empty when it did not say.
std::string user_in(const std::string& message) {
  constexpr std::string_view before = "User \"";
  const auto at = message.find(before);
  if (at == std::string::npos) return {};
  const auto begin = at + before.size();
  const auto end = message.find('"', begin);
  return end == std::string::npos ? "" : message.substr(begin, end - begin);
}

// What was last heard, in a few words.
std::string words(const StartFault& fault) {
  const core::ApiError& error = fault.error;
  if (fault.reason == RestartReason::undecodable)
    return "the answer to " + std::string(kube::to_string(fault.verb)) +
           " is none of a Kubernetes API server";
  std::string text = error.http_code != 0 ? std::to_string(error.http_code) : "";
  if (!error.message.empty()) text += (text.empty() ? "" : " ") + error.message;
  return text.empty() ? "the answer ended early" : text;
}

bool answered(const StartFault& fault) {
  return fault.error.http_code != 0 || fault.reason == RestartReason::undecodable;
}

std::string tls(const StartNames& names, const std::string& why) {
  const std::string text = names.server + ": TLS failed: " + why + "; ";
  if (has(why, "wrong version number"))
    return text + "the port does not speak TLS: check the server of " + names.source;
  if (has(why, "subject name") || has(why, "does not match"))
    return text + "the certificate is for other names: use one of them in " + names.source +
           ", or set its tls-server-name";
  if (has(why, "expired") || has(why, "not yet valid"))
    return text + "renew the server's certificate, or set the clock right";
  if (has(why, "certificate required") || has(why, "alert"))
    return text + "the server does not take " + names.account + "; check " + names.source;
  return text + "it is checked against " + names.authorities +
         ": put the authority there that signed the server's certificate";
}

}  // namespace

StartGuard::StartGuard(StartNames names, std::string name_space, core::Millis bound)
    : names_(std::move(names)), name_space_(std::move(name_space)), bound_(bound) {}

void StartGuard::begin(core::Instant now) {
  if (!since_) since_ = now;
}
void StartGuard::progress(core::Instant now) {
  since_ = now;
}
void StartGuard::settle() {
  settled_ = true;
  last_.reset();
}

std::optional<core::Instant> StartGuard::deadline() const {
  if (settled_ || !since_ || bound_.count() == 0) return std::nullopt;
  return *since_ + bound_;
}

StartGuard::Verdict StartGuard::failed(StartFault fault, core::Instant now) {
  if (settled_) return std::nullopt;
  begin(now);
  last_ = std::move(fault);
  last_->error.message = one_line(std::move(last_->error.message));
  if (auto refused = refusal(*last_)) return refused;
  return due(now);
}

StartGuard::Verdict StartGuard::due(core::Instant now) const {
  const auto end = deadline();
  if (!end || now < *end) return std::nullopt;
  return too_long(now);
}

std::string StartGuard::waiting(core::Instant now) const {
  if (settled_ || !since_) return {};
  std::string text = "tried for " + seconds(now - *since_);
  if (bound_.count() != 0) text += " of " + seconds(bound_);
  return last_ ? text + ": " + words(*last_) : text;
}

// Only what waiting cannot change. A watch that is refused for another reason than rights may be the resume point's
// fault, so it counts to the bound; a list has none.
StartGuard::Verdict StartGuard::refusal(const StartFault& fault) const {
  if (fault.asked_at_once) return std::nullopt;
  switch (fault.reason) {
    case RestartReason::tls:
      return tls(names_, fault.error.message);
    case RestartReason::unauthorized:
      return names_.server + " answers 401 (" + fault.error.message + ") to " + names_.account +
             ": it is expired, revoked or of another cluster; put a valid one there, or name another in " +
             names_.source;
    case RestartReason::forbidden:
      return forbidden(fault);
    case RestartReason::rejected:
      if (fault.verb != kube::Verb::list) return std::nullopt;
      if (fault.error.error_class == core::ApiErrorClass::namespace_missing)
        return names_.server + " has no namespace '" + name_space_ + "' (" + words(fault) +
               "): create it, or set application.namespace (--namespace)";
      return names_.server + " refuses to list pods in namespace '" + name_space_ + "': " + words(fault) +
             "; is this the URL of a Kubernetes API server? Check the server of " + names_.source;
    default:
      return std::nullopt;
  }
}

std::string StartGuard::forbidden(const StartFault& fault) const {
  const std::string user = user_in(fault.error.message);
  std::string text = "may not " + std::string(kube::to_string(fault.verb)) + " pods in namespace '" +
                     name_space_ + "'" + (user.empty() ? "" : " as '" + user + "'") + ": " + names_.server +
                     " answers " + words(fault) + "; ";
  if (user == "system:anonymous")
    return text + "the server knows nobody by " + names_.account + ": give the agent a token in " +
           names_.source;
  return text + "bind " + (user.empty() ? "this account" : "it") + " to a Role with the verbs " +
         verbs_needed + " on pods there";
}

std::string StartGuard::too_long(core::Instant now) const {
  const std::string tried = seconds(now - since_.value_or(now)) + " (server.startBound)";
  if (last_ && answered(*last_))
    return names_.server + " gives no complete list and watch of pods; given up after " + tried +
           ", last answer: " + words(*last_) + "; see the server's health (/readyz) and start again";
  return names_.server + " can't be reached; given up after " + tried +
         ", last error: " + (last_ ? words(*last_) : "no answer") + "; check the server of " + names_.source +
         " and the network between";
}

}  // namespace outrigger::flow
