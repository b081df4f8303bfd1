#include "agent/core/records.h"

#include <gtest/gtest.h>

#include "agent/core/limits.h"
#include "tests/unit/core/values.h"

namespace outrigger::core {
namespace {

using test::at;
using test::ended;
using test::moment;
using test::nonce;
using test::pod;
using test::running;
using test::uid;
using test::World;

TEST(Records, a_row_becomes_a_record_and_only_a_pending_one_can_be_proposed) {
  World world;
  world.see(pod(1, 50));
  const PodRow* row = world.books.pods.find(uid(1));
  EXPECT_EQ(record_of(*row, true).state, ExecutorState::pending);
  EXPECT_TRUE(record_of(*row, true).delete_proposed);
  world.see(running(pod(1), 51));
  EXPECT_FALSE(record_of(*world.books.pods.find(uid(1)), true).delete_proposed);
}

TEST(Records, S18_a_tombstone_keeps_exit_code_class_and_reason) {
  World world;
  Pod p = ended(pod(1), 137, 51);
  p.executor.reason = "OOMKilled";
  world.see(p);
  p.resource_version = 52;
  const Observation seen = world.lose(p);
  ASSERT_EQ(seen.deltas.size(), 1u);
  const ExecutorRecord record = record_of_gone(*seen.deltas[0].row);
  EXPECT_TRUE(record.gone);
  EXPECT_EQ(record.state, ExecutorState::failed);
  EXPECT_EQ(record.exit.exit_class, ExitClass::oom_container);
  EXPECT_EQ(record.exit.exit_code, 137);
  EXPECT_EQ(record.pod.executor.reason, "OOMKilled");
}

TEST(Records, S13_a_failed_create_carries_class_and_message) {
  ApiError error;
  error.error_class = ApiErrorClass::quota;
  error.message = "exceeded quota: pods";
  const ExecutorRecord record = record_of_failed_create(ExecutorId{7}, ProfileId{1}, "app-exec-7", error);
  EXPECT_EQ(record.state, ExecutorState::create_failed);
  EXPECT_EQ(record.create_error, ApiErrorClass::quota);
  EXPECT_EQ(record.pod.message, "exceeded quota: pods");
  EXPECT_TRUE(is_final(record.state));
}

TEST(Records, S7_an_expectation_is_creating_or_wanted_and_one_that_vanished_is_deleted) {
  Expectation e{.id = ExecutorId{3}, .profile = ProfileId{1}, .pod_name = "app-exec-3"};
  EXPECT_EQ(record_of(e, nonce).state, ExecutorState::creating);
  EXPECT_EQ(record_of(e, nonce).pod.nonce, nonce);
  e.stage = ExpectationStage::wanted;
  EXPECT_EQ(record_of(e, nonce).state, ExecutorState::wanted);
  e.stage = ExpectationStage::answered;
  e.uid = uid(3);
  const ExecutorRecord gone = record_of_vanished(e, false);
  EXPECT_EQ(gone.state, ExecutorState::deleted);
  EXPECT_EQ(gone.exit.exit_class, ExitClass::deleted_external);
  EXPECT_EQ(record_of_vanished(e, true).exit.exit_class, ExitClass::requested);
}

TEST(Records, a_profile_says_its_counts_and_why_it_waits) {
  World world;
  world.target(3);
  Moment m = moment();
  m.create_slots = 2;
  const Actions actions = world.step(m);
  world.land(actions);
  world.see(running(pod(1), ++world.version));
  ApiError error;
  error.error_class = ApiErrorClass::quota;
  error.message = "exceeded quota";
  world.books.backoff.failed(ProfileId{0}, error, at(0), at(0), 0);
  const Actions held = world.step(moment(1));
  const ProfileStatus status = status_of(world.books, ProfileId{0}, held, nonce);
  EXPECT_EQ(status.target, 3u);
  EXPECT_EQ(status.running, 1u);
  EXPECT_EQ(status.pending, 1u);
  EXPECT_EQ(status.wait, WaitReason::backoff);
  EXPECT_EQ(status.retry_at_monotonic_ns, 1'000'000'000);
  EXPECT_EQ(status.last_error, ApiErrorClass::quota);
  EXPECT_EQ(status.create_failed_total, 1u);
  EXPECT_EQ(status.template_digits, 0b1111110);
}

TEST(Records, control_says_session_sync_and_version) {
  World world;
  const ControlStatus status =
      status_of(world.books, {.session = SessionState::ready, .stale = true, .ids_wanted = 1ull << 40});
  EXPECT_TRUE(status.synced);
  EXPECT_TRUE(status.stale);
  EXPECT_EQ(status.resource_version, 100u);
  EXPECT_EQ(status.ids_wanted, limits::id_block_size) << "never more than one block may hold";
}

TEST(Records, messages_are_cut_between_characters) {
  EXPECT_EQ(truncate_message(std::string(limits::message_bytes, 'x')).size(), limits::message_bytes);
  const std::string cut = truncate_message(std::string(limits::message_bytes + 1, 'x'));
  EXPECT_EQ(cut.size(), limits::message_bytes);
  EXPECT_TRUE(cut.ends_with("..."));
  EXPECT_EQ(truncate_message("aaa\xC3\xA4\xC3\xA4zz", 7), "aaa...") << "not inside a character";
  EXPECT_EQ(truncate_message("abc", 2), "..");
}

TEST(TemplateShelf, S4_a_newer_revision_replaces_older_ones_and_an_older_one_is_refused) {
  TemplateShelf shelf;
  shelf.want(ProfileId{0}, 2);
  EXPECT_EQ(shelf.wanted(ProfileId{0}), 1u << 2);
  EXPECT_TRUE(shelf.put(ProfileId{0}, 1, test::small_template(1)).ok());
  EXPECT_TRUE(shelf.put(ProfileId{0}, 1, test::small_template(2)).ok());
  EXPECT_EQ(shelf.wanted(ProfileId{0}), 0u);
  EXPECT_EQ(shelf.available(ProfileId{0}), (1u << 1) | (1u << 2));
  EXPECT_TRUE(shelf.put(ProfileId{0}, 2, test::small_template(1)).ok());
  EXPECT_EQ(shelf.find(ProfileId{0}, 2), nullptr);
  EXPECT_EQ(shelf.put(ProfileId{0}, 1, test::small_template(2)).verdict, Verdict::refused_template);
}

TEST(TemplateShelf, profiles_and_rendered_pods_are_bounded) {
  TemplateShelf shelf;
  for (std::uint32_t p = 0; p < limits::profiles; ++p)
    ASSERT_TRUE(shelf.put(ProfileId{p}, 1, test::small_template(1)).ok());
  EXPECT_EQ(shelf.put(ProfileId{limits::profiles}, 1, test::small_template(1)).verdict,
            Verdict::refused_limit);
  for (std::uint64_t id = 1; id <= limits::rendered_waiting; ++id)
    ASSERT_TRUE(shelf.put_rendered(ProfileId{0}, ExecutorId{id}, {}).ok());
  EXPECT_EQ(shelf.put_rendered(ProfileId{0}, ExecutorId{9'999}, {}).verdict, Verdict::refused_limit);
}

}  // namespace
}  // namespace outrigger::core
