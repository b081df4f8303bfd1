/* Outrigger, the driver's side: a C ABI over the shared-memory channel to the agent. C11, no dependency.
 *
 * Ownership. A session comes from outrigger_open() and ends with outrigger_close(). Every pointer argument is
 *   read or written during the call only; nothing is kept. Strings are NUL-terminated UTF-8; pods are a
 *   pointer and a length. Text that a function returns as `const char*` is a constant of the library.
 * Threads. Each function says one of: [any] from any thread at any time; [reader] from one thread at a time,
 *   the one that reads (a second one gets OUTRIGGER_ERROR_BUSY); [owner] while no other call is running.
 *   Posts take one internal mutex that is never held while waiting. The library has no threads, installs no
 *   signal handler and changes no process-wide setting: its work is done inside the calls.
 * Errors. Each function returns an outrigger_code; OUTRIGGER_OK is 0. outrigger_last_error() gives the code
 *   and one line of text of the session's latest failure. Nothing throws, aborts or ends the process.
 * Bounds. Only outrigger_wait() sleeps, not past its timeout. Other calls take time proportional to what they
 *   are given or asked to copy. Where no agent is connected, outrigger_open() and the [reader] calls may spend up
 *   to 200 ms on one attempt to connect; posts never do.
 * Desired state. A post is remembered, sent as soon as an agent is there, and sent again by itself to each
 *   new agent between its resync marks (rule C21). So a post succeeds without an agent.
 * Versioning. Set `struct_size` of every struct that has it to sizeof; a library accepts a smaller one of the
 *   same major version and leaves what it does not know of a larger one alone. Enum numbers are append-only;
 *   a reader must expect unknown numbers. Structs without struct_size never change within a major version.
 * Units. _ms milliseconds; *_at_ms wall-clock milliseconds since 1970 as the API server writes them, 0 = not
 *   set; ages are monotonic. Executor ids are 1, 2, 3 ...; 0 = none. Profile 0 is the default profile.
 */
#ifndef OUTRIGGER_SHIM_H
#define OUTRIGGER_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OUTRIGGER_ABI_MAJOR 1
#define OUTRIGGER_ABI_MINOR 0

#if defined(__GNUC__)
#define OUTRIGGER_API __attribute__((visibility("default")))
#else
#define OUTRIGGER_API
#endif

/* Room for text in the structs, the terminating NUL included. Longer text is cut at a character. */
#define OUTRIGGER_UID_BYTES 40
#define OUTRIGGER_IP_BYTES 48
#define OUTRIGGER_NAME_BYTES 256
#define OUTRIGGER_MESSAGE_BYTES 256
#define OUTRIGGER_REASON_BYTES 64
#define OUTRIGGER_DETAIL_BYTES 256
#define OUTRIGGER_NONCE_BYTES 33

typedef struct outrigger_session outrigger_session;

/* ---- codes and enums: numbers are append-only ------------------------------------------------------------
 */

typedef enum outrigger_code {
  OUTRIGGER_OK = 0,
  OUTRIGGER_TIMEOUT = 1,         /* outrigger_wait: nothing happened in time; not a failure */
  OUTRIGGER_ERROR_ARGUMENT = 2,  /* null, wrong size, out of range; the text names it */
  OUTRIGGER_ERROR_LIMIT = 3,     /* over a bound of the channel; the text names the bound */
  OUTRIGGER_ERROR_CAPACITY = 4,  /* the caller's buffer is too small; the needed count was written */
  OUTRIGGER_ERROR_NOT_FRESH = 5, /* outrigger_read_snapshot: not to be trusted now; the text says why */
  OUTRIGGER_ERROR_BUSY = 6,      /* a [reader] call is running in another thread */
  OUTRIGGER_ERROR_DETACHED = 7,  /* a post after outrigger_post_detach(), a target after ..._drain() */
  OUTRIGGER_ERROR_IDS = 8,       /* the executor ids are used up */
  OUTRIGGER_ERROR_MEMORY = 9,
  OUTRIGGER_ERROR_SYSTEM = 10,  /* a system call failed; the text names it */
  OUTRIGGER_ERROR_INTERNAL = 11 /* a bug of this library, reported instead of a crash */
} outrigger_code;

