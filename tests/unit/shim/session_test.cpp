#include "shim/session.h"

#include <gtest/gtest.h>

#include "tests/unit/shim/scripted_channel.h"

namespace outrigger::shim {
namespace {

using namespace testing;
namespace wire = ipc::wire;

struct SessionTest : ::testing::Test {
  ScriptedChannel channel;
  Session session{options(), channel};

  static Session::Options options() {
    Session::Options options;
    options.hello = {"nonce123", "test-1", "app"};
    options.desired.id_block_size = 100;
    return options;
  }
  // What a [reader] call does.
  void step() {
    session.step();
    if (const auto view = session.wants_connection()) {
      AttachFailure why_not;
      auto link = channel.connect(view, why_not);
      session.connected(view, std::move(link), why_not);
      session.send();
    }
    session.send();  // takes what a link answers at once
  }
  void attach(std::uint64_t generation) {
    channel.agent(generation);
    channel.later_ms(1000);
    channel.state->life.heartbeat_ns = channel.state->life.contact_ns = channel.clock_ns;
    step();
  }
  outrigger_state state() {
    outrigger_state state{};
    session.state(state);
    return state;
  }
  std::vector<Change> read(std::size_t max = 1000) {
    std::vector<Change> changes;
    session.read(max, changes);
    return changes;
  }
};

TEST_F(SessionTest, without_an_agent_posts_are_kept_and_the_state_says_why) {
  EXPECT_EQ(session.desired().target(0, 5, true).code, OUTRIGGER_OK);
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_NO_AGENT});
  EXPECT_EQ(state().attach_reason, std::uint32_t{OUTRIGGER_ATTACH_NO_FILE});
  EXPECT_STREQ(state().text, "no `state` in the run directory");
  EXPECT_EQ(state().unsent, 1u);
  EXPECT_EQ(state().age_ms, UINT64_MAX);
}

TEST_F(SessionTest, C21_the_desired_state_is_posted_between_the_resync_marks) {
  session.desired().target(0, 5, false);
  session.desired().policy({}, false);
  attach(1);
  const auto& link = *channel.link;
  EXPECT_EQ(link.index_of<wire::Hello>(), 0u);
  EXPECT_EQ(link.index_of<wire::ResyncBegin>(), 1u);
  EXPECT_TRUE(std::holds_alternative<wire::ResyncEnd>(link.sent.back()));
  EXPECT_EQ(link.all<wire::SetTarget>(), (std::vector<wire::SetTarget>{{0, 5}}));
  EXPECT_EQ(link.all<wire::Policy>().size(), 1u);
  ASSERT_EQ(link.all<wire::KnownDelta>().size(), 1u);
  EXPECT_TRUE(link.all<wire::KnownDelta>()[0].full) << "an empty set is said, not left out";
  EXPECT_EQ(link.all<wire::GrantIds>(), (std::vector<wire::GrantIds>{{1, 100}}));
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_ATTACHED});
}

TEST_F(SessionTest, attached_only_when_the_agent_accepted_the_end_of_the_resync) {
  channel.agent(1);
  channel.link->accept_all = false;
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_RESYNCING});
  for (std::uint64_t id = 1; id <= channel.link->sent.size(); ++id) channel.link->accept(id);
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_ATTACHED});
}

