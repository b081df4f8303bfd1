// What the session machine needs of the channel, as small interfaces: ipc implements them (ipc_channel.h),
// tests script them. Everything that comes out of a StateView is a bounded copy; the bytes behind it may be
// garbage.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ipc/command_wire.h"
#include "ipc/word.h"
#include "outrigger/shim.h"
#include "shim/record.h"

namespace outrigger::shim {

struct WireResult {
  std::uint64_t wire_id = 0;
  std::uint32_t verdict = 0;  // outrigger_verdict
  std::string detail;
};

struct Health {
  bool ended = false;             // the agent is dead, or this generation was replaced: nothing new will come
  std::int64_t heartbeat_ns = 0;  // monotonic; 0 = never
  std::int64_t contact_ns = 0;    // last contact with the API server; 0 = never
};

// One generation of `state`, mapped read-only. All but sleep() under the session's mutex.
class StateView {
 public:
  virtual ~StateView() = default;
  virtual std::uint64_t generation() const = 0;
  virtual Health health() const = 0;

  // Takes at most `max` records after the cursor, rising in ring sequence. `table`: they begin a read of the
  // whole table, which a first read and an overtaken reader get; it ends when caught_up().
  enum class Read : std::uint8_t { nothing, records, table };
  virtual Read read(std::size_t max, std::vector<Record>& records) = 0;
  virtual bool caught_up() const = 0;
  virtual std::uint32_t lapped() const = 0;

  virtual std::optional<outrigger_control_status> control() = 0;
  // `retry_in_ms` holds the monotonic instant in ms, so that equal bytes mean nothing changed.
  virtual void profiles(std::vector<outrigger_profile_status>& profiles) = 0;

  // What there was before looking for work, so that sleep() returns at once if more came meanwhile.
  struct Token {
    std::uint64_t applied = 0, results = 0;
  };
  virtual Token token() const = 0;
  // Until something is published, the agent dies or is replaced, or the deadline. No lock held. `waiting_flag` tells
  // the agent that somebody sleeps; null: not connected, looked every so often.
  virtual void sleep(const Token& token, ipc::Word32* waiting_flag, std::int64_t deadline_ns) = 0;
};

// The command queue of one connection.
class CommandLink {
 public:
  virtual ~CommandLink() = default;
  struct Sent {
    enum class Status : std::uint8_t { yes, no_room, impossible } status = Status::yes;
    std::uint64_t wire_id = 0;  // under which the result will come
    std::string text;           // of impossible: it never fits
  };
  virtual Sent send(const ipc::wire::Body& body) = 0;
  // Once after a batch of sends.
  virtual void flush() = 0;
  virtual bool next_result(WireResult& result) = 0;
  // The other side has closed or died.
  virtual bool closed() = 0;
  virtual ipc::Word32* waiting_flag() = 0;
};

struct AttachFailure {
  outrigger_attach_reason reason = OUTRIGGER_ATTACH_SYSTEM;
  std::string text;
};

class Channel {
 public:
  virtual ~Channel() = default;
  virtual std::int64_t now_ns() const = 0;
  // Maps what is named `state` now. Null: why not.
  virtual std::shared_ptr<StateView> open_state(AttachFailure& why_not) = 0;
  // Connects to the agent behind the view: one attempt of at most connect_ns. No lock held; null: why not.
  static constexpr std::int64_t connect_ns = 200'000'000;
  virtual std::shared_ptr<CommandLink> connect(const std::shared_ptr<StateView>& view,
                                               AttachFailure& why_not) = 0;
  // Sleeps while there is no agent to wait for. No lock held.
  virtual void pause(std::int64_t deadline_ns) = 0;
};

}  // namespace outrigger::shim