/* Where the session stands. In every state but ATTACHED the last known records stay readable. */
typedef enum outrigger_session_state {
  OUTRIGGER_SESSION_NO_AGENT = 0,  /* never seen an agent, or the last one is dead and no new one is there */
  OUTRIGGER_SESSION_RESYNCING = 1, /* connected; the desired state has not been accepted whole */
  OUTRIGGER_SESSION_ATTACHED = 2,
  OUTRIGGER_SESSION_STALE = 3,   /* connected, but the agent's heartbeat is older than 2 s */
  OUTRIGGER_SESSION_REFUSED = 4, /* the agent or its `state` can't be used; the text says why; tried again */
  OUTRIGGER_SESSION_DETACHED = 5
} outrigger_session_state;

/* Why `state` or the socket could not be used, in the order of the checks (rule C23). */
typedef enum outrigger_attach_reason {
  OUTRIGGER_ATTACH_OK = 0,
  OUTRIGGER_ATTACH_NO_FILE = 1,
  OUTRIGGER_ATTACH_TOO_SHORT = 2,
  OUTRIGGER_ATTACH_WRONG_MAGIC = 3,
  OUTRIGGER_ATTACH_WRONG_MAJOR = 4,
  OUTRIGGER_ATTACH_WRONG_LAYOUT = 5,
  OUTRIGGER_ATTACH_OTHER_BOOT = 6,
  OUTRIGGER_ATTACH_RETIRED = 7,
  OUTRIGGER_ATTACH_STALE = 8,
  OUTRIGGER_ATTACH_NO_SOCKET = 9,
  OUTRIGGER_ATTACH_REFUSED = 10,
  OUTRIGGER_ATTACH_NOT_READY = 11,
  OUTRIGGER_ATTACH_SYSTEM = 12
} outrigger_attach_reason;

typedef enum outrigger_executor_state {
  OUTRIGGER_EXECUTOR_NONE = 0,
  OUTRIGGER_EXECUTOR_CREATING = 1,      /* POST in flight, or answered and not yet seen */
  OUTRIGGER_EXECUTOR_CREATE_FAILED = 2, /* final: error and message say why */
  OUTRIGGER_EXECUTOR_PENDING = 3,
  OUTRIGGER_EXECUTOR_RUNNING = 4,
  OUTRIGGER_EXECUTOR_TERMINATING = 5, /* has a deletionTimestamp and still runs */
  OUTRIGGER_EXECUTOR_SUCCEEDED = 6,   /* final */
  OUTRIGGER_EXECUTOR_FAILED = 7,      /* final: exit_class, exit_code, caused_by_app */
  OUTRIGGER_EXECUTOR_DELETED = 8,     /* final: gone without an exit code of its own */
  OUTRIGGER_EXECUTOR_UNKNOWN = 9,
  OUTRIGGER_EXECUTOR_WANTED = 10 /* the agent asks for this pod: outrigger_post_rendered() */
} outrigger_executor_state;

typedef enum outrigger_phase {
  OUTRIGGER_PHASE_UNKNOWN = 0,
  OUTRIGGER_PHASE_PENDING = 1,
  OUTRIGGER_PHASE_RUNNING = 2,
  OUTRIGGER_PHASE_SUCCEEDED = 3,
  OUTRIGGER_PHASE_FAILED = 4
} outrigger_phase;

typedef enum outrigger_container_state {
  OUTRIGGER_CONTAINER_UNKNOWN = 0,
  OUTRIGGER_CONTAINER_WAITING = 1,
  OUTRIGGER_CONTAINER_RUNNING = 2,
  OUTRIGGER_CONTAINER_TERMINATED = 3
} outrigger_container_state;

