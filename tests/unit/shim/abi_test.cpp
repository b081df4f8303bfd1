// The C ABI over the real channel. Waits have no timeout: a lost wake-up would hang the test.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "outrigger/shim.h"
#include "tests/unit/shim/stand_in_agent.h"

namespace outrigger::shim {
namespace {

using namespace testing;
namespace wire = ipc::wire;

struct AbiTest : ::testing::Test {
  RunDirectory run;
  outrigger_session* session = nullptr;
  std::map<std::uint64_t, outrigger_change> seen;

  ~AbiTest() override { outrigger_close(session); }
  outrigger_options options() {
    outrigger_options options{};
    options.struct_size = sizeof options;
    options.run_directory = run.path().c_str();
    options.application_id = "app";
    options.client_version = "test-1";
    options.nonce = "nonce123";
    options.id_block_size = 50;
    return options;
  }
  void open() {
    const auto wanted = options();
    char text[256];
    ASSERT_EQ(outrigger_open(&wanted, &session, text, sizeof text), OUTRIGGER_OK) << text;
  }
  outrigger_state state() {
    outrigger_state state{};
    state.struct_size = sizeof state;
    EXPECT_EQ(outrigger_read_state(session, &state), OUTRIGGER_OK);
    return state;
  }
  void read() {
    outrigger_change changes[7];
    for (std::size_t count = 1; count != 0;) {
      ASSERT_EQ(outrigger_read_changes(session, changes, 7, &count), OUTRIGGER_OK);
      for (std::size_t i = 0; i < count; ++i) {
        seen[changes[i].executor_id] = changes[i];
        last = changes[i].sequence;
      }
    }
  }
  void until(const std::function<bool()>& done) {
    read();
    while (!done()) {
      ASSERT_EQ(outrigger_wait(session, -1), OUTRIGGER_OK);
      read();
    }
  }
  void until_state(outrigger_session_state wanted) {
    until([&] { return state().session == std::uint32_t{wanted}; });
  }
  std::string error() {
    char text[256];
    outrigger_last_error(session, text, sizeof text);
    return text;
  }
  std::uint64_t last = 0;
};

TEST_F(AbiTest, a_driver_that_is_there_first_attaches_when_an_agent_comes) {
  open();
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_NO_AGENT});
  EXPECT_EQ(state().attach_reason, std::uint32_t{OUTRIGGER_ATTACH_NO_FILE});
  EXPECT_EQ(outrigger_post_target(session, 0, 3, nullptr), OUTRIGGER_OK);
  StandInAgent agent(run.path());
  until_state(OUTRIGGER_SESSION_ATTACHED);
  EXPECT_EQ(agent.received_of<wire::Hello>(), (std::vector<wire::Hello>{{"nonce123", "test-1", "app"}}));
  EXPECT_EQ(agent.received_of<wire::SetTarget>(), (std::vector<wire::SetTarget>{{0, 3}}));
}

