#include "shim/ipc_channel.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "ipc/agent_socket.h"
#include "ipc/command_producer.h"
#include "ipc/snapshot_reader.h"
#include "ipc/state_file.h"
#include "ipc/wakeup.h"

namespace outrigger::shim {
namespace {

AttachFailure failure_of(const ipc::Failure& failure) {
  const bool known = failure.reason <= ipc::Reason::system;  // later numbers are the agent's alone
  return {known ? static_cast<outrigger_attach_reason>(failure.reason) : OUTRIGGER_ATTACH_SYSTEM,
          failure.text};
}
static_assert(static_cast<int>(ipc::Reason::system) == OUTRIGGER_ATTACH_SYSTEM);

std::uint32_t flags_of(std::uint16_t flags) {
  struct Pair {
    std::uint16_t ipc;
    std::uint32_t abi;
  };
  static constexpr std::array pairs{
      Pair{ipc::flag::caused_by_app, OUTRIGGER_CHANGE_CAUSED_BY_APP},
      Pair{ipc::flag::delete_proposed, OUTRIGGER_CHANGE_DELETE_PROPOSED},
      Pair{ipc::flag::gone, OUTRIGGER_CHANGE_GONE},
      Pair{ipc::flag::ready, OUTRIGGER_CHANGE_READY},
      Pair{ipc::flag::scheduled, OUTRIGGER_CHANGE_SCHEDULED},
      Pair{ipc::flag::inactive, OUTRIGGER_CHANGE_INACTIVE},
  };
  std::uint32_t out = 0;
  for (const Pair& pair : pairs)
    if ((flags & pair.ipc) != 0) out |= pair.abi;
  return out;
}

Record record_of(const ipc::Record& packed, std::optional<ipc::ColdText> text, bool replay) {
  const ipc::PodRecord pod = ipc::unpack_pod(packed);
  Record record;
  record.ring_sequence = packed.sequence();
  record.executor_id = pod.executor_id;
  record.profile = pod.profile;
  record.flags = flags_of(pod.flags) | (replay ? OUTRIGGER_CHANGE_REPLAY : 0);
  record.state = pod.state;
  record.phase = pod.phase;
  record.exit_class = pod.exit_class;
  record.create_error = pod.create_error;
  record.container_state = pod.container_state;
  record.exit_code = pod.exit_code;
  record.uid = pod.uid;
  record.ip = pod.ip;
  record.resource_version = pod.resource_version;
  record.owner_command = pod.owner_command;
  record.created_at_ms = pod.created_at_ms;
  record.scheduled_at_ms = pod.scheduled_at_ms;
  record.started_at_ms = pod.started_at_ms;
  record.finished_at_ms = pod.finished_at_ms;
  record.deletion_at_ms = pod.deletion_at_ms;
  if (text) {
    if (text->cut) record.flags |= OUTRIGGER_CHANGE_CUT;
    record.name = std::move(text->name);
    record.node = std::move(text->node);
    record.reason = std::move(text->reason);
    record.message = std::move(text->message);
  }
  return record;
}

class IpcState final : public StateView {
 public:
  explicit IpcState(ipc::AttachedState attached)
      : attached_(std::move(attached)), reader_(attached_.view), wait_(attached_.view) {}

  std::uint64_t generation() const override { return reader_.generation(); }
  const ipc::StateView& view() const { return attached_.view; }

  Health health() const override {
    const ipc::Freshness fresh = reader_.freshness();
    return {!fresh.alive || fresh.retired, fresh.heartbeat_ns, fresh.contact_ns};
  }

  Read read(std::size_t max, std::vector<Record>& records) override {
    if (table_.empty() && !attached_once_) {
      read_table();
      attached_once_ = true;
      hand_out_table(max, records);
      return Read::table;
    }
    if (!table_.empty()) {
      hand_out_table(max, records);
      return Read::records;
    }
    batch_.resize(std::min<std::size_t>(max, batch_max));
    const auto polled = reader_.poll(cursor_, batch_);
    for (std::size_t i = 0; i < polled.count; ++i)
      if (batch_[i].kind() == ipc::RecordKind::pod)
        records.push_back(record_of(batch_[i], reader_.text(batch_[i]), false));
    if (polled.count != 0) return Read::records;
    if (!polled.lapped) return Read::nothing;
    ++lapped_;
    read_table();
    hand_out_table(max, records);
    return Read::table;
  }

  bool caught_up() const override {
    return attached_once_ && table_.empty() && cursor_.sequence >= reader_.applied();
  }
  std::uint32_t lapped() const override { return lapped_; }

  std::optional<outrigger_control_status> control() override {
    const auto packed = reader_.slot(attached_.view.shape.control_slot());
    if (!packed || packed->kind() != ipc::RecordKind::control) return std::nullopt;
    const ipc::ControlRecord record = ipc::unpack_control(*packed);
    outrigger_control_status out{};
    out.struct_size = sizeof out;
    out.agent_session = record.session;
    out.synced = record.synced;
    out.stale = record.stale;
    out.resource_version = record.resource_version;
    out.ids_wanted = record.ids_wanted;
    out.drain_left = record.drain_left;
    out.last_error = record.last_error;
    if (const auto text = reader_.text(*packed))
      copy_text(text->message, out.last_error_text, sizeof out.last_error_text);
    return out;
  }

