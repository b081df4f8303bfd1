#include "shim/session.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace outrigger::shim {

Session::Session(Options options, Channel& channel)
    : options_(std::move(options)), channel_(channel), desired_(options_.desired, tickets_) {}

StateView* Session::live() const {
  return live_ ? views_.back().get() : nullptr;
}

void Session::step() {
  const std::int64_t now = channel_.now_ns();
  look_after_agent(now);
  find_agent(now);
  grant_wanted_ids(now);
  send();
}

void Session::send() {
  const std::int64_t now = channel_.now_ns();
  take_results(now);
  send_all();
  update_state(now);
}

// ---- the connection
// -----------------------------------------------------------------------------------------

void Session::look_after_agent(std::int64_t now) {
  if (live() != nullptr && live()->health().ended) agent_lost("the agent is gone", OUTRIGGER_ATTACH_RETIRED);
  if (!link_) return;
  if (link_->closed()) {
    take_results(now);  // what it said before it closed
    if (link_) connection_lost("the agent closed the connection", OUTRIGGER_ATTACH_REFUSED, now);
  } else if (stage_ != Stage::done && now - stage_since_ns_ > hello_timeout_ns) {
    connection_lost("the agent did not accept the resync in time", OUTRIGGER_ATTACH_STALE, now);
  }
}

void Session::agent_lost(std::string text, outrigger_attach_reason reason) {
  dead_generation_ = live()->generation();
  live_ = false;
  link_.reset();
  stage_ = Stage::none;
  control_wires_.clear();
  desired_.lost();
  text_ = std::move(text);
  reason_ = reason;
  refused_ = false;
  retry_at_ns_ = 0;
  retry_wait_ns_ = retry_first_ns;
}

void Session::connection_lost(std::string text, outrigger_attach_reason reason, std::int64_t now) {
  link_.reset();
  refused_ = stage_ != Stage::done;
  stage_ = Stage::none;
  control_wires_.clear();
  desired_.lost();
  text_ = std::move(text);
  reason_ = reason;
  retry_later(now);
}

void Session::retry_later(std::int64_t now) {
  retry_at_ns_ = now + retry_wait_ns_;
  retry_wait_ns_ = std::min(2 * retry_wait_ns_, retry_most_ns);
}

void Session::find_agent(std::int64_t now) {
  if (live_ || desired_.detached() || now < retry_at_ns_) return;
  AttachFailure why_not;
  auto view = channel_.open_state(why_not);
  if (view && view->generation() == dead_generation_) {
    view.reset();
    why_not = {OUTRIGGER_ATTACH_RETIRED, "the agent is gone and no new one has come yet"};
  } else if (view && view->health().ended) {
    view.reset();
    why_not = {OUTRIGGER_ATTACH_RETIRED, "`state` was left by an agent that is gone"};
  }
  if (!view) {
    reason_ = why_not.reason;
    text_ = std::move(why_not.text);
    refused_ = reason_ != OUTRIGGER_ATTACH_NO_FILE && reason_ != OUTRIGGER_ATTACH_RETIRED &&
               reason_ != OUTRIGGER_ATTACH_NOT_READY && reason_ != OUTRIGGER_ATTACH_STALE;
    retry_later(now);
    return;
  }
  if (views_.size() == views_kept) views_.erase(views_.begin() + 1);
  if (views_.empty()) feed_.begin_generation();
  views_.push_back(std::move(view));
  live_ = true;
  ++generations_;
  retry_wait_ns_ = retry_first_ns;
  refused_ = false;
}

std::shared_ptr<StateView> Session::wants_connection() const {
  if (!live_ || link_ || desired_.detached() || channel_.now_ns() < retry_at_ns_) return nullptr;
  return views_.back();
}

