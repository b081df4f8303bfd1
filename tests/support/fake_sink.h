// Records what the agent publishes: the newest record per pod, every final state, results and marks.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "agent/ports/snapshot_sink.h"

namespace outrigger::test {

class FakeSink final : public ports::SnapshotSink {
 public:
  using Key = std::pair<core::ExecutorId, core::PodUid>;

  void publish(const core::ExecutorRecord& record) override {
    const Key key{record.pod.executor_id, record.pod.uid};
    records[key] = record;
    history.push_back(record);
    ++uncommitted;
    if (on_record) on_record(record);
  }
  void publish(const core::ProfileStatus& status) override {
    profiles[status.profile] = status;
    ++uncommitted;
  }
  void publish(const core::ControlStatus& status) override {
    control = status;
    ++uncommitted;
  }
  void result(core::Epoch epoch, const core::CommandResult& result) override {
    results.emplace_back(epoch, result);
    ++uncommitted;
    if (on_result) on_result(epoch, result);
  }
  void commit() override {
    ++commits;
    uncommitted = 0;
    if (on_commit) on_commit();
  }
  void acknowledged(std::uint64_t sequence) override { acknowledged_sequence = sequence; }
  void contact(core::Instant last_contact) override { contact_at = last_contact; }
  void mark_in_flight(core::ExecutorId id, core::ProfileId profile) override {
    marks[id] = profile;
    marked_ever.insert(id);
  }
  void clear_in_flight(core::ExecutorId id) override { marks.erase(id); }

  // The newest record of an executor id, whatever its uid; nullptr if none.
  const core::ExecutorRecord* newest(core::ExecutorId id) const {
    for (auto it = history.rbegin(); it != history.rend(); ++it)
      if (it->pod.executor_id == id) return &*it;
    return nullptr;
  }
  std::optional<core::CommandResult> result_of(core::CommandId id) const {
    for (auto it = results.rbegin(); it != results.rend(); ++it)
      if (it->second.id == id) return it->second;
    return std::nullopt;
  }

  std::map<Key, core::ExecutorRecord> records;
  std::vector<core::ExecutorRecord> history;
  std::map<core::ProfileId, core::ProfileStatus> profiles;
  core::ControlStatus control;
  std::vector<std::pair<core::Epoch, core::CommandResult>> results;
  std::map<core::ExecutorId, core::ProfileId> marks;
  std::set<core::ExecutorId> marked_ever;
  std::uint64_t acknowledged_sequence = 0;
  core::Instant contact_at{};
  int commits = 0;
  int uncommitted = 0;
  std::function<void(const core::ExecutorRecord&)> on_record;
  std::function<void(core::Epoch, const core::CommandResult&)> on_result;
  std::function<void()> on_commit;
};

}  // namespace outrigger::test