typedef enum outrigger_exit_class {
  OUTRIGGER_EXIT_NONE = 0,
  OUTRIGGER_EXIT_SUCCEEDED = 1,
  OUTRIGGER_EXIT_APP_ERROR = 2,
  OUTRIGGER_EXIT_OOM_CONTAINER = 3,
  OUTRIGGER_EXIT_JVM_OOM = 4,
  OUTRIGGER_EXIT_UNCAUGHT = 5,
  OUTRIGGER_EXIT_DISK = 6,
  OUTRIGGER_EXIT_SIGKILL_UNKNOWN = 7,
  OUTRIGGER_EXIT_PREEMPTED = 8,
  OUTRIGGER_EXIT_EVICTED_API = 9,
  OUTRIGGER_EXIT_NODE_PRESSURE = 10,
  OUTRIGGER_EXIT_OWN_LIMIT = 11,
  OUTRIGGER_EXIT_NODE_SHUTDOWN = 12,
  OUTRIGGER_EXIT_NODE_LOST = 13,
  OUTRIGGER_EXIT_REQUESTED = 14,
  OUTRIGGER_EXIT_DELETED_EXTERNAL = 15,
  OUTRIGGER_EXIT_STARTUP_ENV = 16
} outrigger_exit_class;

typedef enum outrigger_error_class {
  OUTRIGGER_API_NONE = 0,
  OUTRIGGER_API_UNAUTHORIZED = 1,
  OUTRIGGER_API_RBAC = 2,
  OUTRIGGER_API_QUOTA = 3,
  OUTRIGGER_API_WEBHOOK_DENIED = 4,
  OUTRIGGER_API_WEBHOOK_UNREACHABLE = 5,
  OUTRIGGER_API_NOT_FOUND = 6,
  OUTRIGGER_API_NAMESPACE_MISSING = 7,
  OUTRIGGER_API_ALREADY_EXISTS = 8,
  OUTRIGGER_API_CONFLICT = 9,
  OUTRIGGER_API_INVALID = 10,
  OUTRIGGER_API_GONE = 11,
  OUTRIGGER_API_TOO_LARGE_VERSION = 12,
  OUTRIGGER_API_THROTTLED = 13,
  OUTRIGGER_API_SERVER_ERROR = 14,
  OUTRIGGER_API_TRANSPORT = 15,
  OUTRIGGER_API_POLICY = 16
} outrigger_error_class;

/* The agent's verdict on a command: admission only, given at once; outcomes travel as changes (rule C17). */
typedef enum outrigger_verdict {
  OUTRIGGER_VERDICT_NONE = 0,
  OUTRIGGER_VERDICT_ACCEPTED = 1,
  OUTRIGGER_VERDICT_MALFORMED = 2,
  OUTRIGGER_VERDICT_IDENTITY = 3,
  OUTRIGGER_VERDICT_ORDER = 4,
  OUTRIGGER_VERDICT_IDS = 5,
  OUTRIGGER_VERDICT_TEMPLATE = 6, /* detail names the JSON path */
  OUTRIGGER_VERDICT_POLICY = 7,   /* detail names path and value */
  OUTRIGGER_VERDICT_LIMIT = 8,
  OUTRIGGER_VERDICT_SUPERSEDED = 1000 /* made here: a later post took its place before it was answered */
} outrigger_verdict;

typedef enum outrigger_wait_reason {
  OUTRIGGER_WAIT_NONE = 0,
  OUTRIGGER_WAIT_NO_DRIVER = 1,
  OUTRIGGER_WAIT_NO_TEMPLATE = 2,
  OUTRIGGER_WAIT_NO_IDS = 3,
  OUTRIGGER_WAIT_CREATING = 4,
  OUTRIGGER_WAIT_PENDING_LIMIT = 5,
  OUTRIGGER_WAIT_MAXIMUM_REACHED = 6,
  OUTRIGGER_WAIT_BACKOFF = 7,
  OUTRIGGER_WAIT_THROTTLED = 8,
  OUTRIGGER_WAIT_NOT_SYNCED = 9,
  OUTRIGGER_WAIT_SCHEDULING = 10,
  OUTRIGGER_WAIT_DRAINING = 11,
  OUTRIGGER_WAIT_CONFIRMING = 12,
  OUTRIGGER_WAIT_READINESS_GATE = 13,
  OUTRIGGER_WAIT_CLAIMS = 14
} outrigger_wait_reason;

