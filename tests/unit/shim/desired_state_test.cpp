#include "shim/desired_state.h"

#include <gtest/gtest.h>

namespace outrigger::shim {
namespace {

struct DesiredStateTest : ::testing::Test {
  Tickets tickets;
  DesiredState desired{options(), tickets};
  std::uint64_t wire_id = 0;

  static DesiredState::Options options() {
    DesiredState::Options options;
    options.id_block_size = 10;
    options.ids_per_command = 3;
    return options;
  }
  std::vector<wire::Body> send_all() {
    std::vector<wire::Body> out;
    while (const auto next = desired.next()) {
      desired.sent(*next, ++wire_id);
      out.push_back(next->body);
    }
    return out;
  }
  template <class Body>
  static std::vector<Body> only(const std::vector<wire::Body>& bodies) {
    std::vector<Body> out;
    for (const auto& body : bodies)
      if (const auto* found = std::get_if<Body>(&body)) out.push_back(*found);
    return out;
  }
  std::vector<std::pair<std::uint64_t, std::uint32_t>> results() {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> out;
    for (Result result; tickets.take(result);) out.emplace_back(result.ticket, result.verdict);
    return out;
  }
};
using Results = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

TEST_F(DesiredStateTest, a_target_posted_twice_before_it_was_sent_goes_once_and_the_first_is_superseded) {
  const auto first = desired.target(0, 5, true).ticket;
  const auto second = desired.target(0, 6, true).ticket;
  EXPECT_EQ(results(), (Results{{first, OUTRIGGER_VERDICT_SUPERSEDED}}));
  EXPECT_EQ(only<wire::SetTarget>(send_all()), (std::vector<wire::SetTarget>{{0, 6}}));
  EXPECT_TRUE(desired.answered(wire_id, OUTRIGGER_VERDICT_ACCEPTED, {}));
  EXPECT_EQ(results(), (Results{{second, OUTRIGGER_VERDICT_ACCEPTED}}));
}

TEST_F(DesiredStateTest, every_wanted_ticket_gets_exactly_one_first_answer_over_a_restart) {
  const auto first = desired.target(0, 5, true).ticket;
  send_all();
  const auto second = desired.target(0, 6, true).ticket;  // the first is in flight, unanswered
  desired.lost();
  desired.begin_resync(false);
  send_all();
  for (std::uint64_t id = 1; id <= wire_id; ++id) desired.answered(id, OUTRIGGER_VERDICT_ACCEPTED, {});
  auto got = results();
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, (Results{{first, OUTRIGGER_VERDICT_SUPERSEDED}, {second, OUTRIGGER_VERDICT_ACCEPTED}}));
}

TEST_F(DesiredStateTest, a_post_answered_before_a_restart_is_reported_again_only_when_refused) {
  const auto ticket = desired.target(0, 5, true).ticket;
  send_all();
  desired.answered(wire_id, OUTRIGGER_VERDICT_ACCEPTED, {});
  results();
  for (const bool refused : {false, true}) {
    desired.begin_resync(false);
    send_all();
    const auto verdict = refused ? OUTRIGGER_VERDICT_LIMIT : OUTRIGGER_VERDICT_ACCEPTED;
    desired.answered(wire_id, verdict, {});
    EXPECT_EQ(results().size(), refused ? 1u : 0u);
  }
  EXPECT_NE(ticket, 0u);
}

TEST_F(DesiredStateTest, a_list_over_the_bound_of_a_command_is_cut_and_answered_once) {
  const std::uint64_t ids[] = {1, 2, 3, 4, 5, 6, 7};
  const auto ticket = desired.known_full(ids, 7, true).ticket;
  const auto known = only<wire::KnownDelta>(send_all());
  ASSERT_EQ(known.size(), 3u);
  EXPECT_EQ(known[0], (wire::KnownDelta{true, {1, 2, 3}, {}}));
  EXPECT_EQ(known[1], (wire::KnownDelta{false, {4, 5, 6}, {}}));
  EXPECT_EQ(known[2], (wire::KnownDelta{false, {7}, {}}));
  for (std::uint64_t id = 1; id <= 3; ++id) desired.answered(id, OUTRIGGER_VERDICT_ACCEPTED, {});
  EXPECT_EQ(results(), (Results{{ticket, OUTRIGGER_VERDICT_ACCEPTED}}));
}

TEST_F(DesiredStateTest, known_ids_that_come_and_go_before_they_were_sent_are_not_sent) {
  const std::uint64_t one[] = {1}, two[] = {2};
  desired.known(one, 1, nullptr, 0, false);
  send_all();
  desired.known(two, 1, one, 1, false);
  desired.known(nullptr, 0, two, 1, false);
  EXPECT_EQ(only<wire::KnownDelta>(send_all()), (std::vector<wire::KnownDelta>{{false, {}, {1}}}));
}

TEST_F(DesiredStateTest, C18_what_is_left_unsent_of_blocks_is_never_granted_again) {
  std::uint64_t first = 0;
  EXPECT_EQ(desired.grant(5, true, &first).code, OUTRIGGER_OK);
  EXPECT_EQ(first, 1u);
  desired.begin_resync(true);  // the block never left
  EXPECT_EQ(only<wire::GrantIds>(send_all()), (std::vector<wire::GrantIds>{{6, 10}}));
  EXPECT_EQ(results(), (Results{{1, OUTRIGGER_VERDICT_SUPERSEDED}}));
}

TEST_F(DesiredStateTest, ids_end_with_an_error_and_not_with_a_wrap) {
  DesiredState::Options near_the_end;
  near_the_end.first_id = DesiredState::id_max - 4;
  DesiredState last{near_the_end, tickets};
  EXPECT_EQ(last.grant(6, false, nullptr).code, OUTRIGGER_ERROR_IDS);
  EXPECT_EQ(last.grant(5, false, nullptr).code, OUTRIGGER_OK);
  EXPECT_EQ(last.grant(1, false, nullptr).code, OUTRIGGER_ERROR_IDS);
}

TEST_F(DesiredStateTest, deletions_are_remembered_until_the_pod_is_gone) {
  const std::uint64_t ids[] = {1, 2};
  desired.delete_executors(ids, 2, false);
  send_all();
  desired.forget(1);
  desired.begin_resync(false);
  EXPECT_EQ(only<wire::DeleteExecutors>(send_all()), (std::vector<wire::DeleteExecutors>{{{2}}}));
}

TEST_F(DesiredStateTest, an_older_template_revision_is_refused_and_the_newer_one_stays) {
  const auto revision = [](std::uint32_t n) {
    return wire::PostTemplate{0, n, 1, {{1, "{}", {}}, {2, "{}", {}}}};
  };
  EXPECT_EQ(desired.pod_template(revision(2), false).code, OUTRIGGER_OK);
  EXPECT_EQ(desired.pod_template(revision(1), false).code, OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(only<wire::PostTemplate>(send_all()).at(0).revision, 2u);
}

TEST_F(DesiredStateTest, every_bound_is_an_error_that_names_it) {
  EXPECT_EQ(desired.target(0, DesiredState::known_max, false).code, OUTRIGGER_OK);
  EXPECT_EQ(desired.target(0, DesiredState::known_max + 1, false).text,
            "target: 200001 is over the bound of 200000");
  for (std::uint32_t profile = 0; profile < DesiredState::profiles_max; ++profile)
    EXPECT_EQ(desired.target(profile, 1, false).code, OUTRIGGER_OK);
  EXPECT_EQ(desired.target(DesiredState::profiles_max, 1, false).code, OUTRIGGER_ERROR_LIMIT);
  EXPECT_EQ(desired.grant(DesiredState::block_max, false, nullptr).code, OUTRIGGER_OK);
  EXPECT_EQ(desired.grant(DesiredState::block_max + 1, false, nullptr).code, OUTRIGGER_ERROR_LIMIT);
  const std::uint64_t zero[] = {0}, huge[] = {DesiredState::id_max + 1};
  EXPECT_EQ(desired.delete_executors(zero, 1, false).code, OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(desired.known(huge, 1, nullptr, 0, false).code, OUTRIGGER_ERROR_ARGUMENT);
  const std::string large(DesiredState::template_bytes_max + 1, ' ');
  EXPECT_EQ(desired.rendered({0, {1, large, {}}}, false).code, OUTRIGGER_ERROR_LIMIT);
  EXPECT_EQ(desired.rendered({0, {1, large.substr(1), {}}}, false).code, OUTRIGGER_OK);
}

TEST_F(DesiredStateTest, nothing_is_unsent_after_everything_was_sent) {
  const std::uint64_t ids[] = {1};
  desired.policy({}, false);
  desired.pod_template({0, 1, 1, {{1, "{}", {}}, {2, "{}", {}}}}, false);
  desired.rendered({0, {5, "{}", {}}}, false);
  desired.known(ids, 1, nullptr, 0, false);
  desired.confirm_delete(ids, 1, false);
  desired.delete_executors(ids, 1, false);
  desired.target(0, 1, false);
  desired.acknowledge(3);
  desired.grant(0, false, nullptr);
  desired.drain(false);
  desired.detach(false);
  EXPECT_EQ(desired.unsent(), 11u);
  EXPECT_EQ(send_all().size(), 11u);
  EXPECT_EQ(desired.unsent(), 0u);
}

TEST(TicketsTest, a_caller_that_never_polls_loses_the_oldest_results_and_is_told_how_many) {
  Tickets tickets;
  for (std::size_t i = 0; i < Tickets::results_kept + 3; ++i)
    tickets.answer(tickets.issue(true), OUTRIGGER_VERDICT_ACCEPTED, {});
  EXPECT_EQ(tickets.dropped(), 3u);
  Result result;
  ASSERT_TRUE(tickets.take(result));
  EXPECT_EQ(result.ticket, 4u);
}

}  // namespace
}  // namespace outrigger::shim
