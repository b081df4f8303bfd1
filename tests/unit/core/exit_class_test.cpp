#include <gtest/gtest.h>

#include "agent/core/executor_state.h"
#include "agent/core/names.h"
#include "tests/unit/core/values.h"

namespace outrigger::core {
namespace {

using test::deleting;
using test::ended;
using test::pod;
using test::running;

void expect(const ExitVerdict& got, ExitClass exit_class, bool by_app) {
  EXPECT_EQ(to_string(got.exit_class), to_string(exit_class));
  EXPECT_EQ(got.caused_by_app, by_app);
}
Pod with_disruption(Pod p, const char* reason) {
  p.disruption_reason = reason;
  return p;
}
Pod with_reason(Pod p, const char* reason, const char* message = "") {
  p.phase = PodPhase::failed;
  p.reason = reason;
  p.message = message;
  return p;
}

TEST(ExitClass, the_container_s_own_codes_are_the_application_s) {
  Pod oom = ended(pod(1), 137, 2);
  oom.executor.reason = "OOMKilled";
  expect(classify_exit(oom, false, false), ExitClass::oom_container, true);
  expect(classify_exit(ended(pod(1), 52, 2), false, false), ExitClass::jvm_oom, true);
  expect(classify_exit(ended(pod(1), 50, 2), false, false), ExitClass::uncaught, true);
  expect(classify_exit(ended(pod(1), 10, 2), false, false), ExitClass::uncaught, true);
  expect(classify_exit(ended(pod(1), 53, 2), false, false), ExitClass::disk, true);
  expect(classify_exit(ended(pod(1), 1, 2), false, false), ExitClass::app_error, true);
  EXPECT_EQ(classify_exit(ended(pod(1), 53, 2), false, false).exit_code, 53);
}

TEST(ExitClass, a_kill_without_any_evidence_stays_the_application_s) {
  expect(classify_exit(ended(pod(1), 137, 2), false, false), ExitClass::sigkill_unknown, true);
  expect(classify_exit(ended(pod(1), 143, 2), false, false), ExitClass::app_error, true);
}

TEST(ExitClass, out_of_memory_wins_over_a_deletion_at_the_same_time) {
  Pod p = deleting(ended(pod(1), 137, 2), 3);
  p.executor.reason = "OOMKilled";
  expect(classify_exit(with_disruption(p, "PreemptionByScheduler"), false, true), ExitClass::oom_container,
         true);
}

TEST(ExitClass, every_disruption_reason_has_its_class) {
  const Pod p = deleting(ended(pod(1), 143, 2), 3);
  expect(classify_exit(with_disruption(p, "PreemptionByScheduler"), false, false), ExitClass::preempted,
         false);
  expect(classify_exit(with_disruption(p, "EvictionByEvictionAPI"), false, false), ExitClass::evicted_api,
         false);
  expect(classify_exit(with_disruption(p, "TerminationByKubelet"), false, false), ExitClass::node_pressure,
         false);
  expect(classify_exit(with_disruption(p, "DeletionByTaintManager"), false, false), ExitClass::node_lost,
         false);
  expect(classify_exit(with_disruption(p, "DeletionByPodGC"), false, false), ExitClass::node_lost, false);
}

TEST(ExitClass, conditions_come_before_our_own_ledger) {
  const Pod p = with_disruption(deleting(ended(pod(1), 143, 2), 3), "PreemptionByScheduler");
  expect(classify_exit(p, true, true), ExitClass::preempted, false);
}

TEST(ExitClass, pod_reasons_have_their_class) {
  expect(classify_exit(with_reason(pod(1), "Preempting"), false, false), ExitClass::preempted, false);
  expect(classify_exit(with_reason(pod(1), "NodeShutdown"), false, false), ExitClass::node_shutdown, false);
  expect(classify_exit(with_reason(pod(1), "Terminated"), false, false), ExitClass::node_shutdown, false);
  expect(classify_exit(with_reason(pod(1), "NodeLost"), false, false), ExitClass::node_lost, false);
  expect(classify_exit(with_reason(pod(1), "Evicted", "The node was low on resource: memory."), false, false),
         ExitClass::node_pressure, false);
  Pod shutdown = with_reason(with_disruption(pod(1), "TerminationByKubelet"), "Terminated");
  expect(classify_exit(shutdown, false, false), ExitClass::node_shutdown, false);
}

TEST(ExitClass, an_eviction_for_the_pod_s_own_limit_is_the_application_s) {
  for (const char* message : {"Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ",
                              "Container executor exceeded its local ephemeral storage limit \"1Gi\". ",
                              "Usage of EmptyDir volume \"spark-local-dir-1\" exceeds the limit \"1Gi\". "})
    expect(classify_exit(with_disruption(with_reason(ended(pod(1), 137, 2), "Evicted", message),
                                         "TerminationByKubelet"),
                         false, false),
           ExitClass::own_limit, true);
}

TEST(ExitClass, a_pod_gone_without_an_end_is_judged_by_who_deleted_it) {
  expect(classify_exit(running(pod(1), 2), true, true), ExitClass::requested, false);
  expect(classify_exit(running(pod(1), 2), true, false), ExitClass::deleted_external, false);
  expect(classify_exit(pod(1), true, true), ExitClass::requested, false);
  EXPECT_EQ(classify_exit(pod(1), true, false).exit_code, -1);
}

TEST(ExitClass, a_signal_during_a_deletion_is_the_deletion) {
  expect(classify_exit(deleting(ended(running(pod(1), 2), 143, 3), 4), false, true), ExitClass::requested,
         false);
  expect(classify_exit(deleting(ended(running(pod(1), 2), 137, 3), 4), false, false),
         ExitClass::deleted_external, false);
}

TEST(ExitClass, a_code_of_its_own_during_a_deletion_stays_the_application_s) {
  expect(classify_exit(deleting(ended(pod(1), 1, 3), 4), false, true), ExitClass::app_error, true);
}

TEST(ExitClass, a_pod_that_never_started_is_startup_env) {
  Pod p = pod(1);
  p.phase = PodPhase::failed;
  p.other_container_failed = true;
  expect(classify_exit(p, false, false), ExitClass::startup_env, false);
  p.other_container_failed = false;
  p.startup_reason = "CreateContainerConfigError";
  expect(classify_exit(p, false, false), ExitClass::startup_env, false);
}

TEST(ExitClass, a_failed_pod_without_any_word_stays_the_application_s) {
  Pod p = pod(1);
  p.phase = PodPhase::failed;
  expect(classify_exit(p, false, false), ExitClass::app_error, true);
}

TEST(ExitClass, who_has_not_ended_has_no_class) {
  EXPECT_EQ(classify_exit(pod(1), false, false).exit_class, ExitClass::none);
  EXPECT_EQ(classify_exit(deleting(running(pod(1), 2), 3), false, true).exit_class, ExitClass::none);
}

TEST(ExecutorState, S19_row_2_running_deleted_and_terminated_is_final_with_its_code) {
  Pod p = deleting(running(pod(1), 2), 3);
  p.executor.state = ContainerState::terminated;
  p.executor.exit_code = 143;
  p.disruption_reason = "PreemptionByScheduler";
  const ExecutorStatus status = executor_status(p);
  EXPECT_EQ(status.state, ExecutorState::failed);
  expect(status.exit, ExitClass::preempted, false);
  EXPECT_EQ(status.exit.exit_code, 143);
}

TEST(ExecutorState, S19_row_3_running_deleted_and_terminated_with_0_has_succeeded) {
  Pod p = deleting(running(pod(1), 2), 3);
  p.executor.state = ContainerState::terminated;
  EXPECT_EQ(executor_status(p).state, ExecutorState::succeeded);
}

TEST(ExecutorState, S19_row_4_terminated_by_143_without_a_deletion_has_failed_by_the_application) {
  Pod p = running(pod(1), 2);
  p.executor.state = ContainerState::terminated;
  p.executor.exit_code = 143;
  const ExecutorStatus status = executor_status(p);
  EXPECT_EQ(status.state, ExecutorState::failed);
  EXPECT_TRUE(status.exit.caused_by_app);
}

TEST(ExecutorState, S19_row_5_pending_and_deleted_is_terminating_until_it_is_gone) {
  const Pod p = deleting(pod(1), 2);
  EXPECT_EQ(executor_status(p).state, ExecutorState::terminating);
  EXPECT_EQ(executor_status(p, {.gone = true}).state, ExecutorState::deleted);
}

TEST(ExecutorState, an_executor_that_ended_is_final_while_a_sidecar_still_runs) {
  Pod p = running(pod(1), 2);
  p.other_container_running = true;
  p.executor.state = ContainerState::terminated;
  p.executor.exit_code = 52;
  EXPECT_EQ(executor_status(p).state, ExecutorState::failed);
  p.executor.exit_code = 0;
  EXPECT_EQ(executor_status(p).state, ExecutorState::succeeded);
}

TEST(ExecutorState, S10_a_draining_executor_is_alive_a_pending_one_on_its_way_out_is_not) {
  EXPECT_TRUE(counts_as_alive(deleting(running(pod(1), 2), 3), ExecutorState::terminating));
  EXPECT_FALSE(counts_as_alive(deleting(pod(1), 2), ExecutorState::terminating));
  EXPECT_FALSE(counts_as_alive(ended(pod(1), 1, 2), ExecutorState::failed));
}

}  // namespace
}  // namespace outrigger::core