/* Where the agent says the session stands. */
typedef enum outrigger_agent_session {
  OUTRIGGER_AGENT_NO_DRIVER = 0,
  OUTRIGGER_AGENT_ATTACHED = 1,
  OUTRIGGER_AGENT_RESYNCING = 2,
  OUTRIGGER_AGENT_READY = 3,
  OUTRIGGER_AGENT_DRAINING = 4,
  OUTRIGGER_AGENT_DRAINED = 5,
  OUTRIGGER_AGENT_ORPHANED = 6
} outrigger_agent_session;

/* ---- open, close -----------------------------------------------------------------------------------------
 */

typedef struct outrigger_options {
  uint32_t struct_size;
  uint32_t id_block_size;     /* executor ids granted per block; 0 = 1,024 */
  const char* run_directory;  /* holds `state` and `agent.sock` */
  const char* application_id; /* must equal the agent's own (rule C22) */
  const char* client_version; /* for the agent's log, "spark-4.3.0" */
  const char* nonce;          /* [a-z0-9]{8,32}, new for each driver incarnation (S8); null = made here */
  uint64_t first_executor_id; /* where the ids start; 0 = 1 */
  uint32_t manual_ids; /* 0: blocks are granted when the agent needs ids; 1: outrigger_post_grant_ids only */
  uint32_t reserved;   /* 0 */
} outrigger_options;

/* [any] Makes a session and tries to attach once. No agent is not a failure: outrigger_read_state() tells.
 * On failure *session is null and `error_text` (may be null) gets one line. */
OUTRIGGER_API outrigger_code outrigger_open(const outrigger_options* options, outrigger_session** session,
                                            char* error_text, size_t error_text_bytes);
/* [owner] Ends the session; the agent sees EOF and begins the grace period of `policy`. Null is allowed. */
OUTRIGGER_API void outrigger_close(outrigger_session* session);
/* [any] The nonce of this session, at least OUTRIGGER_NONCE_BYTES of room. */
OUTRIGGER_API outrigger_code outrigger_read_nonce(outrigger_session* session, char* text, size_t text_bytes);

/* ---- posts: [any] each; *command (may be null) gets the id under which a result will come -----------------
 */

/* PersistentVolumeClaims on demand that the driver owns (S14). */
typedef enum outrigger_claims {
  OUTRIGGER_CLAIMS_NEW = 0,   /* each executor gets claims of its own */
  OUTRIGGER_CLAIMS_REUSE = 1, /* those of executors that are gone serve new ones */
  OUTRIGGER_CLAIMS_WAIT = 2   /* and executors wait for them, once there are maximum_claims */
} outrigger_claims;

/* Every setting of the allocator by value (S9 to S15). outrigger_policy_defaults() fills it. */
typedef struct outrigger_policy {
  uint32_t struct_size;
  uint32_t max_pending_pods;
  uint32_t max_pending_pods_per_profile;
  uint32_t batch_size; /* 0 = no batches */
  uint64_t maximum_id; /* ids >= this are never created */
  uint64_t creation_timeout_ms;
  uint64_t idle_timeout_ms;
  uint64_t batch_delay_ms;
  uint64_t driver_grace_ms;
  uint32_t termination_grace_s;
  uint8_t delete_on_termination;
  uint8_t claims;          /* outrigger_claims */
  uint16_t maximum_claims; /* with OUTRIGGER_CLAIMS_WAIT; not 0 then */
} outrigger_policy;

OUTRIGGER_API outrigger_code outrigger_policy_defaults(outrigger_policy* policy);
OUTRIGGER_API outrigger_code outrigger_post_policy(outrigger_session* session, const outrigger_policy* policy,
                                                   uint64_t* command);

