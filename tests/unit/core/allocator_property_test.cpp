// A small API server with history, a watch that lags and lists that may be old, and a driver that changes its mind:
// whatever the order, decide() keeps its promises.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>
#include <map>
#include <set>

#include "agent/core/names.h"
#include "tests/unit/core/values.h"

namespace outrigger::core {
namespace {

using test::at;
using test::moment;
using test::pod;
using test::World;

class Server {
 public:
  std::uint64_t version() const { return version_; }
  const std::map<std::uint64_t, Pod>& pods() const { return pods_; }
  Pod create(std::uint64_t id, std::uint32_t profile) {
    Pod made = pod(id, ++version_, profile);
    write(made);
    return made;
  }
  void write(Pod p) {
    p.resource_version = version_;
    log_.push_back({version_, p, false});
    pods_[p.executor_id.value] = std::move(p);
  }
  void change(std::uint64_t id, const std::function<void(Pod&)>& change) {
    Pod p = pods_.at(id);
    change(p);
    ++version_;
    write(std::move(p));
  }
  void remove(std::uint64_t id) {
    Pod p = pods_.at(id);
    p.resource_version = ++version_;
    log_.push_back({version_, p, true});
    pods_.erase(id);
  }
  std::vector<PodEvent> events(std::uint64_t after, std::uint64_t until) const {
    std::vector<PodEvent> out;
    for (const Entry& e : log_) {
      if (e.version <= after || e.version > until) continue;
      if (e.gone)
        out.emplace_back(PodDeleted{e.pod});
      else
        out.emplace_back(PodApplied{e.pod});
    }
    return out;
  }
  std::map<std::uint64_t, Pod> as_of(std::uint64_t version) const {
    std::map<std::uint64_t, Pod> out;
    for (const Entry& e : log_) {
      if (e.version > version) break;
      if (e.gone)
        out.erase(e.pod.executor_id.value);
      else
        out[e.pod.executor_id.value] = e.pod;
    }
    return out;
  }

 private:
  struct Entry {
    std::uint64_t version;
    Pod pod;
    bool gone;
  };
  std::uint64_t version_ = 100;
  std::vector<Entry> log_;
  std::map<std::uint64_t, Pod> pods_;
};

class Play {
 public:
  void turn(int what, std::uint64_t pick) {
    now_ += 1'000;
    switch (what) {
      case 0:
        set_target(static_cast<std::uint32_t>(pick % 12), static_cast<std::uint32_t>(pick / 12 % 2));
        break;
      case 1:
        finish_post(pick, Post::answer);
        break;
      case 2:
        finish_post(pick, Post::lose_after);
        break;
      case 3:
        finish_post(pick, Post::lose_before);
        break;
      case 4:
        finish_post(pick, Post::refuse);
        break;
      case 5:
        watch(pick % 4);
        break;
      case 6:
        relist(server_.version() - std::min<std::uint64_t>(pick % 6, server_.version() - 100));
        break;
      case 7:
        run(pick);
        break;
      case 8:
        end(pick);
        break;
      case 9:
        confirm(pick);
        break;
      case 10:
        now_ += 60'000;
        break;
      case 11:
        get_unknown();
        break;
      default:
        finish_delete(pick);
        break;
    }
    decide_and_check();
  }
  void settle_and_check() {
    for (int round = 0; round < 60; ++round) {
      now_ += 61'000;
      while (!posts_.empty()) finish_post(0, Post::answer);
      while (!deletes_.empty()) finish_delete(0);
      get_unknown();
      watch(1'000'000);
      for (const auto& [id, uid] : std::map(world_.books.deletes.proposed()))
        if (!registered_.contains(id.value)) world_.books.desired.apply(ConfirmDelete{{id}});
      decide_and_check();
    }
    for (const auto& [profile, target] : world_.books.desired.targets()) {
      std::uint32_t alive = 0, stuck = 0;
      for (const auto& [id, p] : server_.pods())
        if (p.profile == profile && !is_final(executor_status(p).state)) {
          ++alive;
          if (p.phase == PodPhase::running) ++stuck;
        }
      RC_ASSERT(alive == std::max(target, stuck));
    }
    RC_ASSERT(world_.books.expected.size() == 0u);
  }

