// The file `state`: made under a temporary name, published by rename, the previous one retired (C4, C14).
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "ipc/outcome.h"
#include "ipc/region.h"
#include "ipc/state_view.h"
#include "ipc/system.h"

namespace outrigger::ipc {

struct InFlight {
  std::uint64_t executor_id = 0;
  std::uint32_t profile = 0;
  std::uint64_t nonce_hash = 0;
  bool operator==(const InFlight&) const = default;
};

struct StateOptions {
  std::string directory;  // mounted read-only at the driver
  std::string name = "state";
  std::uint32_t capacity = limits::capacity_default;
  unsigned mode = 0644;  // explicit chmod, whatever the umask; 0600 in client mode (C2)
};

// The agent's side. Order of use: AgentLock, create(), writer fills it, publish(). One thread.
class StateFile {
 public:
  // Reserves every byte (a full tmpfs fails here, C4), prefaults, formats. The in-flight marks of a previous
  // file of this layout are carried over, so that a second crash does not forget them (C19); inherited()
  // lists them. A previous file that can't be read (other layout or boot) is named by previous_note().
  static Outcome<StateFile> create(const StateOptions& options);
  // Ready, renamed, the previous inode told: `retired`, wake_seq, wake. Reason::retired: the name leads to another
  // file than at create(), so another agent was faster, and this file is not shown.
  Refusal publish();

  const StateView& view() const { return view_; }
  const std::vector<InFlight>& inherited() const { return inherited_; }
  const std::string& previous_note() const { return previous_note_; }
  std::string path() const { return options_.directory + "/" + options_.name; }
  StateFile(StateFile&&) = default;
  StateFile& operator=(StateFile&&) = default;
  ~StateFile();

 private:
  StateFile() = default;
  // Device and inode that the name leads to; none: zeros.
  using Identity = std::array<std::uint64_t, 2>;
  Identity identity_of_name() const;
  void look_at_previous();
  void retire_previous();
  StateOptions options_;
  std::string temporary_;  // not empty: not published yet
  Fd directory_, fd_, previous_;
  Identity replaces_{};
  Region region_;
  StateView view_;
  std::vector<InFlight> inherited_;
  std::string previous_note_;
};

// A reader's mapping of `state`, read-only, whoever wrote it.
struct AttachedState {
  Region region;
  StateView view;
};
struct AttachOptions {
  std::string path;
  bool accept_retired = false;  // agentctl and post-mortem reading
  bool accept_stale = true;     // false: a heartbeat older than 2 s, or a dead agent, is Reason::stale
};
// Never follows a symlink, never blocks on a FIFO.
Outcome<AttachedState> attach_state(const AttachOptions& options);

// Marks of a state, whether its agent lives or not (C19).
std::vector<InFlight> read_marks(const StateView& view);

// Keeps two agents apart: an OFD lock on a never-mapped file in a directory that only agents see (C13). Held
// until destruction or death of the process, with a PID namespace or without.
class AgentLock {
 public:
  static Outcome<AgentLock> acquire(const std::string& directory);

 private:
  explicit AgentLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace outrigger::ipc
