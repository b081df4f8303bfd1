/* The public header as a C11 program sees it: every function is used, sizes and offsets are what they were. A number
 * that changes here is a new major version of the ABI. */
#include <outrigger/shim.h>
#include <stdio.h>
#include <string.h>

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " changed its size")
#define AT(type, field, bytes) _Static_assert(offsetof(type, field) == (bytes), #type "." #field " moved")

SIZE(outrigger_options, 56);
AT(outrigger_options, id_block_size, 4);
AT(outrigger_options, run_directory, 8);
AT(outrigger_options, application_id, 16);
AT(outrigger_options, client_version, 24);
AT(outrigger_options, nonce, 32);
AT(outrigger_options, first_executor_id, 40);
AT(outrigger_options, manual_ids, 48);
SIZE(outrigger_policy, 64);
AT(outrigger_policy, max_pending_pods, 4);
AT(outrigger_policy, max_pending_pods_per_profile, 8);
AT(outrigger_policy, batch_size, 12);
AT(outrigger_policy, maximum_id, 16);
AT(outrigger_policy, creation_timeout_ms, 24);
AT(outrigger_policy, idle_timeout_ms, 32);
AT(outrigger_policy, batch_delay_ms, 40);
AT(outrigger_policy, driver_grace_ms, 48);
AT(outrigger_policy, termination_grace_s, 56);
AT(outrigger_policy, delete_on_termination, 60);
AT(outrigger_policy, claims, 61);
AT(outrigger_policy, maximum_claims, 62);
SIZE(outrigger_json, 16);
AT(outrigger_json, bytes, 8);
SIZE(outrigger_sample, 40);
AT(outrigger_sample, pod, 8);
AT(outrigger_sample, extras, 24);
AT(outrigger_sample, extra_count, 32);
SIZE(outrigger_template, 32);
AT(outrigger_template, profile, 4);
AT(outrigger_template, revision, 8);
AT(outrigger_template, id_digits, 12);
AT(outrigger_template, samples, 16);
AT(outrigger_template, sample_count, 24);
SIZE(outrigger_result, 272);
AT(outrigger_result, verdict, 8);
AT(outrigger_result, resent, 12);
AT(outrigger_result, detail, 16);
SIZE(outrigger_change, 1024);
AT(outrigger_change, executor_id, 8);
AT(outrigger_change, profile, 16);
AT(outrigger_change, flags, 20);
AT(outrigger_change, state, 24);
AT(outrigger_change, phase, 25);
AT(outrigger_change, exit_class, 26);
AT(outrigger_change, create_error, 27);
AT(outrigger_change, exit_code, 28);
AT(outrigger_change, resource_version, 32);
AT(outrigger_change, owner_command, 40);
AT(outrigger_change, created_at_ms, 48);
AT(outrigger_change, scheduled_at_ms, 56);
AT(outrigger_change, started_at_ms, 64);
AT(outrigger_change, finished_at_ms, 72);
AT(outrigger_change, deletion_at_ms, 80);
AT(outrigger_change, uid, 88);
AT(outrigger_change, ip, 128);
AT(outrigger_change, name, 176);
AT(outrigger_change, node, 432);
AT(outrigger_change, message, 688);
AT(outrigger_change, reason, 944);
AT(outrigger_change, container_state, 1008);
SIZE(outrigger_state, 328);
AT(outrigger_state, session, 4);
AT(outrigger_state, attach_reason, 8);
AT(outrigger_state, synced, 12);
AT(outrigger_state, age_ms, 16);
AT(outrigger_state, heartbeat_age_ms, 24);
AT(outrigger_state, generation, 32);
AT(outrigger_state, generations, 40);
AT(outrigger_state, read, 48);
AT(outrigger_state, more, 56);
AT(outrigger_state, unsent, 60);
AT(outrigger_state, lapped, 64);
AT(outrigger_state, results_dropped, 68);
AT(outrigger_state, text, 72);
SIZE(outrigger_profile_status, 320);
AT(outrigger_profile_status, target, 4);
AT(outrigger_profile_status, creating, 8);
AT(outrigger_profile_status, pending, 12);
AT(outrigger_profile_status, running, 16);
AT(outrigger_profile_status, terminating, 20);
AT(outrigger_profile_status, template_revision, 24);
AT(outrigger_profile_status, template_digits, 28);
AT(outrigger_profile_status, template_wanted, 30);
AT(outrigger_profile_status, wait, 32);
AT(outrigger_profile_status, last_error, 36);
AT(outrigger_profile_status, retry_in_ms, 40);
AT(outrigger_profile_status, created_total, 48);
AT(outrigger_profile_status, create_failed_total, 56);
AT(outrigger_profile_status, last_error_text, 64);
SIZE(outrigger_control_status, 296);
AT(outrigger_control_status, agent_session, 4);
AT(outrigger_control_status, synced, 8);
AT(outrigger_control_status, stale, 12);
AT(outrigger_control_status, resource_version, 16);
AT(outrigger_control_status, ids_wanted, 24);
AT(outrigger_control_status, drain_left, 28);
AT(outrigger_control_status, last_error, 32);
AT(outrigger_control_status, last_error_text, 40);

static int failures = 0;

static void expect(int holds, const char* what) {
  if (holds) return;
  ++failures;
  fprintf(stderr, "failed: %s\n", what);
}
#define EXPECT(condition) expect((condition) != 0, #condition)