 private:
  enum class Post { answer, lose_after, lose_before, refuse };

  void set_target(std::uint32_t executors, std::uint32_t profile) { world_.target(executors, profile); }

  void finish_post(std::uint64_t pick, Post how) {
    if (posts_.empty()) return;
    const auto chosen = std::next(posts_.begin(), static_cast<std::ptrdiff_t>(pick % posts_.size()));
    const CreateOrder order = chosen->second;
    posts_.erase(chosen);
    if (how == Post::refuse) {
      world_.books.expected.settled(order.id);
      return;
    }
    if (how == Post::lose_before) {
      world_.books.expected.lost(order.id, at(now_));
      return;
    }
    const Pod made = server_.create(order.id.value, order.profile.value);
    if (how == Post::answer)
      world_.books.expected.answered(order.id, made.uid, made.resource_version, at(now_));
    else
      world_.books.expected.lost(order.id, at(now_));
  }
  void get_unknown() {
    std::vector<ExecutorId> ids;
    for (const auto& [id, e] : world_.books.expected.all())
      if (e.stage == ExpectationStage::unknown) ids.push_back(id);
    for (const ExecutorId id : ids) {
      const auto found = server_.pods().find(id.value);
      if (found == server_.pods().end())
        world_.books.expected.settled(id);
      else
        world_.books.expected.answered(id, found->second.uid, found->second.resource_version, at(now_));
    }
  }
  void watch(std::uint64_t count) {
    for (const PodEvent& event : server_.events(seen_, server_.version())) {
      if (count-- == 0) return;
      const auto* gone = std::get_if<PodDeleted>(&event);
      const Pod& pod = gone != nullptr ? gone->pod : std::get<PodApplied>(event).pod;
      seen_ = pod.resource_version;
      if (gone != nullptr)
        world_.lose(pod, now_);
      else
        world_.see(pod, now_);
    }
    world_.see(PodEvent(PodBookmark{seen_}), now_);
  }
  void relist(std::uint64_t version) {
    world_.see(PodEvent(PodInit{}), now_);
    for (const auto& [id, p] : server_.as_of(version)) world_.see(p, now_);
    world_.see(PodEvent(PodInitDone{version}), now_);
    seen_ = version;
  }
  void run(std::uint64_t pick) {
    if (const Pod* p = choose(pick); p != nullptr && p->phase == PodPhase::pending) {
      const std::uint64_t id = p->executor_id.value;
      server_.change(id, [](Pod& x) { x = test::running(x, 0); });
      if (pick % 2 == 0) {
        registered_.insert(id);
        world_.books.desired.apply(KnownDelta{false, {ExecutorId{id}}, {}});
      }
    }
  }
  void end(std::uint64_t pick) {
    if (const Pod* p = choose(pick); p != nullptr && p->phase == PodPhase::running)
      server_.change(p->executor_id.value,
                     [&](Pod& x) { x = test::ended(x, static_cast<std::int32_t>(pick % 3), 0); });
  }
  void confirm(std::uint64_t pick) {
    for (const auto& [id, uid] : world_.books.deletes.proposed())
      if (!registered_.contains(id.value) && pick-- % 2 == 0) world_.books.desired.apply(ConfirmDelete{{id}});
  }
  void finish_delete(std::uint64_t pick) {
    if (deletes_.empty()) return;
    const auto chosen = deletes_.begin() + static_cast<std::ptrdiff_t>(pick % deletes_.size());
    const DeleteOrder order = *chosen;
    deletes_.erase(chosen);
    const auto found = server_.pods().find(order.id.value);
    if (found == server_.pods().end()) {
      world_.books.deletes.accepted(order.uid);
    } else if (order.resource_version != 0 && found->second.resource_version != order.resource_version) {
      world_.books.deletes.failed(order.uid, at(now_));
    } else {
      RC_ASSERT(found->second.uid == order.uid);
      // The promise of S9, judged by the server itself.
      RC_ASSERT(order.why != DeleteWhy::confirmed || found->second.phase == PodPhase::pending);
      world_.books.deletes.accepted(order.uid);
      world_.books.pods.deleted_by_us(order.uid);
      server_.remove(order.id.value);
    }
  }
  const Pod* choose(std::uint64_t pick) const {
    if (server_.pods().empty()) return nullptr;
    return &std::next(server_.pods().begin(), static_cast<std::ptrdiff_t>(pick % server_.pods().size()))
                ->second;
  }
  // On the server or on the way there.
  std::uint32_t really_there(ProfileId profile) const {
    std::uint32_t count = 0;
    for (const auto& [id, p] : server_.pods())
      if (p.profile == profile && !is_final(executor_status(p).state)) ++count;
    for (const auto& [id, order] : posts_)
      if (order.profile == profile) ++count;
    return count;
  }