TEST_F(SessionTest, C21_after_an_agent_restart_everything_is_posted_again) {
  attach(1);
  session.desired().target(0, 5, false);
  session.desired().target(1, 7, false);
  session.desired().pod_template({0, 3, 2, {{11, "{}", {}}, {22, "{}", {}}}}, false);
  const std::uint64_t known[] = {4, 5};
  session.desired().known(known, 2, nullptr, 0, false);
  const std::uint64_t doomed[] = {9};
  session.desired().delete_executors(doomed, 1, false);
  session.desired().confirm_delete(doomed, 1, false);
  step();
  channel.kill_agent();
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_NO_AGENT});
  attach(2);
  const auto& link = *channel.link;
  EXPECT_EQ(link.all<wire::SetTarget>(), (std::vector<wire::SetTarget>{{0, 5}, {1, 7}}));
  ASSERT_EQ(link.all<wire::PostTemplate>().size(), 1u);
  EXPECT_EQ(link.all<wire::PostTemplate>()[0].revision, 3u);
  EXPECT_EQ(link.all<wire::KnownDelta>(), (std::vector<wire::KnownDelta>{{true, {4, 5}, {}}}));
  EXPECT_EQ(link.all<wire::DeleteExecutors>(), (std::vector<wire::DeleteExecutors>{{{9}}}));
  EXPECT_EQ(link.all<wire::ConfirmDelete>(), (std::vector<wire::ConfirmDelete>{{{9}}}));
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_ATTACHED});
  EXPECT_EQ(state().generations, 2u);
}

TEST_F(SessionTest, C18_no_id_is_granted_twice_over_restarts) {
  std::set<std::uint64_t> granted;
  for (std::uint64_t generation = 1; generation <= 5; ++generation) {
    attach(generation);
    channel.state->ids_wanted(150);
    channel.later_ms(100);
    channel.state->life.heartbeat_ns = channel.clock_ns;
    step();
    for (const auto& block : channel.link->all<wire::GrantIds>())
      for (std::uint32_t i = 0; i < block.count; ++i)
        EXPECT_TRUE(granted.insert(block.first + i).second) << block.first + i;
    channel.kill_agent();
    step();
  }
  EXPECT_EQ(granted.size(), 5u * (100 + 150));
}

TEST_F(SessionTest, S18_the_ring_of_a_dead_generation_is_read_to_its_end_first) {
  attach(1);
  channel.state->publish(a_record(1, OUTRIGGER_EXECUTOR_RUNNING));
  EXPECT_EQ(read().size(), 1u);
  auto last = a_record(1, OUTRIGGER_EXECUTOR_FAILED);
  last.exit_code = 52;
  channel.state->publish(last);  // the last thing it says
  channel.kill_agent();
  step();
  attach(2);
  channel.state->publish(a_record(2, OUTRIGGER_EXECUTOR_PENDING));
  const auto changes = read();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].record.exit_code, 52);
  EXPECT_EQ(changes[1].record.executor_id, 2u);
  EXPECT_LT(changes[0].sequence, changes[1].sequence);
}

TEST_F(SessionTest, pods_that_vanished_while_no_agent_ran_are_reported_gone_once_the_new_one_is_synced) {
  attach(1);
  channel.state->publish(a_record(1, OUTRIGGER_EXECUTOR_RUNNING));
  channel.state->publish(a_record(2, OUTRIGGER_EXECUTOR_RUNNING));
  EXPECT_EQ(read().size(), 2u);
  channel.kill_agent();
  step();
  attach(2);
  EXPECT_EQ(read().size(), 0u) << "an agent that has not listed knows nothing of what is missing";
  channel.state->publish(a_record(2, OUTRIGGER_EXECUTOR_RUNNING));
  channel.state->synced(true);
  const auto changes = read();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].record.executor_id, 2u);
  EXPECT_EQ(changes[1].record.executor_id, 1u);
  EXPECT_EQ(changes[1].record.state, OUTRIGGER_EXECUTOR_DELETED);
  EXPECT_EQ(changes[1].record.flags, OUTRIGGER_CHANGE_GONE | OUTRIGGER_CHANGE_SYNTHETIC);
  EXPECT_EQ(read().size(), 0u) << "once";
}

