#include "agent/io/channel.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "agent/io/asio_loop.h"
#include "agent/io/shm_commands.h"
#include "agent/io/shm_sink.h"
#include "ipc/liveness.h"
#include "ipc/snapshot_writer.h"
#include "ipc/state_file.h"

namespace outrigger::io {
namespace {

constexpr core::Millis heartbeat_period{500};  // stale is 2 s

Status make_directory(const std::string& path, mode_t mode, const char* what) {
  if (path.empty()) return fail(std::string(what) + " is empty; set it to a directory");
  if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) {
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
    return fail(std::string(what) + " " + path + " is not a directory");
  }
  return fail(std::string(what) + " " + path + ": " + std::strerror(errno));
}

}  // namespace

struct Channel::Impl {
  AsioLoop& loop;
  ChannelOptions options;
  ports::Log& log;
  ipc::AgentLock lock;
  ipc::StateFile file;
  ipc::SnapshotWriter writer;
  ipc::LivenessHolder liveness;  // ends before the file does
  ShmSink sink;
  ShmCommands commands;
  std::function<void()> on_replaced;
  std::function<void(const std::string&)> on_failed;
  ports::TimerId heartbeat = 0, deadline = 0;
  bool publishing = false, published = false;

  Impl(AsioLoop& l, ChannelOptions o, ports::Log& lg, metrics::Catalog* metrics, ipc::AgentLock agent_lock,
       ipc::StateFile state, ipc::LivenessHolder holder)
      : loop(l),
        options(std::move(o)),
        log(lg),
        lock(std::move(agent_lock)),
        file(std::move(state)),
        writer(file.view()),
        liveness(std::move(holder)),
        sink(writer, log, metrics),
        commands({loop, writer, log, metrics, [this](std::uint64_t hash) { sink.set_nonce_hash(hash); }}) {}

  ~Impl() {
    loop.guard({}, {});
    loop.cancel(heartbeat);
    loop.cancel(deadline);
  }

  void replaced() {
    log.error("a newer agent has taken the run directory, this one ends", {{"runDir", options.run_dir}});
    if (on_replaced) on_replaced();
  }

  void beat() {
    writer.heartbeat(loop.now().time_since_epoch().count());
    sink.mirror_totals();
    heartbeat = loop.start(heartbeat_period, [this] { beat(); });
  }

  // Never inside a commit.
  void publish_in(core::Nanos delay) {
    loop.cancel(deadline);
    deadline = loop.start(delay, [this] {
      deadline = 0;
      publish();
    });
  }

  void publish() {
    if (std::exchange(published, true)) return;
    sink.on_synced_commit = nullptr;
    if (auto refused = file.publish())
      return refused->reason == ipc::Reason::retired ? replaced() : failed(refused->text);
    ipc::DoorOptions door;
    door.path = options.run_dir + "/agent.sock";
    door.mode = options.private_files ? 0600 : 0666;
    door.generation = writer.generation();
    if (auto listening = commands.listen(door); !listening) return failed(listening.error().text);
    log.info("the channel is open",
             {{"runDir", options.run_dir}, {"capacity", std::to_string(options.capacity)}});
  }

  void failed(const std::string& text) {
    log.error("the channel can't be opened", {{"err", text}});
    if (on_failed) on_failed(text);
  }
};

Channel::Channel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Channel::~Channel() = default;

Result<std::unique_ptr<Channel>> Channel::open(AsioLoop& loop, ChannelOptions options, ports::Log& log,
                                               metrics::Catalog* metrics) {
  if (auto ok = make_directory(options.run_dir, options.private_files ? 0700 : 0755, "channel.runDir"); !ok)
    return fail(ok.error().text);
  if (auto ok = make_directory(options.lock_dir, 0700, "channel.lockDir"); !ok) return fail(ok.error().text);
  if (const auto missing = ipc::probe(options.lock_dir); !missing.empty()) return fail(missing);
  auto lock = ipc::AgentLock::acquire(options.lock_dir);
  if (!lock) return fail(lock.failure().text);
  ipc::StateOptions state;
  state.directory = options.run_dir;
  state.capacity = options.capacity;
  state.mode = options.private_files ? 0600 : 0644;
  auto file = ipc::StateFile::create(state);
  if (!file) return fail(file.failure().text);
  if (!file.value().previous_note().empty())
    log.warning("the state of the previous agent can't be read", {{"reason", file.value().previous_note()}});
  auto holder = ipc::LivenessHolder::hold(file.value().view().header->liveness);
  if (!holder) return fail(holder.failure().text);
  return std::unique_ptr<Channel>(new Channel(std::make_unique<Impl>(
      loop, std::move(options), log, metrics, lock.take(), file.take(), holder.take())));
}

ports::SnapshotSink& Channel::sink() {
  return impl_->sink;
}
ports::CommandSource& Channel::commands() {
  return impl_->commands;
}

std::vector<ports::InFlightMark> Channel::crashed() const {
  std::vector<ports::InFlightMark> marks;
  for (const auto& mark : impl_->file.inherited())
    marks.push_back({core::ExecutorId{mark.executor_id}, core::ProfileId{mark.profile}, mark.nonce_hash});
  return marks;
}

void Channel::start(std::function<void()> on_replaced, std::function<void(const std::string&)> on_failed) {
  impl_->on_replaced = std::move(on_replaced);
  impl_->on_failed = std::move(on_failed);
  impl_->loop.guard([impl = impl_.get()] { return !impl->writer.replaced(); },
                    [impl = impl_.get()] { impl->replaced(); });
  impl_->beat();
  impl_->sink.on_synced_commit = [impl = impl_.get()] {
    if (!impl->published && !impl->publishing) impl->publish_in(core::Nanos(0));
    impl->publishing = true;
  };
  impl_->publish_in(impl_->options.publish_deadline);
}

}  // namespace outrigger::io