void Session::connected(const std::shared_ptr<StateView>& view, std::shared_ptr<CommandLink> link,
                        AttachFailure why_not) {
  if (!live_ || views_.back() != view || link_ || desired_.detached()) return;  // too late: it hangs up
  const std::int64_t now = channel_.now_ns();
  if (link) {
    link_ = std::move(link);
    stage_ = Stage::hello;
    stage_since_ns_ = now;
    return;
  }
  reason_ = why_not.reason;
  text_ = std::move(why_not.text);
  refused_ = reason_ == OUTRIGGER_ATTACH_REFUSED || reason_ == OUTRIGGER_ATTACH_WRONG_MAJOR ||
             reason_ == OUTRIGGER_ATTACH_WRONG_LAYOUT;
  retry_later(now);
}

// ---- commands
// -----------------------------------------------------------------------------------------------

void Session::send_all() {
  if (!link_) return;
  if (stage_ == Stage::hello) send_control(options_.hello, Stage::begin);
  if (stage_ == Stage::begin && send_control(ipc::wire::ResyncBegin{}, Stage::items))
    desired_.begin_resync(!options_.manual_ids || desired_.has_granted());
  if (stage_ == Stage::items && send_items()) stage_ = Stage::end;
  if (stage_ == Stage::end) send_control(ipc::wire::ResyncEnd{}, Stage::wait_end);
  if (stage_ == Stage::done) send_items();
  link_->flush();
}

bool Session::send_control(const ipc::wire::Body& body, Stage next) {
  const auto sent = link_->send(body);
  if (sent.status != CommandLink::Sent::Status::yes) return false;
  control_wires_[sent.wire_id] = stage_;
  stage_ = next;
  return true;
}

bool Session::send_items() {
  for (std::size_t sends = 0; sends < sends_per_step; ++sends) {
    const auto outgoing = desired_.next();
    if (!outgoing) return true;
    // Goodbyes only after the agent knows what they are about.
    const bool farewell = std::holds_alternative<ipc::wire::Drain>(outgoing->body) ||
                          std::holds_alternative<ipc::wire::Detach>(outgoing->body);
    if (farewell && stage_ != Stage::done) return true;
    auto sent = link_->send(outgoing->body);
    if (sent.status == CommandLink::Sent::Status::no_room) return false;
    desired_.sent(*outgoing, sent.wire_id);
    if (sent.status == CommandLink::Sent::Status::impossible)
      desired_.answered(0, OUTRIGGER_VERDICT_LIMIT, std::move(sent.text));
  }
  return false;
}

void Session::take_results(std::int64_t now) {
  WireResult result;
  for (std::size_t taken = 0; link_ && taken < results_per_step && link_->next_result(result); ++taken) {
    const auto control = control_wires_.find(result.wire_id);
    if (control == control_wires_.end()) {
      desired_.answered(result.wire_id, result.verdict, std::move(result.detail));
      continue;
    }
    const Stage stage = control->second;
    control_wires_.erase(control);
    control_answered(stage, result, now);
  }
  if (link_ && desired_.detached() && !desired_.detach_under_way()) link_.reset();
}

void Session::control_answered(Stage stage, const WireResult& result, std::int64_t now) {
  // An agent that drains already takes no resync; that is where we want it.
  const bool drains =
      desired_.draining() && stage != Stage::hello && result.verdict == OUTRIGGER_VERDICT_ORDER;
  if (result.verdict != OUTRIGGER_VERDICT_ACCEPTED && !drains) {
    const char* what = stage == Stage::hello   ? "hello"
                       : stage == Stage::begin ? "resync_begin"
                                               : "resync_end";
    connection_lost(std::string(what) + ": " + outrigger_verdict_name(result.verdict) +
                        (result.detail.empty() ? "" : ": " + result.detail),
                    OUTRIGGER_ATTACH_REFUSED, now);
    return;
  }
  if (stage != Stage::end) return;
  stage_ = Stage::done;
  retry_wait_ns_ = retry_first_ns;
}

void Session::grant_wanted_ids(std::int64_t now) {
  // The agent's figure may lag behind a grant; a pause keeps that from costing more than one block too many.
  if (options_.manual_ids || stage_ != Stage::done || desired_.draining() || desired_.detached() ||
      desired_.grant_under_way() || now - granted_at_ns_ < 5 * ms_ns)
    return;
  const auto control = live() != nullptr ? live()->control() : std::nullopt;
  if (!control || control->ids_wanted == 0) return;
  const std::uint32_t count =
      std::clamp(control->ids_wanted, desired_.default_block(), DesiredState::block_max);
  if (desired_.grant(count, false, nullptr).code == OUTRIGGER_OK) granted_at_ns_ = now;
}