TEST_F(AbiTest, every_post_reaches_the_agent_with_its_result_under_its_command_id) {
  StandInAgent agent(run.path());
  open();
  until_state(OUTRIGGER_SESSION_ATTACHED);
  const std::uint64_t ids[] = {1, 2};
  const outrigger_json extra{"{}", 2};
  const outrigger_sample samples[] = {{1, {"{\"a\":1}", 7}, &extra, 1}, {2, {"{\"a\":2}", 7}, &extra, 1}};
  outrigger_template pods{sizeof(outrigger_template), 0, 1, 1, samples, 2};
  outrigger_policy policy;
  outrigger_policy_defaults(&policy);
  policy.batch_size = 5;
  EXPECT_EQ(policy.claims, OUTRIGGER_CLAIMS_NEW) << "S14: as before there were claims";
  policy.claims = OUTRIGGER_CLAIMS_WAIT + 1;
  EXPECT_EQ(outrigger_post_policy(session, &policy, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  policy.claims = OUTRIGGER_CLAIMS_WAIT;
  policy.maximum_claims = 7;
  std::set<std::uint64_t> commands;
  std::uint64_t c = 0;
  const auto posted = [&](outrigger_code code) {
    EXPECT_EQ(code, OUTRIGGER_OK) << error();
    EXPECT_TRUE(commands.insert(c).second);
  };
  posted(outrigger_post_policy(session, &policy, &c));
  posted(outrigger_post_template(session, &pods, &c));
  posted(outrigger_post_rendered(session, 0, &samples[0], &c));
  posted(outrigger_post_target(session, 0, 9, &c));
  posted(outrigger_post_known(session, ids, 2, nullptr, 0, &c));
  posted(outrigger_post_known_full(session, ids, 1, &c));
  posted(outrigger_post_confirm_delete(session, ids, 2, &c));
  posted(outrigger_post_delete(session, ids, 2, &c));
  posted(outrigger_post_grant_ids(session, 0, nullptr, &c));
  posted(outrigger_post_drain(session, &c));
  std::set<std::uint64_t> answered;
  until([&] {
    outrigger_result results[3];
    std::size_t count = 0;
    EXPECT_EQ(outrigger_poll_results(session, results, 3, &count), OUTRIGGER_OK);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(results[i].verdict, std::uint32_t{OUTRIGGER_VERDICT_ACCEPTED});
      EXPECT_TRUE(answered.insert(results[i].command).second);
    }
    return answered == commands;
  });
  EXPECT_EQ(agent.received_of<wire::Policy>().back().batch_size, 5u);
  EXPECT_TRUE(agent.received_of<wire::Policy>().back().wait_for_claims);
  EXPECT_EQ(agent.received_of<wire::Policy>().back().maximum_claims, 7u);
  EXPECT_EQ(agent.received_of<wire::PostTemplate>().back().samples[1].pod_json, "{\"a\":2}");
  EXPECT_EQ(agent.received_of<wire::PostTemplate>().back().samples[1].extra_json.at(0), "{}");
  EXPECT_EQ(agent.received_of<wire::PostRendered>().back().sample.executor_id, 1u);
  EXPECT_EQ(agent.received_of<wire::Drain>().size(), 1u);
}

TEST_F(AbiTest, a_wait_without_timeout_ends_with_the_agents_death) {
  auto agent = std::make_unique<StandInAgent>(run.path());
  open();
  until_state(OUTRIGGER_SESSION_ATTACHED);
  std::jthread killer([&] { agent->die(); });
  until_state(OUTRIGGER_SESSION_NO_AGENT);
}

TEST_F(AbiTest, C18_C21_over_agent_restarts_all_is_posted_again_and_no_id_twice) {
  open();
  outrigger_post_target(session, 0, 3, nullptr);
  std::set<std::uint64_t> granted;
  for (std::uint64_t round = 1; round <= 4; ++round) {
    StandInAgent agent(run.path());
    until([&] {
      return state().session == std::uint32_t{OUTRIGGER_SESSION_ATTACHED} && state().generations == round;
    });
    EXPECT_EQ(agent.received_of<wire::SetTarget>(), (std::vector<wire::SetTarget>{{0, 3}}));
    agent.want_ids(60);
    until([&] { return agent.received_of<wire::GrantIds>().size() == 2; });
    for (const auto& block : agent.received_of<wire::GrantIds>())
      for (std::uint32_t i = 0; i < block.count; ++i) EXPECT_TRUE(granted.insert(block.first + i).second);
  }
  EXPECT_EQ(granted.size(), 4u * (50 + 60));
}

TEST_F(AbiTest, changes_arrive_whole_and_pods_that_vanished_in_a_restart_are_gone) {
  {
    StandInAgent agent(run.path());
    open();
    agent.publish(1, OUTRIGGER_EXECUTOR_RUNNING, ipc::flag::ready, "hello");
    agent.publish(2, OUTRIGGER_EXECUTOR_RUNNING);
    until([&] { return seen.size() == 2; });
    EXPECT_STREQ(seen[1].name, "app-exec-1");
    EXPECT_STREQ(seen[1].node, "node-1");
    EXPECT_STREQ(seen[1].message, "hello");
    EXPECT_STREQ(seen[1].uid, "00000000-0000-0001-0000-000000000063");
    EXPECT_TRUE(seen[1].flags & OUTRIGGER_CHANGE_READY);
    agent.publish(2, OUTRIGGER_EXECUTOR_FAILED);
  }
  StandInAgent next(run.path());
  next.publish(2, OUTRIGGER_EXECUTOR_FAILED);
  next.synced();
  until([&] { return (seen[1].flags & OUTRIGGER_CHANGE_GONE) != 0; });
  EXPECT_TRUE(seen[1].flags & OUTRIGGER_CHANGE_SYNTHETIC);
  EXPECT_EQ(seen[2].state, OUTRIGGER_EXECUTOR_FAILED) << "the last word of the dead agent";
  EXPECT_FALSE(seen[2].flags & OUTRIGGER_CHANGE_GONE);
}

TEST_F(AbiTest, a_reader_that_was_lapped_ends_with_the_agents_table) {
  StandInAgent agent(run.path(), 16);  // a ring of 64
  open();
  agent.synced();
  agent.publish(1, OUTRIGGER_EXECUTOR_PENDING);
  until([&] { return seen.size() == 1; });
  for (int round = 0; round < 50; ++round)
    for (std::uint64_t id = 1; id <= 10; ++id) agent.publish(id, OUTRIGGER_EXECUTOR_RUNNING);
  agent.publish(10, OUTRIGGER_EXECUTOR_TERMINATING);
  until([&] { return seen.size() == 10 && seen[10].state == OUTRIGGER_EXECUTOR_TERMINATING; });
  for (std::uint64_t id = 1; id <= 9; ++id) EXPECT_EQ(seen[id].state, OUTRIGGER_EXECUTOR_RUNNING) << id;
  EXPECT_EQ(state().lapped, 1u);
}

TEST_F(AbiTest, S18_nothing_is_acknowledged_before_the_caller_says_so) {
  StandInAgent agent(run.path());
  open();
  agent.publish(1, OUTRIGGER_EXECUTOR_FAILED, ipc::flag::gone);
  until([&] { return seen.size() == 1; });
  until_state(OUTRIGGER_SESSION_ATTACHED);
  EXPECT_TRUE(agent.received_of<wire::Ack>().empty());
  EXPECT_EQ(outrigger_post_ack(session, last), OUTRIGGER_OK);
  std::uint64_t command = 0;  // behind the ack in the queue
  EXPECT_EQ(outrigger_post_target(session, 0, 1, &command), OUTRIGGER_OK);
  until([&] { return !agent.received_of<wire::Ack>().empty(); });
  EXPECT_EQ(agent.received_of<wire::Ack>().size(), 1u);
}

TEST_F(AbiTest, S17_the_snapshot_holds_every_record_and_says_how_many_there_are) {
  StandInAgent agent(run.path());
  open();
  for (std::uint64_t id = 1; id <= 5; ++id) agent.publish(id, OUTRIGGER_EXECUTOR_RUNNING);
  agent.synced();
  outrigger_change records[5];
  std::size_t count = 0;
  until([&] {
    return outrigger_read_snapshot(session, 60'000, records, 2, &count) == OUTRIGGER_ERROR_CAPACITY;
  });
  EXPECT_EQ(count, 5u);
  EXPECT_EQ(outrigger_read_snapshot(session, 60'000, records, 5, &count), OUTRIGGER_OK) << error();
  for (std::uint64_t id = 1; id <= 5; ++id) EXPECT_EQ(records[id - 1].executor_id, id);
}

TEST_F(AbiTest, a_second_reader_is_told_that_one_is_there) {
  StandInAgent agent(run.path());
  open();
  until_state(OUTRIGGER_SESSION_ATTACHED);
  while (outrigger_wait(session, 0) == OUTRIGGER_OK) read();
  std::jthread reader([&] { EXPECT_EQ(outrigger_wait(session, -1), OUTRIGGER_OK); });
  std::size_t count = 0;
  while (outrigger_poll_results(session, nullptr, 0, &count) != OUTRIGGER_ERROR_BUSY)
    std::this_thread::yield();
  EXPECT_EQ(outrigger_post_target(session, 0, 1, &last), OUTRIGGER_OK)
      << "posts go on, and their result wakes it";
}

TEST_F(AbiTest, two_drivers_on_one_agent_the_second_is_refused_with_a_reason) {
  StandInAgent agent(run.path());
  open();
  until_state(OUTRIGGER_SESSION_ATTACHED);
  const auto wanted = options();
  outrigger_session* second = nullptr;
  ASSERT_EQ(outrigger_open(&wanted, &second, nullptr, 0), OUTRIGGER_OK);
  outrigger_state state{};
  state.struct_size = sizeof state;
  while (state.session != OUTRIGGER_SESSION_REFUSED) {
    outrigger_wait(second, 10);
    ASSERT_EQ(outrigger_read_state(second, &state), OUTRIGGER_OK);
  }
  EXPECT_EQ(state.attach_reason, std::uint32_t{OUTRIGGER_ATTACH_REFUSED});
  EXPECT_STRNE(state.text, "");
  outrigger_close(second);
}

TEST_F(AbiTest, C23_garbage_in_state_is_refused_with_its_stage_and_crashes_nothing) {
  const auto write = [&](const std::string& bytes) {
    std::ofstream(run.path() + "/state", std::ios::binary | std::ios::trunc) << bytes;
  };
  write("short");
  open();
  EXPECT_EQ(state().attach_reason, std::uint32_t{OUTRIGGER_ATTACH_TOO_SHORT});
  EXPECT_EQ(state().session, std::uint32_t{OUTRIGGER_SESSION_REFUSED});
  outrigger_close(std::exchange(session, nullptr));
  std::mt19937_64 random(1);
  std::string noise(1 << 20, '\0');
  for (auto& byte : noise) byte = static_cast<char>(random());
  write(noise);
  open();
  EXPECT_EQ(state().attach_reason, std::uint32_t{OUTRIGGER_ATTACH_WRONG_MAGIC});
  EXPECT_STRNE(state().text, "");
}

TEST_F(AbiTest, a_state_whose_records_are_noise_is_read_without_harm) {
  std::string bytes;
  {
    StandInAgent agent(run.path());
    agent.publish(1, OUTRIGGER_EXECUTOR_RUNNING);
    std::ifstream in(run.path() + "/state", std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  std::mt19937_64 random(7);
  for (int round = 0; round < 20; ++round) {
    std::string noisy = bytes;
    for (std::size_t i = 4096; i < noisy.size(); ++i)
      if (random() % 3 == 0) noisy[i] = static_cast<char>(random());
    const std::uint64_t applied = random();
    std::memcpy(noisy.data() + 256, &applied, sizeof applied);
    const std::uint32_t alive = 1;  // a thread id: the agent seems to live
    std::memcpy(noisy.data() + 640, &alive, sizeof alive);
    std::filesystem::remove(run.path() + "/state");
    std::ofstream(run.path() + "/state", std::ios::binary) << noisy;
    open();
    outrigger_change changes[64];
    outrigger_profile_status profiles[64];
    std::size_t count = 0;
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(outrigger_read_changes(session, changes, 64, &count), OUTRIGGER_OK);
      EXPECT_LE(count, 64u);
      outrigger_read_profiles(session, profiles, 64, &count);
      EXPECT_NE(outrigger_read_snapshot(session, UINT64_MAX, changes, 64, &count), OUTRIGGER_OK);
      outrigger_wait(session, 0);
    }
    outrigger_close(std::exchange(session, nullptr));
  }
}

TEST_F(AbiTest, wrong_options_are_refused_with_a_line_that_names_them) {
  const auto refused = [&](const outrigger_options& wanted) {
    char text[256];
    outrigger_session* none = reinterpret_cast<outrigger_session*>(1);
    EXPECT_EQ(outrigger_open(&wanted, &none, text, sizeof text), OUTRIGGER_ERROR_ARGUMENT);
    EXPECT_EQ(none, nullptr);
    return std::string(text).substr(0, std::string(text).find(':'));
  };
  auto wrong = options();
  wrong.struct_size = 4;
  EXPECT_EQ(refused(wrong), "options");
  wrong = options();
  wrong.run_directory = "";
  EXPECT_EQ(refused(wrong), "run_directory");
  wrong = options();
  wrong.application_id = nullptr;
  EXPECT_EQ(refused(wrong), "application_id");
  wrong.application_id = "has space";
  EXPECT_EQ(refused(wrong), "application_id");
  wrong = options();
  wrong.nonce = "UPPERCASE";
  EXPECT_EQ(refused(wrong), "nonce");
  wrong = options();
  wrong.id_block_size = 70'000;
  EXPECT_EQ(refused(wrong), "id_block_size");
  wrong = options();
  wrong.first_executor_id = UINT64_MAX;
  EXPECT_EQ(refused(wrong), "first_executor_id");
  const std::string endless(100'000, 'x');
  wrong = options();
  wrong.client_version = endless.c_str();
  EXPECT_EQ(refused(wrong), "client_version");
  EXPECT_EQ(outrigger_open(nullptr, nullptr, nullptr, 0), OUTRIGGER_ERROR_ARGUMENT);
}

TEST_F(AbiTest, null_and_wrong_arguments_are_errors_by_code_and_text) {
  open();
  const auto argument = [&](outrigger_code code) {
    EXPECT_EQ(code, OUTRIGGER_ERROR_ARGUMENT);
    EXPECT_EQ(outrigger_last_error(session, nullptr, 0), OUTRIGGER_ERROR_ARGUMENT);
    EXPECT_FALSE(error().empty());
  };
  std::size_t count = 0;
  std::uint64_t command = 7;
  outrigger_change change;
  argument(outrigger_post_policy(session, nullptr, &command));
  EXPECT_EQ(command, 0u);
  argument(outrigger_post_template(session, nullptr, nullptr));
  argument(outrigger_post_rendered(session, 0, nullptr, nullptr));
  argument(outrigger_post_known(session, nullptr, 1, nullptr, 0, nullptr));
  argument(outrigger_post_known_full(session, nullptr, 1, nullptr));
  argument(outrigger_post_confirm_delete(session, nullptr, 1, nullptr));
  argument(outrigger_post_delete(session, nullptr, 1, nullptr));
  argument(outrigger_read_changes(session, nullptr, 1, &count));
  argument(outrigger_read_changes(session, &change, 1, nullptr));
  argument(outrigger_read_snapshot(session, 0, nullptr, 1, &count));
  argument(outrigger_poll_results(session, nullptr, 1, &count));
  argument(outrigger_read_profiles(session, nullptr, 1, &count));
  argument(outrigger_read_control(session, nullptr));
  argument(outrigger_read_state(session, nullptr));
  argument(outrigger_read_nonce(session, nullptr, 0));
  const outrigger_sample samples[] = {{1, {"{}", 2}, nullptr, 0}, {22, {"{}", 2}, nullptr, 0}};
  const outrigger_template pods{sizeof(outrigger_template), 0, 1, 1, samples, 2};
  argument(outrigger_post_template(session, &pods, nullptr));
  EXPECT_EQ(error(), "samples: executor id 22 does not have 1 digits");
  const std::uint64_t id = 1;
  EXPECT_EQ(outrigger_post_delete(session, &id, SIZE_MAX, nullptr), OUTRIGGER_ERROR_LIMIT) << "not read";
  outrigger_sample huge{1, {"{}", SIZE_MAX}, nullptr, 0};
  EXPECT_EQ(outrigger_post_rendered(session, 0, &huge, nullptr), OUTRIGGER_ERROR_LIMIT) << "not read";
}

TEST(Abi, every_function_survives_a_null_session) {
  std::size_t count = 0;
  std::uint64_t command = 0;
  EXPECT_EQ(outrigger_post_policy(nullptr, nullptr, &command), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_post_template(nullptr, nullptr, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_post_rendered(nullptr, 0, nullptr, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_post_target(nullptr, 0, 0, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_post_known(nullptr, nullptr, 0, nullptr, 0, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_post_known_full(nullptr, nullptr, 0, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_post_confirm_delete(nullptr, nullptr, 0, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_post_delete(nullptr, nullptr, 0, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_post_ack(nullptr, 0), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_post_grant_ids(nullptr, 0, nullptr, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_post_drain(nullptr, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_post_detach(nullptr, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_poll_results(nullptr, nullptr, 0, &count), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_read_changes(nullptr, nullptr, 0, &count), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_read_snapshot(nullptr, 0, nullptr, 0, &count), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_wait(nullptr, -1), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_read_state(nullptr, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_read_profiles(nullptr, nullptr, 0, &count), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_read_control(nullptr, nullptr), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_read_nonce(nullptr, nullptr, 0), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_last_error(nullptr, nullptr, 0), OUTRIGGER_ERROR_ARGUMENT);
  EXPECT_EQ(outrigger_policy_defaults(nullptr), OUTRIGGER_ERROR_ARGUMENT);
  outrigger_close(nullptr);
}

TEST(Abi, names_are_known_for_every_number_and_unknown_past_the_last) {
  const auto check = [](const char* (*name)(std::uint32_t), std::uint32_t last) {
    for (std::uint32_t n = 1; n <= last; ++n) EXPECT_STRNE(name(n), "") << n;
    EXPECT_STREQ(name(last + 1), "unknown");
  };
  check(outrigger_code_name, OUTRIGGER_ERROR_INTERNAL);
  check(outrigger_session_state_name, OUTRIGGER_SESSION_DETACHED);
  check(outrigger_attach_reason_name, OUTRIGGER_ATTACH_SYSTEM);
  check(outrigger_executor_state_name, OUTRIGGER_EXECUTOR_WANTED);
  check(outrigger_phase_name, OUTRIGGER_PHASE_FAILED);
  check(outrigger_container_state_name, OUTRIGGER_CONTAINER_TERMINATED);
  check(outrigger_exit_class_name, OUTRIGGER_EXIT_STARTUP_ENV);
  check(outrigger_error_class_name, OUTRIGGER_API_POLICY);
  check(outrigger_verdict_name, OUTRIGGER_VERDICT_LIMIT);
  check(outrigger_wait_reason_name, OUTRIGGER_WAIT_CLAIMS);
  check(outrigger_agent_session_name, OUTRIGGER_AGENT_ORPHANED);
  EXPECT_STREQ(outrigger_verdict_name(OUTRIGGER_VERDICT_SUPERSEDED), "superseded");
}

}  // namespace
}  // namespace outrigger::shim
