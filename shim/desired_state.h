// What the driver wants, kept so that each new agent can be told all of it (rule C21): the level behind the
// posts. Pure bookkeeping: no clock, no channel. The session asks for the next command, sends it, and says
// so.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ipc/command_wire.h"
#include "outrigger/shim.h"
#include "shim/tickets.h"

namespace outrigger::shim {

namespace wire = ipc::wire;

struct Posted {
  outrigger_code code = OUTRIGGER_OK;
  std::string text;          // of a failure
  std::uint64_t ticket = 0;  // of a success
};

class DesiredState {
 public:
  struct Options {
    std::uint64_t first_id = 1;
    std::uint32_t id_block_size = 1024;
    std::size_t ids_per_command = 16'384;  // longer lists are cut into several commands
  };
  static constexpr std::size_t template_bytes_max = std::size_t{1}
                                                    << 20;  // one rendered pod, extras included
  static constexpr std::size_t profiles_max = 64;
  static constexpr std::size_t known_max = 200'000;
  static constexpr std::size_t rendered_max = 4096;
  static constexpr std::size_t blocks_pending_max = 64;
  static constexpr std::uint32_t block_max = 65'536;
  static constexpr std::uint64_t id_max = 0x7FFFFFFF;  // Spark's executor ids are Java ints

  DesiredState(const Options& options, Tickets& tickets);

  // The posts. `wanted`: the caller wants a result (tickets.h).
  Posted policy(const wire::Policy& policy, bool wanted);
  Posted pod_template(wire::PostTemplate pod_template, bool wanted);
  Posted rendered(wire::PostRendered rendered, bool wanted);
  Posted target(std::uint32_t profile, std::uint32_t executors, bool wanted);
  Posted known(const std::uint64_t* added, std::size_t added_count, const std::uint64_t* removed,
               std::size_t removed_count, bool wanted);
  Posted known_full(const std::uint64_t* ids, std::size_t count, bool wanted);
  Posted confirm_delete(const std::uint64_t* ids, std::size_t count, bool wanted);
  Posted delete_executors(const std::uint64_t* ids, std::size_t count, bool wanted);
  // The ids of one block are granted once, to one agent; what it leaves is lost on purpose (C18).
  Posted grant(std::uint32_t count, bool wanted, std::uint64_t* first);
  Posted drain(bool wanted);
  Posted detach(bool wanted);
  void acknowledge(std::uint64_t ring_sequence);

  bool draining() const { return drain_.set; }
  bool detached() const { return detach_.set; }
  // The agent has been told of the drain: it takes nothing but acknowledgements and the goodbye from now on.
  bool drain_sent() const { return drain_.set && !drain_.dirty; }
  std::uint32_t default_block() const { return options_.id_block_size; }
  bool grant_under_way() const;
  bool has_granted() const { return next_id_ != options_.first_id; }
  bool detach_under_way() const;

  // The pod no longer exists: its deletion need not be asked for again.
  void forget(std::uint64_t executor_id);

  // A new agent: everything is to be sent, with a fresh id block; rendered pods and what is left of old
  // blocks are dropped, because their ids are retired (C18).
  void begin_resync(bool grant_block);
  // The agent is gone: everything is unsent again.
  void lost();

  struct Outgoing {
    wire::Body body;
    std::uint64_t ticket = 0;
    bool last = true;  // of a list that was cut
  };
  // The next unsent command, in an order that lets the agent check each against those before it.
  std::optional<Outgoing> next() const;
  void sent(const Outgoing& outgoing, std::uint64_t wire_id);
  // The agent's verdict on what was sent under this id; false: it was never sent.
  bool answered(std::uint64_t wire_id, std::uint32_t verdict, std::string detail);
  std::size_t unsent() const;
  // The ticket behind a recent command id of the channel; 0: none.
  std::uint64_t ticket_of(std::uint64_t wire_id) const;

 private:
  static constexpr std::size_t owners_kept = 4096;

  struct Mark {
    std::uint64_t ticket = 0;
    bool set = false;
    bool dirty = false;
  };
  struct Block {
    wire::GrantIds grant;
    std::uint64_t ticket = 0;
  };
  struct IdSet {
    std::set<std::uint64_t> ids, pending;
    Mark mark;
  };
  struct InFlight {
    std::uint64_t ticket = 0;
    bool last = true;
    bool is_grant = false;
  };
  using TemplateKey = std::pair<std::uint32_t, std::uint8_t>;  // profile, digits

  std::uint64_t renew(Mark& mark, bool wanted);
  Posted add_ids(IdSet& set, const char* name, const std::uint64_t* ids, std::size_t count, bool wanted);
  std::optional<Outgoing> next_known() const;
  template <class Body>
  std::optional<Outgoing> next_ids(const IdSet& set) const;

  Options options_;
  Tickets& tickets_;
  std::uint64_t next_id_;

  wire::Policy policy_;
  Mark policy_mark_;
  std::map<TemplateKey, std::pair<wire::PostTemplate, Mark>> templates_;
  std::map<std::uint64_t, std::pair<wire::PostRendered, Mark>> rendered_;  // by executor id; unsent only
  std::map<std::uint32_t, std::pair<std::uint32_t, Mark>> targets_;
  std::set<std::uint64_t> known_, known_added_, known_removed_;
  bool known_full_ = false;
  Mark known_mark_;
  IdSet confirmed_, deleted_;
  std::vector<Block> blocks_;  // unsent only
  std::optional<std::uint64_t> ack_;
  Mark drain_, detach_;
  std::unordered_map<std::uint64_t, InFlight> in_flight_;  // by the channel's command id
  std::map<std::uint64_t, std::uint64_t> owners_;          // the same, after the answer too; the newest
};

}  // namespace outrigger::shim
