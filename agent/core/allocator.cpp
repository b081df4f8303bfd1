#include "agent/core/allocator.h"

#include <algorithm>
#include <utility>

#include "agent/core/claim_chooser.h"
#include "agent/core/limits.h"

namespace outrigger::core {

Nanos batch_window(const AllocationPolicy& policy) {
  return policy.batch_delay.count() > 0 ? policy.batch_delay : Millis(1'000);
}

namespace {

class Decision {
 public:
  Decision(const Books& books, const Moment& moment)
      : books_(books),
        moment_(moment),
        policy_(books.desired.policy()),
        own_(books.pods.cohort(moment.nonce)) {}

  Actions run();

 private:
  struct Plan {
    ProfileId profile;
    std::uint64_t need = 0;   // executors missing
    std::uint64_t quota = 0;  // of these, that pending limits, batch and backoff let through
    std::uint32_t alive = 0, pending = 0, expected = 0;
  };

  bool stopped();
  void delete_foreign();
  void delete_requested();
  void delete_confirmed();
  void delete_unseen();
  void delete_finished();
  void review_surplus(Plan& plan, std::uint64_t surplus);
  void withdraw_surplus_proposals(const std::map<ProfileId, std::uint64_t>& surplus);
  void plan_creates();
  bool held_back(Plan& plan);
  void limit_pending();
  static void share_out(const std::vector<Plan*>& asking, std::uint64_t left);
  void limit_batch(Plan& plan);
  void create();
  void create_rendered(Plan& plan);
  enum class Taken { yes, no_for_profile, no_for_all };
  Taken create_one(Plan& plan);
  void limit_claims(Plan& plan);
  bool create_with_claims(ProfileId profile, ExecutorId id);

  bool owned(const Pod& pod) const;
  bool order_delete(const PodRow& row, DeleteWhy why, bool as_seen);
  void order_end_of(const PodRow& row, DeleteWhy why);
  void wait(ProfileId profile, WaitReason reason, Instant retry_at = {});
  void wake(Instant at);
  std::uint32_t grace() const { return policy_.termination_grace_s; }

  const Books& books_;
  const Moment& moment_;
  const AllocationPolicy& policy_;
  const PodCohort& own_;
  Actions out_;
  std::vector<Plan> plans_;
  std::map<ProfileId, std::uint64_t> proposed_;  // still standing, by profile
  std::size_t standing_ = 0;                     // in all
  IdBook::Cursor cursor_;
  std::size_t wanted_ = 0;
  ClaimChooser claims_{books_, moment_};
};

void Decision::wake(Instant at) {
  if (at == Instant{}) return;
  if (out_.wake_at == Instant{} || at < out_.wake_at) out_.wake_at = at;
}

void Decision::wait(ProfileId profile, WaitReason reason, Instant retry_at) {
  out_.waits[profile] = {reason, retry_at};
  wake(retry_at);
}

// A pod is ours to touch when the driver pod owns it; without a driver pod, when it carries our application and
// some driver's nonce (C22).
bool Decision::owned(const Pod& pod) const {
  if (!moment_.owner_uid.empty()) return pod.owner_uid == moment_.owner_uid;
  return !pod.nonce.empty() && pod.application == moment_.application_id;
}

bool Decision::order_delete(const PodRow& row, DeleteWhy why, bool as_seen) {
  if (!owned(row.pod)) return false;
  if (!books_.deletes.may_send(row.pod.uid, moment_.now)) {
    wake(books_.deletes.retry_at(row.pod.uid));
    return false;
  }
  if (out_.deletes.size() + out_.labels.size() >= moment_.delete_slots) return false;
  out_.deletes.push_back({.id = row.pod.executor_id,
                          .uid = row.pod.uid,
                          .name = row.pod.name,
                          .why = why,
                          .resource_version = as_seen ? row.pod.resource_version : 0,
                          .grace_s = grace()});
  return true;
}

// Of a pod that has ended: Spark never deletes some of them, so the agent does all (S20).
void Decision::order_end_of(const PodRow& row, DeleteWhy why) {
  if (policy_.delete_on_termination) {
    order_delete(row, why, false);
    return;
  }
  if (!owned(row.pod) || out_.deletes.size() + out_.labels.size() >= moment_.delete_slots) return;
  if (!books_.deletes.may_send(row.pod.uid, moment_.now)) {
    wake(books_.deletes.retry_at(row.pod.uid));
    return;
  }
  out_.labels.push_back({row.pod.executor_id, row.pod.uid, row.pod.name});
}

void Decision::delete_foreign() {
  for (const auto& [nonce, cohort] : books_.pods.cohorts()) {
    if (nonce == moment_.nonce) continue;
    for (const auto& [id, row] : cohort.live) order_delete(*row, DeleteWhy::foreign, false);
    for (const auto& [id, row] : cohort.finished) order_end_of(*row, DeleteWhy::foreign);
  }
}

void Decision::delete_requested() {
  for (const ExecutorId id : books_.desired.to_delete()) {
    const PodRow* row = books_.pods.find(id, moment_.nonce);
    if (row == nullptr) {
      if (books_.expected.find(id) == nullptr) out_.dropped.push_back(id);
    } else if (row->pod.deleting() || is_final(row->status.state)) {
      out_.dropped.push_back(id);
    } else {
      order_delete(*row, DeleteWhy::requested, false);
    }
  }
}

void Decision::delete_confirmed() {
  for (const ExecutorId id : books_.desired.confirmed()) {
    const PodRow* row = books_.pods.find(id, moment_.nonce);
    if (row == nullptr) {
      if (books_.expected.find(id) == nullptr) out_.dropped.push_back(id);
    } else if (row->status.state != ExecutorState::pending) {
      out_.dropped.push_back(id);  // it started after all, or is on its way out: never deleted for this
    } else {
      order_delete(*row, DeleteWhy::confirmed, true);
    }
  }
}

void Decision::delete_unseen() {
  if (books_.expected.stage_count(ExpectationStage::answered) == 0) return;
  for (const auto& [id, expected] : books_.expected.all()) {
    if (expected.stage != ExpectationStage::answered || expected.uid.empty()) continue;
    if (books_.pods.find(expected.uid) != nullptr) continue;
    const Instant due = expected.since + policy_.creation_timeout;
    if (moment_.now < due) {
      wake(due);
      continue;
    }
    if (!books_.deletes.may_send(expected.uid, moment_.now)) {
      wake(books_.deletes.retry_at(expected.uid));
      continue;
    }
    if (out_.deletes.size() + out_.labels.size() >= moment_.delete_slots) return;
    out_.deletes.push_back({.id = id,
                            .uid = expected.uid,
                            .name = expected.pod_name,
                            .why = DeleteWhy::unseen,
                            .resource_version = 0,
                            .grace_s = grace()});
  }
}

void Decision::delete_finished() {
  for (const auto& [id, row] : own_.finished) order_end_of(*row, DeleteWhy::final);
}

// More executors than wanted: cancel what was not even rendered, then propose Pending ones that nobody knows.
void Decision::review_surplus(Plan& plan, std::uint64_t surplus) {
  if (books_.expected.stage_count(ExpectationStage::wanted) != 0)
    for (auto at = books_.expected.all().rbegin(); at != books_.expected.all().rend() && surplus != 0; ++at)
      if (at->second.stage == ExpectationStage::wanted && at->second.profile == plan.profile) {
        out_.cancelled.push_back(at->first);
        --surplus;
      }
  std::uint64_t standing = proposed_[plan.profile];
  const auto profile = own_.profiles.find(plan.profile);
  std::size_t room = limits::proposals - std::min(limits::proposals, standing_ + out_.proposals.size());
  if (profile != own_.profiles.end() && standing < surplus) {
    const auto& pending = profile->second.pending;
    // Twice over the same order: what landed late first, then the youngest.
    for (const bool late : {true, false}) {
      if (late && !books_.expected.any_late()) continue;
      for (auto at = pending.rbegin(); at != pending.rend() && standing < surplus && room != 0; ++at) {
        const auto& [id, row] = *at;
        if (!late) {
          const Instant old_enough = row->first_seen + policy_.idle_timeout;
          if (moment_.now < old_enough) {
            wake(old_enough);
            continue;
          }
        }
        if (books_.expected.landed_late(id) != late) continue;
        if (books_.desired.known(id) || books_.deletes.proposed().contains(id)) continue;
        if (books_.desired.confirmed().contains(id) || books_.desired.to_delete().contains(id)) continue;
        if (!owned(row->pod)) continue;
        out_.proposals.push_back(id);
        ++standing;
        --room;
      }
    }
  }
  if (standing != 0)
    wait(plan.profile, WaitReason::confirming);
  else if (plan.expected != 0)
    wait(plan.profile, WaitReason::creating);
  else
    wait(plan.profile, plan.pending != 0 ? WaitReason::scheduling : WaitReason::none);
}

// Proposals that no longer make sense: not Pending, known by now, or wanted again. Confirmed ones stand.
void Decision::withdraw_surplus_proposals(const std::map<ProfileId, std::uint64_t>& surplus) {
  for (auto at = books_.deletes.proposed().rbegin(); at != books_.deletes.proposed().rend(); ++at) {
    const auto& [id, uid] = *at;
    const PodRow* row = books_.pods.find(uid);
    const bool pending = row != nullptr && row->status.state == ExecutorState::pending;
    if (pending && books_.desired.confirmed().contains(id)) {
      ++proposed_[row->pod.profile];
      continue;
    }
    if (!pending || books_.desired.known(id)) {
      out_.withdrawals.push_back(id);
      continue;
    }
    const auto bound = surplus.find(row->pod.profile);
    std::uint64_t& standing = proposed_[row->pod.profile];
    if (bound == surplus.end() || standing >= bound->second)
      out_.withdrawals.push_back(id);
    else
      ++standing;
  }
  for (const auto& [profile, count] : proposed_) standing_ += count;
}

bool Decision::held_back(Plan& plan) {
  if (moment_.now < moment_.ready_at) {
    wait(plan.profile, WaitReason::readiness_gate, moment_.ready_at);
    return true;
  }
  if (moment_.now < moment_.gate) {
    wait(plan.profile, WaitReason::throttled, moment_.gate);
    return true;
  }
  if (books_.backoff.holds(plan.profile, moment_.now)) {
    wait(plan.profile, WaitReason::backoff, books_.backoff.of(plan.profile).until);
    return true;
  }
  return false;
}

void Decision::plan_creates() {
  std::map<ProfileId, std::uint64_t> surplus;
  for (const auto& [profile, target] : books_.desired.targets()) {
    const StateCounts counts = books_.pods.counts(moment_.nonce, profile);
    Plan plan{.profile = profile};
    plan.expected = books_.expected.count(profile);
    plan.alive = counts.alive + plan.expected;
    plan.pending = counts.pending + plan.expected;
    if (plan.alive < target) plan.need = target - plan.alive;
    if (plan.alive > target) surplus[profile] = plan.alive - target;
    plan.quota = plan.need;
    plans_.push_back(plan);
  }
  withdraw_surplus_proposals(surplus);
  std::uint64_t need = 0;
  for (Plan& plan : plans_) {
    need += plan.need;
    if (const auto over = surplus.find(plan.profile); over != surplus.end())
      review_surplus(plan, over->second);
    else if (plan.need == 0)
      wait(plan.profile, plan.expected != 0  ? WaitReason::creating
                         : plan.pending != 0 ? WaitReason::scheduling
                                             : WaitReason::none);
    else if (held_back(plan))
      plan.quota = 0;
  }
  if (need > books_.ids.left()) {
    const auto next = books_.ids.peek();
    if (!next || next->value < policy_.maximum_id) out_.ids_wanted = need - books_.ids.left();
  }
}

// Even shares, one more for the first ones, as in Spark; what a profile does not need goes to the others, in the
// order of their ids.
void Decision::share_out(const std::vector<Plan*>& asking, std::uint64_t left) {
  if (asking.empty()) return;
  const std::uint64_t share = left / asking.size(), longer = left % asking.size();
  std::vector<std::uint64_t> missing;
  for (std::size_t i = 0; i < asking.size(); ++i) {
    const std::uint64_t given = std::min(asking[i]->quota, share + (i < longer ? 1 : 0));
    missing.push_back(asking[i]->quota - given);
    asking[i]->quota = given;
    left -= given;
  }
  for (std::size_t i = 0; i < asking.size(); ++i) {
    const std::uint64_t more = std::min(missing[i], left);
    asking[i]->quota += more;
    left -= more;
  }
}

// maxPendingPods is shared by the profiles that ask; pods that the scheduler knows and that are still Pending count
// as well (S11).
void Decision::limit_pending() {
  std::uint64_t pending = 0;
  for (const auto& [id, profile] : own_.profiles) pending += profile.counts.pending;
  for (const auto& [id, expected] : books_.expected.all())
    if (!expected.retired) ++pending;
  std::uint64_t left = policy_.max_pending_pods > pending ? policy_.max_pending_pods - pending : 0;
  std::vector<Plan*> asking;
  for (Plan& plan : plans_) {
    const std::uint64_t of_profile = policy_.max_pending_pods_per_profile > plan.pending
                                         ? policy_.max_pending_pods_per_profile - plan.pending
                                         : 0;
    if (plan.quota != 0) asking.push_back(&plan);
    plan.quota = std::min(plan.quota, of_profile);
  }
  share_out(asking, left);
  for (const Plan* plan : asking)
    if (plan->quota == 0) wait(plan->profile, WaitReason::pending_limit);
}

void Decision::limit_batch(Plan& plan) {
  if (policy_.batch_size == 0 || plan.quota == 0) return;
  const auto found = books_.batch.find(plan.profile);
  const bool open = found != books_.batch.end() && moment_.now < found->second.ends;
  const std::uint32_t used = open ? found->second.used : 0;
  const std::uint64_t left = policy_.batch_size > used ? policy_.batch_size - used : 0;
  if (left >= plan.quota) return;
  plan.quota = left;
  wake(open ? found->second.ends : moment_.now + batch_window(policy_));
  if (left == 0) wait(plan.profile, WaitReason::creating, found->second.ends);
}

// Pods that the driver has rendered by now: their places are counted already.
void Decision::create_rendered(Plan& plan) {
  for (const auto& [id, rendered] : books_.templates.all_rendered()) {
    if (out_.creates.size() >= moment_.create_slots) return;
    const Expectation* expected = books_.expected.find(id);
    if (expected == nullptr || expected->stage != ExpectationStage::wanted ||
        expected->profile != plan.profile)
      continue;
    if (std::find(out_.cancelled.begin(), out_.cancelled.end(), id) != out_.cancelled.end()) continue;
    create_with_claims(plan.profile, id);
  }
}

// An executor that ends is replaced at once, when its pod still names its claim: without a moment's patience every
// replacement would get a new claim.
void Decision::limit_claims(Plan& plan) {
  if (plan.quota == 0) return;
  Instant until{};
  const std::uint64_t soon = claims_.leaving(plan.profile, until);
  if (soon == 0) return;
  plan.quota -= std::min(plan.quota, soon);
  wake(until);
  if (plan.quota == 0) wait(plan.profile, WaitReason::claims, until);
}

// false: it waits for a claim.
bool Decision::create_with_claims(ProfileId profile, ExecutorId id) {
  ClaimVerdict verdict = claims_.choose(profile, id);
  out_.list_claims = out_.list_claims || verdict.list;
  if (verdict.waits) {
    wait(profile, WaitReason::claims, verdict.retry_at);
    return false;
  }
  out_.creates.push_back({id, profile, std::move(verdict.chosen)});
  claims_.take(out_.creates.back());
  return true;
}

Decision::Taken Decision::create_one(Plan& plan) {
  std::optional<ExecutorId> id = books_.ids.at(cursor_);
  // A name that another driver's pod or late create has is never used again (S8).
  while (id && (books_.pods.find(*id) != nullptr || books_.expected.find(*id) != nullptr ||
                claims_.name_taken(plan.profile, *id))) {
    out_.skipped_ids.push_back(*id);
    ++out_.ids_taken;
    books_.ids.advance(cursor_);
    id = books_.ids.at(cursor_);
  }
  if (!id) {
    wait(plan.profile, WaitReason::no_ids);
    return Taken::no_for_profile;
  }
  if (id->value >= policy_.maximum_id) {
    wait(plan.profile, WaitReason::maximum_reached);
    return Taken::no_for_profile;
  }
  const bool by_driver = books_.templates.rendered_by_driver(plan.profile);
  const std::uint8_t digits = decimal_digits(id->value);
  if (!by_driver && books_.templates.find(plan.profile, digits) == nullptr) {
    wait(plan.profile, WaitReason::no_template);
    if ((books_.templates.wanted(plan.profile) & (1u << digits)) == 0)
      out_.templates.emplace_back(plan.profile, digits);
    return Taken::no_for_profile;
  }
  if (by_driver ? wanted_ >= limits::rendered_waiting : out_.creates.size() >= moment_.create_slots) {
    wait(plan.profile, WaitReason::creating);
    return by_driver ? Taken::no_for_profile : Taken::no_for_all;
  }
  if (by_driver) {
    out_.wanted.push_back({*id, plan.profile});
    ++wanted_;
  } else if (!create_with_claims(plan.profile, *id)) {
    return Taken::no_for_profile;
  }
  ++out_.ids_taken;
  books_.ids.advance(cursor_);
  return Taken::yes;
}

// One id to each profile in turn, so that a large profile does not starve a small one.
void Decision::create() {
  wanted_ = books_.expected.stage_count(ExpectationStage::wanted);
  for (Plan& plan : plans_)
    if (moment_.now >= moment_.gate && moment_.now >= moment_.ready_at) create_rendered(plan);
  bool more = true;
  while (more) {
    more = false;
    for (Plan& plan : plans_) {
      if (plan.quota == 0) continue;
      switch (create_one(plan)) {
        case Taken::yes:
          --plan.quota;
          wait(plan.profile, WaitReason::creating);
          more = more || plan.quota != 0;
          break;
        case Taken::no_for_profile:
          plan.quota = 0;
          break;
        case Taken::no_for_all:
          for (Plan& rest : plans_)
            if (rest.quota != 0) wait(rest.profile, WaitReason::creating);
          return;
      }
    }
  }
}

bool Decision::stopped() {
  WaitReason reason = WaitReason::none;
  if (moment_.session == SessionState::draining || moment_.session == SessionState::drained)
    reason = WaitReason::draining;
  else if (moment_.session != SessionState::ready || !books_.desired.in_force())
    reason = WaitReason::no_driver;
  else if (!books_.pods.synced())
    reason = WaitReason::not_synced;
  if (reason == WaitReason::none) return false;
  for (const auto& [profile, target] : books_.desired.targets()) wait(profile, reason);
  return true;
}

Actions Decision::run() {
  if (stopped()) return std::move(out_);
  if (moment_.now >= moment_.gate) {
    delete_foreign();
    delete_requested();
    delete_confirmed();
    delete_unseen();
    delete_finished();
  } else {
    wake(moment_.gate);
  }
  plan_creates();
  limit_pending();
  for (Plan& plan : plans_) limit_batch(plan);
  for (Plan& plan : plans_) limit_claims(plan);
  create();
  return std::move(out_);
}

}  // namespace

Actions decide(const Books& books, const Moment& moment) {
  return Decision(books, moment).run();
}

}  // namespace outrigger::core