  void profiles(std::vector<outrigger_profile_status>& profiles) override {
    for (std::uint32_t n = 0; n < ipc::limits::profile_slots; ++n) {
      const auto packed = reader_.slot(attached_.view.shape.profile_slot(n));
      if (!packed || packed->kind() != ipc::RecordKind::profile) break;  // given out in order
      const ipc::ProfileRecord record = ipc::unpack_profile(*packed);
      outrigger_profile_status out{};
      out.profile = record.profile;
      out.target = record.target;
      out.creating = record.creating;
      out.pending = record.pending;
      out.running = record.running;
      out.terminating = record.terminating;
      out.template_revision = record.template_revision;
      out.template_digits = record.template_digits;
      out.template_wanted = record.template_wanted;
      out.wait = record.wait;
      out.last_error = record.last_error;
      out.retry_in_ms =
          record.retry_at_ns > 0 ? static_cast<std::uint64_t>(record.retry_at_ns / 1'000'000) : 0;
      out.created_total = record.created_total;
      out.create_failed_total = record.create_failed_total;
      if (const auto text = reader_.text(*packed))
        copy_text(text->message, out.last_error_text, sizeof out.last_error_text);
      profiles.push_back(out);
    }
  }

  Token token() const override { return {reader_.applied(), wait_.results_written()}; }

  void sleep(const Token& token, ipc::Word32* waiting_flag, std::int64_t deadline_ns) override {
    ipc::ReaderWait wait(attached_.view, waiting_flag);
    ipc::ReaderWait::Seen seen;
    seen.sequence = token.applied;
    seen.results = token.results;
    ipc::WaitOptions options;
    options.timeout_ns = std::max<std::int64_t>(0, deadline_ns - ipc::monotonic_ns());
    static_cast<void>(wait.wait(seen, options));  // why it ended shows in the next duty cycle
  }

 private:
  static constexpr std::size_t batch_max = 1024;

  void read_table() {
    table_.clear();
    handed_ = 0;
    const auto resync = reader_.resync([this](const ipc::Record& record) {
      if (record.kind() == ipc::RecordKind::pod) table_.push_back(record);
    });
    cursor_ = resync.cursor;
    // The caller's sequence must rise, and a replay says what is there in the order it happened.
    std::sort(table_.begin(), table_.end(),
              [](const auto& a, const auto& b) { return a.sequence() < b.sequence(); });
  }

  void hand_out_table(std::size_t max, std::vector<Record>& records) {
    for (; handed_ < table_.size() && max > 0; ++handed_, --max)
      records.push_back(record_of(table_[handed_], reader_.text(table_[handed_]), true));
    if (handed_ == table_.size()) table_.clear(), table_.shrink_to_fit();
  }

  ipc::AttachedState attached_;
  ipc::SnapshotReader reader_;
  ipc::ReaderWait wait_;  // for the number of results only
  ipc::Cursor cursor_;
  bool attached_once_ = false;
  std::vector<ipc::Record> table_, batch_;
  std::size_t handed_ = 0;
  std::uint32_t lapped_ = 0;
};

class IpcLink final : public CommandLink {
 public:
  IpcLink(std::shared_ptr<IpcState> state, ipc::DriverConnection connection)
      : state_(std::move(state)),
        connection_(std::move(connection)),
        producer_(connection_.queue.region.bytes(), state_->view(), connection_.queue.epoch) {}

  Sent send(const ipc::wire::Body& body) override {
    auto posted = producer_.post(body);
    switch (posted.status) {
      case ipc::CommandProducer::Posted::Status::ok:
        return {Sent::Status::yes, posted.id, {}};
      case ipc::CommandProducer::Posted::Status::full:
        return {Sent::Status::no_room, 0, {}};
      case ipc::CommandProducer::Posted::Status::invalid:
        break;
    }
    return {Sent::Status::impossible, 0, std::move(posted.text)};
  }
  void flush() override { producer_.flush(); }

  bool next_result(WireResult& result) override {
    auto taken = producer_.take_result();
    if (!taken) return false;
    result = WireResult{taken->command_id, taken->verdict, std::move(taken->detail)};
    return true;
  }
  bool closed() override { return ipc::agent_hung_up(connection_); }
  ipc::Word32* waiting_flag() override { return producer_.waiting_flag(); }

 private:
  std::shared_ptr<IpcState> state_;  // the results lie there
  ipc::DriverConnection connection_;
  ipc::CommandProducer producer_;
};

class IpcChannel final : public Channel {
 public:
  explicit IpcChannel(std::string run_directory) : directory_(std::move(run_directory)) {}

  std::int64_t now_ns() const override { return ipc::monotonic_ns(); }

  std::shared_ptr<StateView> open_state(AttachFailure& why_not) override {
    ipc::AttachOptions options;
    options.path = directory_ + "/state";
    auto attached = ipc::attach_state(options);
    if (attached) return std::make_shared<IpcState>(attached.take());
    why_not = failure_of(attached.failure());
    return nullptr;
  }

  std::shared_ptr<CommandLink> connect(const std::shared_ptr<StateView>& view,
                                       AttachFailure& why_not) override {
    auto state = std::static_pointer_cast<IpcState>(view);  // made by open_state() above
    auto connection = ipc::connect_agent(directory_ + "/agent.sock", state->generation(), connect_ns);
    if (connection) return std::make_shared<IpcLink>(std::move(state), connection.take());
    why_not = failure_of(connection.failure());
    return nullptr;
  }

  void pause(std::int64_t deadline_ns) override {
    const timespec until{deadline_ns / 1'000'000'000, deadline_ns % 1'000'000'000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
  }

 private:
  std::string directory_;
};

}  // namespace

std::unique_ptr<Channel> make_ipc_channel(std::string run_directory) {
  return std::make_unique<IpcChannel>(std::move(run_directory));
}

}  // namespace outrigger::shim