  void decide_and_check() {
    Moment m = moment(now_);
    m.create_slots = 8;
    const Actions actions = decide(world_.books, m);
    const Actions again = decide(world_.books, m);
    RC_ASSERT(actions.creates == again.creates);
    RC_ASSERT(actions.proposals == again.proposals);
    RC_ASSERT(actions.deletes.size() == again.deletes.size());
    commit(world_.books, actions, m);
    m.create_slots -= actions.creates.size();
    Actions idle = decide(world_.books, m);
    RC_ASSERT(idle.idle());

    for (const ExecutorId id : actions.proposals) {
      RC_ASSERT(!registered_.contains(id.value));
      RC_ASSERT(world_.books.pods.find(id)->status.state == ExecutorState::pending);
    }
    for (const DeleteOrder& order : actions.deletes) {
      const PodRow* row = world_.books.pods.find(order.uid);
      const bool may = order.why == DeleteWhy::unseen ||
                       (order.why == DeleteWhy::final && is_final(row->status.state)) ||
                       (order.why == DeleteWhy::confirmed && row->status.state == ExecutorState::pending);
      RC_ASSERT(may);
      deletes_.push_back(order);
    }
    for (const CreateOrder& order : actions.creates) {
      RC_ASSERT(used_.insert(order.id.value).second);
      posts_.emplace(order.id.value, order);
      RC_ASSERT(really_there(order.profile) <= *world_.books.desired.target(order.profile));
    }
    for (const auto& [profile, target] : world_.books.desired.targets()) check_counts(profile);
  }
  void check_counts(ProfileId profile) const {
    StateCounts scan;
    world_.books.pods.each([&](const PodRow& row) {
      if (row.pod.profile != profile) return;
      if (row.status.state == ExecutorState::pending) ++scan.pending;
      if (row.status.state == ExecutorState::running) ++scan.running;
      if (row.status.state == ExecutorState::failed) ++scan.failed;
      if (row.status.state == ExecutorState::succeeded) ++scan.succeeded;
      if (counts_as_alive(row.pod, row.status.state)) ++scan.alive;
    });
    const StateCounts kept = world_.books.pods.counts(test::nonce, profile);
    RC_ASSERT(scan == kept);
  }

  World world_;
  Server server_;
  std::uint64_t seen_ = 100;
  std::int64_t now_ = 0;
  std::map<std::uint64_t, CreateOrder> posts_;
  std::vector<DeleteOrder> deletes_;
  std::set<std::uint64_t> used_, registered_;
};

TEST(AllocatorProperty, S7_S8_S9_hold_in_any_order_of_events_and_it_converges) {
  const bool held = rc::check([] {
    const auto turns = *rc::gen::container<std::vector<std::pair<int, std::uint32_t>>>(
        rc::gen::pair(rc::gen::inRange(0, 14), rc::gen::inRange<std::uint32_t>(0, 1'000)));
    Play play;
    for (const auto& [what, pick] : turns) play.turn(what, pick);
    play.settle_and_check();
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace outrigger::core