TEST_F(SessionTest, S17_nothing_vanishes_before_the_new_agent_has_taken_the_hello) {
  attach(1);
  channel.state->publish(a_record(1, OUTRIGGER_EXECUTOR_RUNNING));
  EXPECT_EQ(read().size(), 1u);
  channel.kill_agent();
  step();
  channel.agent(2);
  channel.link->accept_all = false;
  channel.state->synced(true);  // it has listed, and shows pods only to the driver that asked for them
  channel.later_ms(1000);
  channel.state->life.heartbeat_ns = channel.state->life.contact_ns = channel.clock_ns;
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_RESYNCING});
  EXPECT_EQ(read().size(), 0u);
  channel.state->publish(a_record(1, OUTRIGGER_EXECUTOR_RUNNING));
  for (std::uint64_t id = 1; id <= channel.link->sent.size(); ++id) channel.link->accept(id);
  step();
  const auto changes = read();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_FALSE(changes[0].record.gone());
}

TEST_F(SessionTest, a_lapped_reader_gets_the_table_and_what_vanished_in_between) {
  attach(1);
  channel.state->synced(true);
  channel.state->publish(a_record(1, OUTRIGGER_EXECUTOR_RUNNING));
  channel.state->publish(a_record(2, OUTRIGGER_EXECUTOR_RUNNING));
  EXPECT_EQ(read().size(), 2u);
  channel.state->publish(a_record(3, OUTRIGGER_EXECUTOR_RUNNING));
  channel.state->forget(1);  // its tombstone's slot was needed
  channel.state->lap();
  const auto changes = read();
  ASSERT_EQ(changes.size(), 2u) << "2 was told already";
  EXPECT_EQ(changes[0].record.executor_id, 3u);
  EXPECT_TRUE(changes[0].record.flags & OUTRIGGER_CHANGE_REPLAY);
  EXPECT_EQ(changes[1].record.executor_id, 1u);
  EXPECT_TRUE(changes[1].record.gone());
  EXPECT_EQ(state().lapped, 1u);
}

TEST_F(SessionTest, S17_a_snapshot_is_given_only_when_it_may_be_taken_for_the_truth) {
  std::vector<Change> records;
  std::string why_not;
  const auto snapshot = [&] { return session.snapshot(1000, records, why_not); };
  EXPECT_EQ(snapshot(), OUTRIGGER_ERROR_NOT_FRESH);
  EXPECT_EQ(why_not, "the session is no_agent");
  attach(1);
  EXPECT_EQ(snapshot(), OUTRIGGER_ERROR_NOT_FRESH);
  EXPECT_EQ(why_not, "the agent has not seen all pods yet");
  channel.state->synced(true);
  channel.state->publish(a_record(1, OUTRIGGER_EXECUTOR_CREATING));
  EXPECT_EQ(snapshot(), OUTRIGGER_ERROR_NOT_FRESH) << "S18: final states go first, one by one";
  EXPECT_EQ(read().size(), 1u);
  ASSERT_EQ(snapshot(), OUTRIGGER_OK) << why_not;
  ASSERT_EQ(records.size(), 1u) << "a create in flight is in it";
  channel.later_ms(1001);
  channel.state->life.heartbeat_ns = channel.clock_ns;
  EXPECT_EQ(snapshot(), OUTRIGGER_ERROR_NOT_FRESH);
  EXPECT_EQ(why_not, "the agent's last contact with the API server was 1001 ms ago");
  channel.state->life.contact_ns = channel.clock_ns;
  EXPECT_EQ(snapshot(), OUTRIGGER_OK);
  channel.kill_agent();
  step();
  EXPECT_EQ(snapshot(), OUTRIGGER_ERROR_NOT_FRESH);
}

TEST_F(SessionTest, a_heartbeat_older_than_2_s_makes_it_stale_until_it_beats_again) {
  attach(1);
  channel.later_ms(2001);
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_STALE});
  EXPECT_EQ(state().heartbeat_age_ms, 2001u);
  EXPECT_TRUE(session.news());
  channel.state->life.heartbeat_ns = channel.clock_ns;
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_ATTACHED});
  EXPECT_EQ(channel.link->all<wire::Hello>().size(), 1u) << "the same connection";
}

