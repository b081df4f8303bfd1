#include "agent/io/asio_loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <unordered_map>
#include <utility>

#include "agent/metrics/catalog.h"

namespace outrigger::io {
namespace {

core::Instant steady_now() {
  return core::Instant(
      std::chrono::duration_cast<core::Nanos>(std::chrono::steady_clock::now().time_since_epoch()));
}

}  // namespace

struct AsioLoop::Impl {
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> alive{context.get_executor()};
  boost::asio::steady_timer alarm{context};
  metrics::Catalog* metrics = nullptr;
  AsioLoop* owner = nullptr;

  using Due = std::pair<core::Instant, ports::TimerId>;  // equal times in the order of their ids
  std::map<Due, std::function<void()>> timers;
  std::unordered_map<ports::TimerId, core::Instant> due_of;
  ports::TimerId last_id = 0;
  core::Instant armed_for = core::Instant::max();
  core::Instant last_turn{};
  core::Nanos longest_turn{0};
  std::function<bool()> may_act;
  std::function<void()> over;
  bool is_over = false;

  void arm() {
    const auto next = timers.empty() ? core::Instant::max() : timers.begin()->first.first;
    if (next >= armed_for) return;  // an early alarm finds nothing due and arms again
    armed_for = next;
    alarm.expires_at(std::chrono::steady_clock::time_point(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(next.time_since_epoch())));
    alarm.async_wait([this](const boost::system::error_code& error) {
      if (!error) ring();
    });
  }

  void ring() {
    armed_for = core::Instant::max();
    const auto now = steady_now();
    const auto newest = last_id;  // what is started meanwhile waits for the next turn
    while (!timers.empty() && timers.begin()->first.first <= now && timers.begin()->first.second <= newest) {
      if (!owner->may_act()) return;
      auto entry = timers.extract(timers.begin());
      due_of.erase(entry.key().second);
      Turn turn(*owner);
      entry.mapped()();
    }
    arm();
  }
};

AsioLoop::AsioLoop(metrics::Catalog* metrics) : impl_(std::make_unique<Impl>()) {
  impl_->metrics = metrics;
  impl_->owner = this;
  impl_->last_turn = now();
}

AsioLoop::~AsioLoop() = default;

void AsioLoop::run() {
  impl_->context.run();
  impl_->context.restart();  // a stop() ends one run()
}
void AsioLoop::stop() {
  impl_->context.stop();
}

void AsioLoop::post(std::function<void()> work) {
  boost::asio::post(impl_->context, [this, work = std::move(work)] {
    if (!may_act()) return;
    Turn turn(*this);
    work();
  });
}

void AsioLoop::guard(std::function<bool()> may_act, std::function<void()> over) {
  impl_->may_act = std::move(may_act);
  impl_->over = std::move(over);
  impl_->is_over = false;
}

bool AsioLoop::may_act() {
  if (impl_->is_over) return false;
  if (!impl_->may_act || impl_->may_act()) return true;
  impl_->is_over = true;
  if (impl_->over) impl_->over();
  return false;
}

core::Instant AsioLoop::now() {
  return steady_now();
}

core::WallMillis AsioLoop::wall_ms() {
  return std::chrono::duration_cast<core::Millis>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

ports::TimerId AsioLoop::start(core::Nanos delay, std::function<void()> fire) {
  const auto id = ++impl_->last_id;
  const auto base = now();
  const auto due = delay > core::Instant::max() - base ? core::Instant::max() - core::Nanos(1)
                                                       : base + std::max(delay, core::Nanos(0));
  impl_->timers.emplace(Impl::Due{due, id}, std::move(fire));
  impl_->due_of.emplace(id, due);
  impl_->arm();
  return id;
}

void AsioLoop::cancel(ports::TimerId id) {
  const auto found = impl_->due_of.find(id);
  if (found == impl_->due_of.end()) return;
  impl_->timers.erase({found->second, id});
  impl_->due_of.erase(found);
}

void AsioLoop::turned(core::Instant began) {
  impl_->last_turn = now();
  const auto took = impl_->last_turn - began;
  if (took > impl_->longest_turn) {
    impl_->longest_turn = took;
    if (impl_->metrics != nullptr)
      impl_->metrics->loop.stall_max.set(std::chrono::duration<double>(took).count());
  }
  if (took >= std::chrono::milliseconds(1) && impl_->metrics != nullptr)
    impl_->metrics->loop.stall.observe(std::chrono::duration<double>(took).count());
}

core::Instant AsioLoop::last_turn() const {
  return impl_->last_turn;
}
core::Nanos AsioLoop::longest_turn() const {
  return impl_->longest_turn;
}
boost::asio::io_context& AsioLoop::context() {
  return impl_->context;
}

}  // namespace outrigger::io