/* A pod as JSON. Extra resources (PersistentVolumeClaims) are POSTed after it. */
typedef struct outrigger_json {
  const char* data;
  size_t bytes;
} outrigger_json;
typedef struct outrigger_sample {
  uint64_t executor_id;
  outrigger_json pod;
  const outrigger_json* extras;
  size_t extra_count;
} outrigger_sample;
typedef struct outrigger_template {
  uint32_t struct_size;
  uint32_t profile;
  uint32_t revision;  /* a higher one replaces a lower one */
  uint32_t id_digits; /* for ids of this many decimal digits, 1 to 10 */
  const outrigger_sample* samples;
  size_t sample_count; /* at least 2, ids that differ in every digit (S2) */
} outrigger_template;

OUTRIGGER_API outrigger_code outrigger_post_template(outrigger_session* session,
                                                     const outrigger_template* pod_template,
                                                     uint64_t* command);
/* One pod rendered by the driver, the answer to OUTRIGGER_EXECUTOR_WANTED. Not desired state: a new agent
 * asks for other ids. */
OUTRIGGER_API outrigger_code outrigger_post_rendered(outrigger_session* session, uint32_t profile,
                                                     const outrigger_sample* sample, uint64_t* command);
OUTRIGGER_API outrigger_code outrigger_post_target(outrigger_session* session, uint32_t profile,
                                                   uint32_t executors, uint64_t* command);
/* Ids that the scheduler has registered or forgotten; after a restart the whole set is sent. */
OUTRIGGER_API outrigger_code outrigger_post_known(outrigger_session* session, const uint64_t* added,
                                                  size_t added_count, const uint64_t* removed,
                                                  size_t removed_count, uint64_t* command);
/* Replaces the known set. */
OUTRIGGER_API outrigger_code outrigger_post_known_full(outrigger_session* session, const uint64_t* ids,
                                                       size_t count, uint64_t* command);
/* Agrees to proposed deletions (S9): only after the caller counts these ids as deleted. Remembered until the
 * pods are gone. */
OUTRIGGER_API outrigger_code outrigger_post_confirm_delete(outrigger_session* session, const uint64_t* ids,
                                                           size_t count, uint64_t* command);
/* Deletes executors outright. Remembered until the pods are gone. */
OUTRIGGER_API outrigger_code outrigger_post_delete(outrigger_session* session, const uint64_t* ids,
                                                   size_t count, uint64_t* command);
/* Everything up to `sequence` of a read change has been dealt with: final states up to it may be forgotten
 * (S18). No result comes. */
OUTRIGGER_API outrigger_code outrigger_post_ack(outrigger_session* session, uint64_t sequence);
/* Grants `count` (0 = the block size) new ids; *first (may be null) gets the first. Never the same id twice.
 */
OUTRIGGER_API outrigger_code outrigger_post_grant_ids(outrigger_session* session, uint32_t count,
                                                      uint64_t* first, uint64_t* command);
/* The agent deletes everything and makes nothing more. Can't be taken back. */
OUTRIGGER_API outrigger_code outrigger_post_drain(outrigger_session* session, uint64_t* command);
/* Says goodbye; the session stays readable, sends nothing more and does not attach again. */
OUTRIGGER_API outrigger_code outrigger_post_detach(outrigger_session* session, uint64_t* command);

typedef struct outrigger_result {
  uint64_t command;
  uint32_t verdict; /* outrigger_verdict */
  uint32_t resent;  /* 1: an agent restart made it again; reported only when refused */
  char detail[OUTRIGGER_DETAIL_BYTES];
} outrigger_result;

/* [reader] Takes up to `capacity` results; *count = how many (0 is not a failure). */
OUTRIGGER_API outrigger_code outrigger_poll_results(outrigger_session* session, outrigger_result* results,
                                                    size_t capacity, size_t* count);

/* ---- reading ---------------------------------------------------------------------------------------------
 */

