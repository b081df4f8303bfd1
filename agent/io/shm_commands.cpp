#include "agent/io/shm_commands.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "agent/core/in_flight.h"
#include "agent/io/asio_loop.h"
#include "agent/io/command_waiter.h"
#include "agent/io/shm_records.h"
#include "ipc/command_consumer.h"

namespace outrigger::io {
namespace {

// How long the commands of a driver that has gone may wait to be drained before they are forgotten.
constexpr core::Millis last_words{1000};

struct Session {
  core::Epoch epoch;
  std::unique_ptr<ipc::CommandConsumer> consumer;
  std::unique_ptr<CommandWaiter> waiter;  // gone before the queue is
  std::optional<std::string> ending;      // the driver is gone, its last commands are not drained yet
  bool notified = false;                  // a message to the listener is under way
};

}  // namespace

struct ShmCommands::Impl : std::enable_shared_from_this<ShmCommands::Impl> {
  Parts parts;
  std::optional<ipc::AgentDoor> door;
  boost::asio::posix::stream_descriptor readable;
  ports::CommandListener* listener = nullptr;
  ports::TimerId hello_timer = 0, last_words_timer = 0;

  std::optional<Session> session;
  std::vector<ipc::Drained> drained;
  bool closed = false;

  explicit Impl(Parts p) : parts(std::move(p)), readable(parts.loop.context()) {}

  template <class Work>
  void later(Work work) {
    parts.loop.post([self = weak_from_this(), work = std::move(work)] {
      if (const auto alive = self.lock(); alive && !alive->closed) work(*alive);
    });
  }

  void arm() {
    readable.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [self = shared_from_this()](const boost::system::error_code& error) {
                          if (error || self->closed) return;
                          AsioLoop::Turn turn(self->parts.loop);
                          self->service();
                          if (!self->closed) self->arm();
                        });
  }

  void service() {
    if (!parts.loop.may_act()) return;
    for (auto& event : door->service(parts.loop.now().time_since_epoch().count())) {
      switch (event.kind) {
        case ipc::DoorEvent::Kind::attached:
          attached(core::Epoch{event.epoch});
          break;
        case ipc::DoorEvent::Kind::gone:
          gone(event.text);
          break;
        case ipc::DoorEvent::Kind::refused:
          refused(event.text);
          break;
      }
    }
    parts.loop.cancel(std::exchange(hello_timer, 0));
    if (door->unanswered() > 0)
      hello_timer = parts.loop.start(core::Nanos(ipc::limits::hello_deadline_ns), [this] {
        hello_timer = 0;
        service();
      });
  }

  void refused(const std::string& text) {
    if (parts.metrics != nullptr) parts.metrics->channel.refusals.add();
    parts.writer.count(ipc::Counter::sessions_refused);
    parts.log.warning("a connection to the socket was refused", {{"reason", text}});
  }

  void attached(core::Epoch epoch) {
    const auto* queue = door->queue();
    session.emplace();
    session->epoch = epoch;
    session->consumer =
        std::make_unique<ipc::CommandConsumer>(queue->region.bytes(), parts.writer.view(), epoch.value);
    parts.writer.set_waiting_flag(&queue->header()->reader_waiting);
    parts.writer.count(ipc::Counter::sessions_opened);
    if (parts.metrics != nullptr) {
      parts.metrics->channel.attached.set(1);
      parts.metrics->channel.epoch.set(static_cast<double>(epoch.value));
    }
    session->waiter =
        std::make_unique<CommandWaiter>(parts.writer.view(), queue->header(), [self = weak_from_this()] {
          if (const auto alive = self.lock()) alive->later([](Impl& impl) { impl.ready(); });
        });
    if (listener != nullptr) listener->on_driver_attached(epoch);
  }

  // The waiter is at rest until rearm().
  void ready() {
    if (!session) return;
    session->notified = false;
    if (listener != nullptr) listener->on_commands_ready();
  }

  void notify() {
    if (!session || std::exchange(session->notified, true)) return;
    later([](Impl& impl) { impl.ready(); });
  }

