// `agent.sock`: hands the command queue to one driver and notices when it goes (C1, C13, C23).
//
// SOCK_SEQPACKET, so that nothing is half-sent. The driver sends one hello packet and gets one answer packet,
// with the queue's descriptor if it is the session owner. After that neither side sends anything: EOF is the
// message.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ipc/command_queue.h"
#include "ipc/layout.h"
#include "ipc/outcome.h"
#include "ipc/system.h"

namespace outrigger::ipc {

inline constexpr std::uint64_t hello_magic = 0x4F4C4C4548545255;   // "URTHELLO" as bytes
inline constexpr std::uint64_t answer_magic = 0x52455753414E5255;  // "URNASWER" as bytes

struct HelloPacket {
  std::uint64_t magic = hello_magic;
  std::uint32_t major_min = layout_major, major_max = layout_major;
  std::uint32_t minor = layout_minor, reserved0 = 0;
  std::uint64_t layout_hash = 0;
  std::uint64_t generation = 0;  // of the `state` the driver has mapped
  std::uint64_t reserved1[3] = {};
};
static_assert(sizeof(HelloPacket) == 64);
struct AnswerPacket {
  std::uint64_t magic = answer_magic;
  std::uint32_t reason = 0;  // Reason; 0 = ok, a descriptor comes with it
  std::uint32_t text_bytes = 0;
  std::uint32_t major = layout_major, minor = layout_minor;
  std::uint64_t layout_hash = 0;
  std::uint64_t generation = 0;
  std::uint64_t epoch = 0;
  char text[256] = {};
};
static_assert(sizeof(AnswerPacket) == 304);

struct DoorOptions {
  std::string path;
  unsigned mode = 0666;          // explicit chmod; 0600 in client mode (C2)
  std::uint64_t generation = 0;  // of the `state` that drivers must have mapped
  std::uint64_t first_epoch = 1;
  std::int64_t hello_deadline_ns = limits::hello_deadline_ns;
};

// What happened at the door, in order.
struct DoorEvent {
  enum class Kind : std::uint8_t {
    attached,  // a driver owns the session: queue() is its queue
    gone,      // it closed, died or broke the protocol; its queue is still mapped until release()
    refused,   // somebody else was refused, or never said hello; text says why
  } kind;
  std::uint64_t epoch = 0;
  std::string text;
};

// The agent's end. One thread, never blocks. One descriptor to watch for readability, level-triggered,
// whatever happens inside: call service() when it is readable, and at least every hello_deadline_ns while
// unanswered() > 0.
class AgentDoor {
 public:
  static Outcome<AgentDoor> open(const DoorOptions& options);
  int fd() const;
  std::vector<DoorEvent> service(std::int64_t now_ns);
  std::size_t unanswered() const;
  // The owner's queue; nullptr when there is none.
  const CommandQueue* queue() const;
  // Ends the session (breach, drain done): the owner gets EOF. No event comes.
  void close_session();
  // After `gone`: unmaps the queue and lets the next driver in. Call once nobody uses the queue's memory any
  // more.
  void release();

  AgentDoor(AgentDoor&&) noexcept;
  AgentDoor& operator=(AgentDoor&&) noexcept;
  ~AgentDoor();  // unlinks the socket

 private:
  struct Impl;
  explicit AgentDoor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The driver's end of a session.
struct DriverConnection {
  Fd socket;  // readable = EOF: the agent is gone, or has closed the session
  CommandQueue queue;
};
// Blocks for at most `timeout_ns`. no_socket: nobody listens; refused: the text is the agent's; retired: its
// `state` is another generation, map again; wrong_major, wrong_layout: both ranges are named.
Outcome<DriverConnection> connect_agent(const std::string& path, std::uint64_t generation,
                                        std::int64_t timeout_ns);
// True when the agent has closed the session or died. Never blocks.
bool agent_hung_up(const DriverConnection& connection);

}  // namespace outrigger::ipc