#define OUTRIGGER_CHANGE_DELETE_PROPOSED 1u /* surplus: confirm, or keep it */
#define OUTRIGGER_CHANGE_GONE 2u            /* the pod no longer exists */
#define OUTRIGGER_CHANGE_REPLAY 4u          /* from a whole-table read (attach, restart, lapped) */
#define OUTRIGGER_CHANGE_SYNTHETIC 8u       /* made here: the pod vanished while no agent looked */
#define OUTRIGGER_CHANGE_CAUSED_BY_APP 16u  /* the end counts against the application */
#define OUTRIGGER_CHANGE_CUT 32u            /* name, node, reason or message did not fit */
#define OUTRIGGER_CHANGE_READY 64u          /* the executor's container is ready */
#define OUTRIGGER_CHANGE_SCHEDULED 128u     /* the pod has a node */
#define OUTRIGGER_CHANGE_INACTIVE 256u      /* labelled spark-exec-inactive=true */

/* The state of one executor after the change: level, not difference. */
typedef struct outrigger_change {
  uint64_t sequence; /* increasing over the session, with gaps; for outrigger_post_ack */
  uint64_t executor_id;
  uint32_t profile;
  uint32_t flags;
  uint8_t state;        /* outrigger_executor_state */
  uint8_t phase;        /* outrigger_phase */
  uint8_t exit_class;   /* outrigger_exit_class */
  uint8_t create_error; /* outrigger_error_class, of CREATE_FAILED */
  int32_t exit_code;    /* of the executor's container */
  uint64_t resource_version;
  uint64_t owner_command; /* the command that caused it, or 0 */
  int64_t created_at_ms;
  int64_t scheduled_at_ms;
  int64_t started_at_ms;
  int64_t finished_at_ms;
  int64_t deletion_at_ms;
  char uid[OUTRIGGER_UID_BYTES];
  char ip[OUTRIGGER_IP_BYTES];
  char name[OUTRIGGER_NAME_BYTES];
  char node[OUTRIGGER_NAME_BYTES];
  char message[OUTRIGGER_MESSAGE_BYTES];
  char reason[OUTRIGGER_REASON_BYTES]; /* Evicted, OOMKilled, ImagePullBackOff ... */
  uint8_t container_state;             /* outrigger_container_state of the executor's own container */
  uint8_t reserved[15];
} outrigger_change;

/* [reader] Takes up to `capacity` changes in order, at most 4,096 a call; *count = how many. Ask until it is
 * 0. */
OUTRIGGER_API outrigger_code outrigger_read_changes(outrigger_session* session, outrigger_change* changes,
                                                    size_t capacity, size_t* count);

/* [reader] All records the caller has been told of, tombstones included, if they may be taken for the whole
 * truth (S17): attached, resync accepted, agent synced, last contact with the API server at most `max_age_ms`
 * ago, every change read. Otherwise OUTRIGGER_ERROR_NOT_FRESH, and the text names the condition. Creates in
 * flight are in it as CREATING. OUTRIGGER_ERROR_CAPACITY: *count = needed. */
OUTRIGGER_API outrigger_code outrigger_read_snapshot(outrigger_session* session, uint64_t max_age_ms,
                                                     outrigger_change* records, size_t capacity,
                                                     size_t* count);

/* [reader] Sleeps until a change or result can be read, the session's state or the figures of a profile or the
 * agent change, the agent dies, or the timeout ends. timeout_ms < 0: no timeout; 0: one duty cycle without
 * sleeping. Afterwards read changes and results until there are none, or it returns at once again. */
OUTRIGGER_API outrigger_code outrigger_wait(outrigger_session* session, int64_t timeout_ms);