  // What it posted before it went still counts: a detach followed by exit is a detach.
  void gone(const std::string& reason) {
    if (!session) return;
    session->waiter.reset();
    parts.writer.set_waiting_flag(nullptr);
    session->ending = reason;
    if (!session->consumer->more() || listener == nullptr) return finish();
    last_words_timer = parts.loop.start(last_words, [this] {
      last_words_timer = 0;
      finish();
    });
    notify();
  }

  void finish() {
    if (!session || !session->ending) return;
    parts.loop.cancel(std::exchange(last_words_timer, 0));
    const auto epoch = session->epoch;
    const auto reason = *session->ending;
    session.reset();
    door->release();
    if (parts.metrics != nullptr) parts.metrics->channel.attached.set(0);
    if (listener != nullptr) listener->on_driver_gone(epoch, reason);
    if (door && !closed) service();  // one who waits for the door
  }

  // Ours: no event comes from the door.
  void end(const std::string& reason) {
    if (!session || session->ending) return;
    door->close_session();
    session->waiter.reset();
    parts.writer.set_waiting_flag(nullptr);
    session->ending = reason;
    later([](Impl& impl) { impl.finish(); });
  }

  void breach(const std::string& why) {
    if (parts.metrics != nullptr) parts.metrics->channel.breaches.add();
    parts.writer.count(ipc::Counter::queue_breaches);
    parts.log.warning("the driver broke the channel's contract, its connection is closed", {{"reason", why}});
    end("breach: " + why);
  }

  std::size_t drain(std::size_t max, std::vector<core::Command>& out) {
    if (!parts.loop.may_act() || !session || !session->consumer->breach().empty()) return 0;
    drained.clear();
    session->consumer->drain(max, drained);
    std::size_t taken = 0;
    bool refusals = false;
    for (auto& one : drained) {
      parts.writer.count(ipc::Counter::commands_drained);
      if (!one.body) {
        parts.writer.count(ipc::Counter::commands_malformed);
        parts.writer.result(session->epoch.value, one.id,
                            static_cast<std::uint16_t>(core::Verdict::refused_malformed), one.malformed);
        if (parts.metrics != nullptr) parts.metrics->channel.results.at("refused_malformed").add();
        refusals = true;
        continue;
      }
      out.push_back({core::CommandId{one.id}, to_core(std::move(*one.body))});
      if (const auto* hello = std::get_if<core::Hello>(&out.back().body); hello != nullptr && parts.on_nonce)
        parts.on_nonce(core::nonce_hash(hello->nonce));
      ++taken;
    }
    if (refusals) later([](Impl& impl) { impl.parts.writer.commit(); });
    after_drain();
    return taken;
  }

  void after_drain() {
    if (!session->consumer->breach().empty()) return breach(session->consumer->breach());
    if (session->consumer->more()) return notify();
    if (session->ending)
      later([](Impl& impl) { impl.finish(); });
    else if (session->waiter)
      session->waiter->rearm();
  }
};

ShmCommands::ShmCommands(Parts parts) : impl_(std::make_shared<Impl>(std::move(parts))) {}

ShmCommands::~ShmCommands() {
  impl_->closed = true;
  impl_->parts.loop.cancel(impl_->hello_timer);
  impl_->parts.loop.cancel(impl_->last_words_timer);
  impl_->parts.writer.set_waiting_flag(nullptr);
  impl_->session.reset();
  if (impl_->readable.is_open()) impl_->readable.release();  // the door owns it
  impl_->door.reset();
}

Status ShmCommands::listen(const ipc::DoorOptions& options) {
  auto door = ipc::AgentDoor::open(options);
  if (!door) return fail(door.failure().text);
  impl_->door.emplace(door.take());
  impl_->readable.assign(impl_->door->fd());
  impl_->arm();
  return {};
}

void ShmCommands::set_listener(ports::CommandListener* listener) {
  impl_->listener = listener;
}
std::size_t ShmCommands::drain(std::size_t max, std::vector<core::Command>& out) {
  return impl_->drain(max, out);
}
void ShmCommands::close(const std::string& reason) {
  impl_->end(reason);
}

}  // namespace outrigger::io
