// The attach / stale / re-attach machine: one step() per call of the C ABI, no thread, no lock (the caller
// has one), no clock but the channel's. It keeps an agent told of the desired state and the caller told of
// the agent's.
//
//   no_agent -> (open `state`, connect) -> hello, resync_begin, desired state, resync_end -> attached
//   attached <-> stale (heartbeat over 2 s) ; any -> no_agent (death, replacement, EOF) ; refused (and tried
//   again)
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "outrigger/shim.h"
#include "shim/channel.h"
#include "shim/desired_state.h"
#include "shim/feed.h"
#include "shim/tickets.h"

namespace outrigger::shim {

inline constexpr std::int64_t ms_ns = 1'000'000;

class Session {
 public:
  struct Options {
    ipc::wire::Hello hello;
    DesiredState::Options desired;
    bool manual_ids = false;
  };
  static constexpr std::int64_t stale_after_ns = 2000 * ms_ns;
  static constexpr std::int64_t retry_first_ns = 10 * ms_ns;
  static constexpr std::int64_t retry_most_ns = 500 * ms_ns;
  static constexpr std::int64_t hello_timeout_ns = 5000 * ms_ns;
  static constexpr std::size_t sends_per_step = 256;
  static constexpr std::size_t results_per_step = 1024;
  static constexpr std::size_t read_batch = 1024;
  static constexpr std::size_t reads_per_call = 256;
  static constexpr std::size_t tables_per_call = 6;
  static constexpr std::size_t views_kept = 4;  // generations that wait to be drained

  Session(Options options, Channel& channel);

  // The duty cycle: look after the agent and the connection, take results, send what is unsent. Bounded.
  void step();
  // The part of it that posts do: no looking for agents.
  void send();
  // Connecting may take up to Channel::connect_ns, so the caller does it without the lock: whom to connect to now, or
  // null; then connected() with what came of it.
  std::shared_ptr<StateView> wants_connection() const;
  void connected(const std::shared_ptr<StateView>& view, std::shared_ptr<CommandLink> link,
                 AttachFailure why_not);

  DesiredState& desired() { return desired_; }
  Tickets& tickets() { return tickets_; }
  const std::string& nonce() const { return options_.hello.nonce; }

  // At most `max` changes. The ring of a dead generation is read to its end before the next one's table.
  void read(std::size_t max, std::vector<Change>& changes);
  // Sequence of a change that was read.
  void acknowledge(std::uint64_t sequence);

  // All that was told, if it may be taken for the truth (S17); otherwise why not.
  outrigger_code snapshot(std::uint64_t max_age_ms, std::vector<Change>& records, std::string& why_not);

  void state(outrigger_state& state) const;
  void profiles(std::vector<outrigger_profile_status>& profiles);
  bool control(outrigger_control_status& control);
  std::uint64_t ticket_of(std::uint64_t wire_id) const { return desired_.ticket_of(wire_id); }

  // Waiting: watch(), step(), then sleep on the watch unless news(). The watch is taken first, so that what
  // comes in between ends the sleep at once.
  struct Watch {
    std::shared_ptr<StateView> view;  // null: there is no agent to wait for
    std::shared_ptr<CommandLink> link;
    StateView::Token token;
  };
  Watch watch() const;
  std::int64_t wake_at_ns() const;  // when step() has something to do by itself
  // Changes, results, another state of the session or other figures of the agent since the last call.
  bool news();

 private:
  enum class Stage : std::uint8_t { none, hello, begin, items, end, wait_end, done };

  StateView* live() const;
  void look_after_agent(std::int64_t now);
  void find_agent(std::int64_t now);
  void agent_lost(std::string text, outrigger_attach_reason reason);
  void connection_lost(std::string text, outrigger_attach_reason reason, std::int64_t now);
  void send_all();
  bool send_control(const ipc::wire::Body& body, Stage next);
  bool send_items();
  void take_results(std::int64_t now);
  void control_answered(Stage stage, const WireResult& result, std::int64_t now);
  void grant_wanted_ids(std::int64_t now);
  void update_state(std::int64_t now);
  void retry_later(std::int64_t now);
  bool status_changed();

  Options options_;
  Channel& channel_;
  Tickets tickets_;
  DesiredState desired_;
  Feed feed_;

  std::deque<std::shared_ptr<StateView>> views_;  // front: being read; back: the newest
  bool live_ = false;                             // the newest one has an agent behind it
  std::uint64_t dead_generation_ = 0;
  std::shared_ptr<CommandLink> link_;
  Stage stage_ = Stage::none;
  std::map<std::uint64_t, Stage> control_wires_;
  std::int64_t stage_since_ns_ = 0;
  std::int64_t retry_at_ns_ = 0, retry_wait_ns_ = retry_first_ns;
  std::int64_t granted_at_ns_ = 0;
  std::uint32_t lapped_ = 0;  // of generations that are over

  outrigger_session_state state_ = OUTRIGGER_SESSION_NO_AGENT;
  outrigger_attach_reason reason_ = OUTRIGGER_ATTACH_NO_FILE;
  std::string text_;
  bool refused_ = false;
  std::uint64_t generations_ = 0;
  bool state_news_ = false;
  std::optional<outrigger_control_status> told_control_;
  std::vector<outrigger_profile_status> told_profiles_, scratch_profiles_;
  std::vector<Record> scratch_records_;
};

}  // namespace outrigger::shim
