// A channel that a test plays by hand: what `state` says, whether somebody listens, what was sent.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shim/channel.h"

namespace outrigger::shim::testing {

class ScriptedState final : public StateView {
 public:
  explicit ScriptedState(std::uint64_t generation) : generation_(generation) { control_.emplace(); }

  // The agent's side.
  void publish(Record record) {
    record.ring_sequence = ++sequence_;
    table_[record.executor_id] = record;
    ring_.push_back(std::move(record));
  }
  void synced(bool synced) { control_->synced = synced ? 1 : 0; }
  void ids_wanted(std::uint32_t ids) { control_->ids_wanted = ids; }
  // What was not read of the ring is lost: the reader gets the table again.
  void lap() { lap_ = true; }
  void forget(std::uint64_t executor_id) { table_.erase(executor_id); }
  Health life;
  std::vector<outrigger_profile_status> profile_list;

  std::uint64_t generation() const override { return generation_; }
  Health health() const override { return life; }
  Read read(std::size_t max, std::vector<Record>& records) override {
    if (first_ || lap_) {
      lapped_ += lap_ ? 1 : 0;
      first_ = lap_ = false;
      replay_.clear();
      std::map<std::uint64_t, Record> by_sequence;
      for (const auto& [id, record] : table_) by_sequence[record.ring_sequence] = record;
      for (auto& [sequence, record] : by_sequence) {
        record.flags |= OUTRIGGER_CHANGE_REPLAY;
        replay_.push_back(record);
      }
      ring_.clear();
      take(replay_, max, records);
      return Read::table;
    }
    if (take(replay_, max, records)) return Read::records;
    return take(ring_, max, records) ? Read::records : Read::nothing;
  }
  bool caught_up() const override { return !first_ && !lap_ && replay_.empty() && ring_.empty(); }
  std::uint32_t lapped() const override { return lapped_; }
  std::optional<outrigger_control_status> control() override { return control_; }
  void profiles(std::vector<outrigger_profile_status>& profiles) override { profiles = profile_list; }
  Token token() const override { return {sequence_, 0}; }
  void sleep(const Token&, ipc::Word32*, std::int64_t) override {}

 private:
  static bool take(std::deque<Record>& from, std::size_t max, std::vector<Record>& to) {
    bool any = false;
    for (; max > 0 && !from.empty(); --max, any = true) {
      to.push_back(from.front());
      from.pop_front();
    }
    return any;
  }
  std::uint64_t generation_, sequence_ = 0;
  std::map<std::uint64_t, Record> table_;
  std::deque<Record> ring_, replay_;
  std::optional<outrigger_control_status> control_;
  bool first_ = true, lap_ = false;
  std::uint32_t lapped_ = 0;
};

class ScriptedLink final : public CommandLink {
 public:
  std::vector<ipc::wire::Body> sent;  // index + 1 is the wire id
  std::deque<WireResult> results;
  std::size_t room = SIZE_MAX;             // how many commands still fit
  std::size_t never_fits_over = SIZE_MAX;  // bytes of a pod
  bool hung_up = false;
  bool accept_all = true;  // answers each command at once

  Sent send(const ipc::wire::Body& body) override {
    if (const auto* t = std::get_if<ipc::wire::PostTemplate>(&body);
        t != nullptr && t->samples.at(0).pod_json.size() > never_fits_over)
      return {Sent::Status::impossible, 0, "too large for this queue"};
    if (room == 0) return {Sent::Status::no_room, 0, {}};
    --room;
    sent.push_back(body);
    if (accept_all && !std::holds_alternative<ipc::wire::Ack>(body)) accept(sent.size());
    return {Sent::Status::yes, sent.size(), {}};
  }
  void accept(std::uint64_t wire_id) { results.push_back({wire_id, OUTRIGGER_VERDICT_ACCEPTED, {}}); }
  void refuse(std::uint64_t wire_id, outrigger_verdict verdict, std::string detail) {
    results.push_back({wire_id, static_cast<std::uint32_t>(verdict), std::move(detail)});
  }
  void flush() override {}
  bool next_result(WireResult& result) override {
    if (results.empty()) return false;
    result = std::move(results.front());
    results.pop_front();
    return true;
  }
  bool closed() override { return hung_up; }
  ipc::Word32* waiting_flag() override { return nullptr; }

  template <class Body>
  std::vector<Body> all() const {
    std::vector<Body> out;
    for (const auto& body : sent)
      if (const auto* found = std::get_if<Body>(&body)) out.push_back(*found);
    return out;
  }
  template <class Body>
  std::size_t index_of() const {
    for (std::size_t i = 0; i < sent.size(); ++i)
      if (std::holds_alternative<Body>(sent[i])) return i;
    return SIZE_MAX;
  }
};

class ScriptedChannel final : public Channel {
 public:
  std::int64_t clock_ns = 1'000'000'000'000;
  std::shared_ptr<ScriptedState> state;  // null: no file
  std::shared_ptr<ScriptedLink> link;    // null: nobody listens
  AttachFailure no_state{OUTRIGGER_ATTACH_NO_FILE, "no `state` in the run directory"};
  AttachFailure no_link{OUTRIGGER_ATTACH_NO_SOCKET, "nobody listens"};
  int opened = 0;

  std::int64_t now_ns() const override { return clock_ns; }
  std::shared_ptr<StateView> open_state(AttachFailure& why_not) override {
    ++opened;
    if (!state) why_not = no_state;
    return state;
  }
  std::shared_ptr<CommandLink> connect(const std::shared_ptr<StateView>&, AttachFailure& why_not) override {
    if (!link) why_not = no_link;
    return link;
  }
  void pause(std::int64_t) override {}

  // A new agent with an empty table.
  void agent(std::uint64_t generation) {
    state = std::make_shared<ScriptedState>(generation);
    state->life = {false, clock_ns, clock_ns};
    link = std::make_shared<ScriptedLink>();
  }
  void kill_agent() {
    state->life.ended = true;
    link->hung_up = true;
  }
  void later_ms(std::int64_t ms) { clock_ns += ms * 1'000'000; }
};

inline Record a_record(std::uint64_t executor_id, std::uint8_t state, std::uint64_t uid = 0) {
  Record record;
  record.executor_id = executor_id;
  record.state = state;
  record.uid = {uid != 0 ? uid : executor_id, 7};
  record.name = "app-exec-" + std::to_string(executor_id);
  return record;
}

}  // namespace outrigger::shim::testing