TEST_F(SessionTest, the_state_of_a_dead_agent_is_not_attached_to_again) {
  attach(1);
  channel.kill_agent();
  step();
  for (int i = 0; i < 10; ++i) {
    channel.later_ms(600);
    step();
  }
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_NO_AGENT});
  EXPECT_EQ(state().generations, 1u);
  EXPECT_EQ(channel.link->all<wire::Hello>().size(), 1u);
}

TEST_F(SessionTest, attempts_to_attach_back_off) {
  for (int ms = 0; ms < 10'000; ++ms) {
    step();
    channel.later_ms(1);
  }
  EXPECT_GE(channel.opened, 20);
  EXPECT_LE(channel.opened, 30);
}

TEST_F(SessionTest, a_refused_hello_is_named_and_tried_again) {
  channel.agent(1);
  channel.link->accept_all = false;
  step();
  channel.link->refuse(1, OUTRIGGER_VERDICT_IDENTITY, "application is `other`, not `app`");
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_REFUSED});
  EXPECT_STREQ(state().text, "hello: refused_identity: application is `other`, not `app`");
  channel.link = std::make_shared<ScriptedLink>();
  channel.later_ms(600);
  channel.state->life.heartbeat_ns = channel.clock_ns;
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_ATTACHED});
}

TEST_F(SessionTest, garbage_in_state_is_refused_with_the_staged_reason) {
  channel.no_state = {OUTRIGGER_ATTACH_WRONG_LAYOUT, "layout 1 here, 2 there"};
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_REFUSED});
  EXPECT_EQ(state().attach_reason, std::uint32_t{OUTRIGGER_ATTACH_WRONG_LAYOUT});
}

TEST_F(SessionTest, a_closed_connection_to_a_living_agent_is_made_again_with_a_resync) {
  attach(1);
  channel.link->hung_up = true;
  step();
  EXPECT_NE(state().session, std::uint32_t{OUTRIGGER_SESSION_ATTACHED});
  channel.link = std::make_shared<ScriptedLink>();
  channel.later_ms(600);
  channel.state->life.heartbeat_ns = channel.clock_ns;
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_ATTACHED});
  EXPECT_EQ(channel.link->all<wire::ResyncBegin>().size(), 1u);
  EXPECT_EQ(state().generations, 1u);
}

TEST_F(SessionTest, a_full_queue_delays_a_post_and_loses_none) {
  channel.agent(1);
  channel.link->room = 3;
  for (std::uint32_t profile = 0; profile < 8; ++profile) session.desired().target(profile, 1, false);
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_RESYNCING});
  channel.link->room = SIZE_MAX;
  step();
  EXPECT_EQ(channel.link->all<wire::SetTarget>().size(), 8u);
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_ATTACHED});
}

TEST_F(SessionTest, what_never_fits_is_refused_here_and_does_not_block_the_rest) {
  channel.agent(1);
  channel.link->never_fits_over = 10;
  const auto posted = session.desired().pod_template(
      {0, 1, 1, {{1, std::string(11, ' '), {}}, {2, std::string(11, ' '), {}}}}, true);
  session.desired().target(0, 1, false);
  step();
  EXPECT_EQ(channel.link->all<wire::SetTarget>().size(), 1u);
  Result result;
  ASSERT_TRUE(session.tickets().take(result));
  EXPECT_EQ(result.ticket, posted.ticket);
  EXPECT_EQ(result.verdict, std::uint32_t{OUTRIGGER_VERDICT_LIMIT});
  EXPECT_EQ(result.detail, "too large for this queue");
}

TEST_F(SessionTest, C21_a_drain_is_said_again_to_a_new_agent_after_the_resync_and_without_targets) {
  attach(1);
  session.desired().target(0, 5, false);
  session.desired().drain(false);
  step();
  EXPECT_EQ(channel.link->all<wire::Drain>().size(), 1u);
  channel.kill_agent();
  step();
  attach(2);
  step();
  EXPECT_TRUE(channel.link->all<wire::SetTarget>().empty());
  EXPECT_TRUE(channel.link->all<wire::GrantIds>().empty());
  EXPECT_GT(channel.link->index_of<wire::Drain>(), channel.link->index_of<wire::ResyncEnd>());
}