static void posts(outrigger_session* session) {
  const uint64_t ids[] = {1, 2};
  const outrigger_sample samples[] = {{1, {"{}", 2}, NULL, 0}, {2, {"{}", 2}, NULL, 0}};
  const outrigger_template pods = {sizeof(outrigger_template), 0, 1, 1, samples, 2};
  outrigger_policy policy;
  uint64_t command = 0, first = 0;
  EXPECT(outrigger_policy_defaults(&policy) == OUTRIGGER_OK);
  EXPECT(outrigger_post_policy(session, &policy, &command) == OUTRIGGER_OK && command != 0);
  EXPECT(outrigger_post_template(session, &pods, &command) == OUTRIGGER_OK);
  EXPECT(outrigger_post_rendered(session, 0, &samples[0], &command) == OUTRIGGER_OK);
  EXPECT(outrigger_post_target(session, 0, 1, &command) == OUTRIGGER_OK);
  EXPECT(outrigger_post_known(session, ids, 2, NULL, 0, &command) == OUTRIGGER_OK);
  EXPECT(outrigger_post_known_full(session, ids, 2, &command) == OUTRIGGER_OK);
  EXPECT(outrigger_post_confirm_delete(session, ids, 2, &command) == OUTRIGGER_OK);
  EXPECT(outrigger_post_delete(session, ids, 2, &command) == OUTRIGGER_OK);
  EXPECT(outrigger_post_ack(session, 1) == OUTRIGGER_OK);
  EXPECT(outrigger_post_grant_ids(session, 10, &first, &command) == OUTRIGGER_OK && first == 1);
  EXPECT(outrigger_post_drain(session, &command) == OUTRIGGER_OK);
  EXPECT(outrigger_post_target(session, 0, 1, &command) == OUTRIGGER_ERROR_DETACHED);
  EXPECT(outrigger_post_detach(session, &command) == OUTRIGGER_OK);
}

static void reads(outrigger_session* session) {
  outrigger_result results[4];
  outrigger_change changes[4];
  outrigger_profile_status profiles[4];
  outrigger_control_status control = {0};
  outrigger_state state = {0};
  char text[OUTRIGGER_MESSAGE_BYTES];
  size_t count = 9;
  control.struct_size = sizeof control;
  state.struct_size = sizeof state;
  EXPECT(outrigger_poll_results(session, results, 4, &count) == OUTRIGGER_OK);
  EXPECT(outrigger_read_changes(session, changes, 4, &count) == OUTRIGGER_OK && count == 0);
  EXPECT(outrigger_read_snapshot(session, 1000, changes, 4, &count) == OUTRIGGER_ERROR_NOT_FRESH);
  EXPECT(outrigger_last_error(session, text, sizeof text) == OUTRIGGER_ERROR_NOT_FRESH && text[0] != '\0');
  while (outrigger_wait(session, 0) == OUTRIGGER_OK) {
    EXPECT(outrigger_poll_results(session, results, 4, &count) == OUTRIGGER_OK);
  }
  EXPECT(outrigger_wait(session, 1) == OUTRIGGER_TIMEOUT);
  EXPECT(outrigger_read_state(session, &state) == OUTRIGGER_OK);
  EXPECT(outrigger_read_profiles(session, profiles, 4, &count) == OUTRIGGER_OK && count == 0);
  EXPECT(outrigger_read_control(session, &control) == OUTRIGGER_OK);
  EXPECT(outrigger_read_nonce(session, text, sizeof text) == OUTRIGGER_OK && strlen(text) >= 8);
}

static void names(void) {
  EXPECT(strcmp(outrigger_code_name(OUTRIGGER_OK), "ok") == 0);
  EXPECT(strcmp(outrigger_session_state_name(OUTRIGGER_SESSION_ATTACHED), "attached") == 0);
  EXPECT(strcmp(outrigger_attach_reason_name(OUTRIGGER_ATTACH_NO_FILE), "no_file") == 0);
  EXPECT(strcmp(outrigger_executor_state_name(OUTRIGGER_EXECUTOR_RUNNING), "running") == 0);
  EXPECT(strcmp(outrigger_phase_name(OUTRIGGER_PHASE_PENDING), "pending") == 0);
  EXPECT(strcmp(outrigger_container_state_name(OUTRIGGER_CONTAINER_WAITING), "waiting") == 0);
  EXPECT(strcmp(outrigger_exit_class_name(OUTRIGGER_EXIT_JVM_OOM), "jvm_oom") == 0);
  EXPECT(strcmp(outrigger_error_class_name(OUTRIGGER_API_QUOTA), "quota") == 0);
  EXPECT(strcmp(outrigger_verdict_name(OUTRIGGER_VERDICT_ACCEPTED), "accepted") == 0);
  EXPECT(strcmp(outrigger_wait_reason_name(OUTRIGGER_WAIT_BACKOFF), "backoff") == 0);
  EXPECT(strcmp(outrigger_agent_session_name(OUTRIGGER_AGENT_READY), "ready") == 0);
  EXPECT(strcmp(outrigger_code_name(9999), "unknown") == 0);
  EXPECT(outrigger_abi_version() == ((uint32_t)OUTRIGGER_ABI_MAJOR << 16 | OUTRIGGER_ABI_MINOR));
}

int main(void) {
  outrigger_options options = {0};
  outrigger_session* session = NULL;
  char text[OUTRIGGER_MESSAGE_BYTES];
  options.struct_size = sizeof options;
  options.run_directory = "/nonexistent";
  options.application_id = "app";
  options.manual_ids = 1;
  if (outrigger_open(&options, &session, text, sizeof text) != OUTRIGGER_OK) {
    fprintf(stderr, "open: %s\n", text);
    return 1;
  }
  posts(session);
  reads(session);
  names();
  outrigger_close(session);
  if (failures == 0) printf("every function of the C ABI was called from C11\n");
  return failures == 0 ? 0 : 1;
}