// ---- reading
// ------------------------------------------------------------------------------------------------

void Session::read(std::size_t max, std::vector<Change>& changes) {
  Change change;
  // Counted, because a `state` of garbage may have something new to say for ever.
  for (std::size_t rounds = 0, tables = 0;
       changes.size() < max && rounds < reads_per_call && tables < tables_per_call;) {
    if (feed_.take(change)) {
      if (change.record.gone()) desired_.forget(change.record.executor_id);
      changes.push_back(std::move(change));
      continue;
    }
    if (views_.empty()) return;
    ++rounds;
    StateView& view = *views_.front();
    // Asked before the read: only then does "nothing left" mean that the complete table was read.
    const auto control = view.control();
    // A new agent may be synced before it has taken our hello, and shows no pod of ours until then.
    const bool synced = stage_ == Stage::done && control && control->synced != 0;
    scratch_records_.clear();
    const auto got = view.read(std::min(max - changes.size(), read_batch), scratch_records_);
    if (got == StateView::Read::table) {
      feed_.begin_table();
      ++tables;
    }
    for (auto& record : scratch_records_) feed_.apply(std::move(record));
    if (got != StateView::Read::nothing) continue;
    if (views_.size() > 1) {
      lapped_ += view.lapped();
      views_.pop_front();
      feed_.begin_generation();
      continue;
    }
    if (!live_ || !synced || !view.caught_up() || !feed_.unsettled()) return;
    feed_.settle();
    if (feed_.empty()) return;
  }
}

void Session::acknowledge(std::uint64_t sequence) {
  const auto ring_sequence = feed_.acknowledge(sequence);
  // Sent only to the agent whose ring it is about.
  if (ring_sequence && live_ && views_.size() == 1) desired_.acknowledge(*ring_sequence);
}

outrigger_code Session::snapshot(std::uint64_t max_age_ms, std::vector<Change>& records,
                                 std::string& why_not) {
  const auto control = live() != nullptr ? live()->control() : std::nullopt;
  const Health health = live() != nullptr ? live()->health() : Health{};
  const std::int64_t age_ms = (channel_.now_ns() - health.contact_ns) / ms_ns;
  if (state_ != OUTRIGGER_SESSION_ATTACHED) {
    why_not = std::string("the session is ") + outrigger_session_state_name(state_);
  } else if (!control || control->synced == 0) {
    why_not = "the agent has not seen all pods yet";
  } else if (control->stale != 0 || health.contact_ns == 0 || age_ms < 0 ||
             static_cast<std::uint64_t>(age_ms) > max_age_ms) {
    why_not = "the agent's last contact with the API server was " +
              (health.contact_ns == 0 ? "never" : std::to_string(age_ms) + " ms ago");
  } else if (!feed_.empty() || views_.size() != 1 || !views_.front()->caught_up() || feed_.unsettled()) {
    why_not = "changes wait to be read: outrigger_read_changes first";
  } else {
    feed_.copy_all(records);
    return OUTRIGGER_OK;
  }
  return OUTRIGGER_ERROR_NOT_FRESH;
}

// ---- state and waiting
// --------------------------------------------------------------------------------------

void Session::update_state(std::int64_t now) {
  outrigger_session_state state = OUTRIGGER_SESSION_NO_AGENT;
  if (desired_.detached() && !link_) {
    state = OUTRIGGER_SESSION_DETACHED;
  } else if (link_ && stage_ != Stage::done) {
    state = OUTRIGGER_SESSION_RESYNCING;
  } else if (link_) {
    const bool stale = now - live()->health().heartbeat_ns > stale_after_ns;
    state = stale ? OUTRIGGER_SESSION_STALE : OUTRIGGER_SESSION_ATTACHED;
    if (!stale) text_.clear();
    if (stale) text_ = "the agent's heartbeat is older than 2 s";
    reason_ = stale ? OUTRIGGER_ATTACH_STALE : OUTRIGGER_ATTACH_OK;
  } else if (refused_) {
    state = OUTRIGGER_SESSION_REFUSED;
  }
  state_news_ |= state != state_;
  state_ = state;
}