TEST_F(SessionTest, an_agent_that_drains_is_sent_only_acknowledgements_and_the_goodbye) {
  attach(1);
  session.desired().drain(false);
  step();
  const std::size_t sent = channel.link->sent.size();
  const std::uint64_t id = 4;
  const auto known = session.desired().known(&id, 1, nullptr, 0, true);
  session.desired().delete_executors(&id, 1, false);
  step();
  EXPECT_EQ(channel.link->sent.size(), sent);
  EXPECT_EQ(state().unsent, 0u);
  Result result;
  ASSERT_TRUE(session.tickets().take(result));
  EXPECT_EQ(result.ticket, known.ticket);
  EXPECT_EQ(result.verdict, std::uint32_t{OUTRIGGER_VERDICT_SUPERSEDED});
  session.desired().detach(false);
  step();
  EXPECT_TRUE(std::holds_alternative<wire::Detach>(channel.link->sent.back()));
}

TEST_F(SessionTest, a_connection_made_again_to_an_agent_that_drains_is_not_refused) {
  attach(1);
  session.desired().drain(false);
  step();
  channel.link->hung_up = true;
  step();
  channel.link = std::make_shared<ScriptedLink>();
  channel.link->accept_all = false;
  channel.later_ms(600);
  channel.state->life.heartbeat_ns = channel.clock_ns;
  step();
  channel.link->accept(1);
  for (std::uint64_t id = 2; id <= channel.link->sent.size(); ++id)
    channel.link->refuse(id, OUTRIGGER_VERDICT_ORDER, "draining: only ack, drain and detach are taken");
  step();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_ATTACHED});
  EXPECT_TRUE(std::holds_alternative<wire::Drain>(channel.link->sent.back()));
}

TEST_F(SessionTest, after_detach_nothing_is_sent_and_nobody_is_looked_for) {
  attach(1);
  session.desired().detach(false);
  step();
  EXPECT_EQ(channel.link->all<wire::Detach>().size(), 1u);
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_DETACHED});
  EXPECT_EQ(session.desired().target(0, 1, false).code, OUTRIGGER_ERROR_DETACHED);
  const int opened = channel.opened;
  channel.kill_agent();
  channel.later_ms(5000);
  step();
  EXPECT_EQ(channel.opened, opened);
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_DETACHED});
}

TEST_F(SessionTest, an_acknowledgement_names_the_ring_sequence_of_the_agent_it_goes_to) {
  attach(1);
  for (int i = 1; i <= 5; ++i) channel.state->publish(a_record(1, OUTRIGGER_EXECUTOR_RUNNING));
  const auto old = read();
  channel.kill_agent();
  step();
  attach(2);
  channel.state->publish(a_record(1, OUTRIGGER_EXECUTOR_RUNNING));
  channel.state->publish(a_record(2, OUTRIGGER_EXECUTOR_RUNNING));
  const auto changes = read();
  ASSERT_EQ(changes.size(), 2u);
  session.acknowledge(old.back().sequence);
  step();
  EXPECT_TRUE(channel.link->all<wire::Ack>().empty()) << "it is about a ring that is gone";
  session.acknowledge(changes[1].sequence);
  step();
  EXPECT_EQ(channel.link->all<wire::Ack>(), (std::vector<wire::Ack>{{2}}));
}

TEST_F(SessionTest, more_restarts_than_the_reader_reads_keep_a_bounded_number_of_generations) {
  for (std::uint64_t generation = 1; generation <= 50; ++generation) {
    attach(generation);
    channel.state->publish(a_record(generation, OUTRIGGER_EXECUTOR_RUNNING));
    channel.kill_agent();
    step();
  }
  EXPECT_LE(read().size(), Session::views_kept);
}

}  // namespace
}  // namespace outrigger::shim
