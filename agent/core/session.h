// The order of a driver's commands as a state machine on values (C21, C22). It admits; the flow applies.
#pragma once
#include <string>
#include <string_view>
#include <utility>

#include "agent/core/command.h"
#include "agent/core/executor_record.h"
#include "agent/core/resync.h"

namespace outrigger::core {

class Session {
 public:
  // The agent's own application id: the driver is not trusted with identity. Empty: not known yet, then the
  // first hello's is taken (client mode, where the operator starts both), and after a drain that of the next: a
  // notebook makes one context after another (S27).
  explicit Session(std::string application_id)
      : application_id_(std::move(application_id)), learned_(application_id_.empty()) {}

  void driver_attached(Epoch epoch);
  void driver_gone();  // EOF or breach; after a detach the driver is not missed
  // By SIGTERM (final), or because the driver is gone for longer than its grace: then another driver may still
  // come, as after a drain by command.
  void begin_drain(bool final);
  void drained();

  // Judges a command by its kind and, for hello, by its content; moves the state on when it is accepted.
  Admission admit(const CommandBody& body);

  SessionState state() const;
  Epoch epoch() const { return epoch_; }
  const std::string& nonce() const { return nonce_; }  // of the last accepted hello
  const std::string& application_id() const { return application_id_; }
  bool driver_present() const { return present_; }
  bool detached() const { return detached_; }
  // The last accepted hello came from another incarnation than the one before: its pods are foreign now (S8).
  bool nonce_changed() const { return nonce_changed_; }
  // ... and is of another application: nothing of the earlier one is left.
  bool application_changed() const { return application_changed_; }

 private:
  enum class Stage { no_hello, hello, resyncing, ready };
  std::string application_id_, nonce_;
  Epoch epoch_;
  Stage stage_ = Stage::no_hello;
  bool present_ = false, was_present_ = false, detached_ = false, draining_ = false, drained_ = false,
       final_ = false;
  bool nonce_changed_ = false, application_changed_ = false;
  bool learned_;  // the application id is a driver's
};

// [a-z0-9]{8,32}: it becomes a label value and a part of idempotency.
bool valid_nonce(std::string_view nonce);

}  // namespace outrigger::core
