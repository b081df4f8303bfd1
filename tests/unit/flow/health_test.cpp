#include "agent/flow/health.h"

#include <gtest/gtest.h>

namespace outrigger::flow {
namespace {

using namespace std::chrono_literals;
constexpr core::Instant now{1000s};

HealthFacts good() {
  HealthFacts facts;
  facts.synced_once = true;
  facts.last_contact = now - 1s;
  facts.last_turn = now - 1s;
  return facts;
}

TEST(Health, everything_well_is_started_ready_and_live) {
  const auto report = judge_health(good(), now);
  EXPECT_TRUE(report.started);
  EXPECT_TRUE(report.ready);
  EXPECT_TRUE(report.live);
  EXPECT_EQ(report.checks.size(), 3u);
}

TEST(Health, an_agent_that_never_synced_is_live_but_neither_started_nor_ready) {
  auto facts = good();
  facts.synced_once = false;
  const auto report = judge_health(facts, now);
  EXPECT_FALSE(report.started);
  EXPECT_FALSE(report.ready);
  EXPECT_TRUE(report.live);
}

TEST(Health, contact_at_the_bound_is_ready_and_past_it_is_not_and_liveness_does_not_care) {
  auto facts = good();
  facts.last_contact = now - facts.contact_bound;
  EXPECT_TRUE(judge_health(facts, now).ready);
  facts.last_contact = now - facts.contact_bound - 1ns;
  facts.last_error = "connection refused";
  const auto report = judge_health(facts, now);
  EXPECT_FALSE(report.ready);
  EXPECT_TRUE(report.started);
  EXPECT_TRUE(report.live);
  EXPECT_NE(report.checks[2].detail.find("connection refused"), std::string::npos);
}

TEST(Health, a_loop_that_does_not_turn_is_not_live) {
  auto facts = good();
  facts.last_turn = now - facts.turn_bound - 1ns;
  EXPECT_FALSE(judge_health(facts, now).live);
}

}  // namespace
}  // namespace outrigger::flow