typedef struct outrigger_state {
  uint32_t struct_size;
  uint32_t session;          /* outrigger_session_state */
  uint32_t attach_reason;    /* outrigger_attach_reason of the latest attempt */
  uint32_t synced;           /* the agent's pod table is complete */
  uint64_t age_ms;           /* since the agent's last contact with the API server; UINT64_MAX = never */
  uint64_t heartbeat_age_ms; /* since the agent's last heartbeat; UINT64_MAX = never */
  uint64_t generation;       /* of the agent's `state`; another number = another agent incarnation */
  uint64_t generations;      /* how many agents this session has attached to */
  uint64_t read;             /* sequence of the newest change that was read */
  uint32_t more;             /* 1: changes wait to be read */
  uint32_t unsent;           /* commands waiting for an agent or for room in the queue */
  uint32_t lapped;           /* times the reader was overtaken and read the whole table instead */
  uint32_t results_dropped;  /* results nobody polled: the oldest go after 16,384 */
  char text[OUTRIGGER_MESSAGE_BYTES]; /* why not attached, or empty */
} outrigger_state;
/* [any] */
OUTRIGGER_API outrigger_code outrigger_read_state(outrigger_session* session, outrigger_state* state);

typedef struct outrigger_profile_status {
  uint32_t profile;
  uint32_t target;
  uint32_t creating;
  uint32_t pending;
  uint32_t running;
  uint32_t terminating;
  uint32_t template_revision;
  uint16_t template_digits; /* bit d: a template for ids of d digits is in force */
  uint16_t template_wanted; /* bit d: need-template for ids of d digits */
  uint32_t wait;            /* outrigger_wait_reason */
  uint32_t last_error;      /* outrigger_error_class */
  uint64_t retry_in_ms;
  uint64_t created_total;
  uint64_t create_failed_total;
  char last_error_text[OUTRIGGER_MESSAGE_BYTES];
} outrigger_profile_status;
/* [reader] Every profile the agent reports; OUTRIGGER_ERROR_CAPACITY: *count = needed. */
OUTRIGGER_API outrigger_code outrigger_read_profiles(outrigger_session* session,
                                                     outrigger_profile_status* profiles, size_t capacity,
                                                     size_t* count);

typedef struct outrigger_control_status {
  uint32_t struct_size;
  uint32_t agent_session; /* outrigger_agent_session */
  uint32_t synced;
  uint32_t stale;
  uint64_t resource_version;
  uint32_t ids_wanted; /* need-ids: granted by itself unless manual_ids */
  uint32_t drain_left;
  uint32_t last_error; /* outrigger_error_class of the watch or list */
  uint32_t reserved;
  char last_error_text[OUTRIGGER_MESSAGE_BYTES];
} outrigger_control_status;
/* [reader] */
OUTRIGGER_API outrigger_code outrigger_read_control(outrigger_session* session,
                                                    outrigger_control_status* control);

/* ---- errors and names ------------------------------------------------------------------------------------
 */

/* [any] Code and text of the latest failure of a call on this session. `text` may be null. */
OUTRIGGER_API outrigger_code outrigger_last_error(outrigger_session* session, char* text, size_t text_bytes);

/* [any] Stable snake_case names; an unknown number gives "unknown". Never null. */
OUTRIGGER_API const char* outrigger_code_name(uint32_t code);
OUTRIGGER_API const char* outrigger_session_state_name(uint32_t state);
OUTRIGGER_API const char* outrigger_attach_reason_name(uint32_t reason);
OUTRIGGER_API const char* outrigger_executor_state_name(uint32_t state);
OUTRIGGER_API const char* outrigger_phase_name(uint32_t phase);
OUTRIGGER_API const char* outrigger_container_state_name(uint32_t state);
OUTRIGGER_API const char* outrigger_exit_class_name(uint32_t exit_class);
OUTRIGGER_API const char* outrigger_error_class_name(uint32_t error_class);
OUTRIGGER_API const char* outrigger_verdict_name(uint32_t verdict);
OUTRIGGER_API const char* outrigger_wait_reason_name(uint32_t reason);
OUTRIGGER_API const char* outrigger_agent_session_name(uint32_t state);
/* [any] (major << 16) | minor of the library that is loaded. */
OUTRIGGER_API uint32_t outrigger_abi_version(void);

#ifdef __cplusplus
}
#endif
#endif
