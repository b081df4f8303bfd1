// A driver as the shim will be one: posts its whole desired state after each attach, reads the state in its
// own time, grants ids and templates when asked, confirms deletions of executors it does not know,
// acknowledges.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "tests/sim/sim_sink.h"
#include "tests/support/fake_commands.h"
#include "tests/support/manual_entropy.h"
#include "tests/support/manual_timers.h"

namespace outrigger::sim {

class SimDriver {
 public:
  SimDriver(std::string nonce, std::string application, test::ManualTimers& timers,
            test::ManualEntropy& random);
  ~SimDriver();

  // A new agent (or the same one again) is there: attach and post everything.
  void attach(std::shared_ptr<SimSink> sink, test::FakeCommands& commands);
  void lose_agent();  // the socket is closed; the old state stays mapped and is read to its end
  void set_target(core::ProfileId profile, std::uint32_t executors);
  void ask_drain();

  struct Seen {
    core::ExecutorRecord record;
  };
  std::string nonce;
  std::map<core::ProfileId, std::uint32_t> targets;
  std::map<core::ExecutorId, core::ExecutorRecord>
      view;                               // newest record of each id, of the newest generation
  std::set<core::ExecutorId> known;       // registered executors
  std::set<core::ExecutorId> ever_known;  // of this driver
  std::map<core::ExecutorId, core::ExecutorState> finals;  // delivered final states
  std::set<core::ExecutorId> missing;                      // vanished while no agent looked
  std::set<core::ExecutorId> confirmed;                    // deletions confirmed by us
  std::map<core::ProfileId, core::ProfileStatus> profiles;
  core::ControlStatus control;
  core::AllocationPolicy policy;
  bool claims = false;        // its executors have a claim on demand
  bool register_all = false;  // every running executor has registered by now
  bool slow = false;          // reads once in seconds
  bool attached = false;
  std::uint64_t generations = 0;
  std::vector<std::string> refusals;
  std::function<void(const std::string&)> trace;
  std::function<void(core::ExecutorId)> on_known;
  std::function<void(const std::string& pod)> on_refused;

 private:
  void tick();
  void schedule();
  void read();
  void take(const core::ExecutorRecord& record);
  void answer_wishes();
  void detect_missing();
  void post(core::CommandBody body);
  void post_template(core::ProfileId profile, std::uint8_t digits);
  void grant(std::uint32_t count);

  test::ManualTimers& timers_;
  test::ManualEntropy& random_;
  std::string application_;
  std::shared_ptr<SimSink> sink_;
  test::FakeCommands* commands_ = nullptr;
  std::uint64_t cursor_ = 0;
  std::uint64_t next_id_ = 1;
  std::uint64_t granted_here_ = 0;  // ids granted on this connection
  std::set<std::pair<core::ProfileId, std::uint8_t>> templates_here_;
  std::map<core::CommandId, std::string> waiting_;
  std::set<core::ExecutorId> proposed_;
  std::map<core::ExecutorId, int> missing_;  // registered, and not in a synced view: how many ticks ago
  ports::TimerId tick_ = 0;
  bool ring_ = false;
};

}  // namespace outrigger::sim