void Session::state(outrigger_state& state) const {
  const StateView* view = views_.empty() ? nullptr : views_.back().get();
  const Health health = view != nullptr ? view->health() : Health{};
  const std::int64_t now = channel_.now_ns();
  const auto age_ms = [now](std::int64_t at_ns) {
    return at_ns == 0 ? UINT64_MAX
                      : static_cast<std::uint64_t>(std::max<std::int64_t>(0, (now - at_ns) / ms_ns));
  };
  state.session = static_cast<std::uint32_t>(state_);
  state.attach_reason = static_cast<std::uint32_t>(reason_);
  const auto control = view != nullptr ? views_.back()->control() : std::nullopt;
  state.synced = control && control->synced != 0;
  state.age_ms = age_ms(health.contact_ns);
  state.heartbeat_age_ms = age_ms(health.heartbeat_ns);
  state.generation = view != nullptr ? view->generation() : 0;
  state.generations = generations_;
  state.read = feed_.last_taken();
  state.more = !feed_.empty() || views_.size() > 1 || (view != nullptr && !view->caught_up());
  state.unsent = static_cast<std::uint32_t>(desired_.unsent());
  state.results_dropped = static_cast<std::uint32_t>(tickets_.dropped());
  state.lapped = lapped_ + (view != nullptr ? views_.front()->lapped() : 0);
  copy_text(text_, state.text, sizeof state.text);
}

void Session::profiles(std::vector<outrigger_profile_status>& profiles) {
  profiles.clear();
  if (!views_.empty()) views_.back()->profiles(profiles);
}

bool Session::control(outrigger_control_status& control) {
  const auto found = views_.empty() ? std::nullopt : views_.back()->control();
  if (found) control = *found;
  return found.has_value();
}

Session::Watch Session::watch() const {
  if (!live_) return {};
  return Watch{views_.back(), link_, views_.back()->token()};
}

std::int64_t Session::wake_at_ns() const {
  const std::int64_t now = channel_.now_ns();
  if (live() == nullptr || !link_) return std::max(retry_at_ns_, now + ms_ns);
  const std::int64_t stale_at = live()->health().heartbeat_ns + stale_after_ns;
  std::int64_t at = stale_at > now ? stale_at + ms_ns : now + retry_most_ns;
  if (stage_ != Stage::done) at = std::min(at, stage_since_ns_ + hello_timeout_ns + ms_ns);
  // Room in the queue comes with results, which wake. This is for ids that wait out the pause between grants.
  if (desired_.unsent() != 0 || granted_at_ns_ + 5 * ms_ns > now) at = std::min(at, now + 5 * ms_ns);
  return at;
}

bool Session::news() {
  bool news = std::exchange(state_news_, false);
  news |= tickets_.has_results() || !feed_.empty() || views_.size() > 1;
  news |= !views_.empty() && !views_.front()->caught_up();
  news |= status_changed();
  return news;
}

bool Session::status_changed() {
  if (views_.empty()) return false;
  // Plain structs whose every byte is set: compared as bytes.
  auto control = views_.back()->control();
  const auto same = [](const auto& a, const auto& b) { return std::memcmp(&a, &b, sizeof a) == 0; };
  bool changed =
      control.has_value() != told_control_.has_value() || (control && !same(*control, *told_control_));
  profiles(scratch_profiles_);
  changed |= scratch_profiles_.size() != told_profiles_.size() ||
             !std::equal(scratch_profiles_.begin(), scratch_profiles_.end(), told_profiles_.begin(), same);
  told_control_ = control;
  std::swap(told_profiles_, scratch_profiles_);
  return changed;
}

}  // namespace outrigger::shim
