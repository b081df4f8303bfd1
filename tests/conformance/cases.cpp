#include "tests/conformance/cases.h"

#include <nlohmann/json.hpp>

#include "tests/apiserver/store/continue_token.h"

namespace outrigger::conformance {
namespace {

using apiserver::encode_continue;

const std::string spark_a_2("/spark-a-exec-2\0", 16);

// Recorded with continue tokens at revision 309.
const std::string token_309 =
    "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MzA5LCJzdGFydCI6Ii9zcGFyay1hLWV4ZWMtMlx1MDAwMCJ9";
constexpr const char* pull_error = "\"sim.outrigger/image-pull-failure\":\"true\"";
constexpr const char* never = "\"sim.outrigger/never-schedule\":\"true\"";
constexpr const char* slow = "\"sim.outrigger/terminate-time\":\"600s\"";
constexpr const char* at_once = "\"sim.outrigger/terminate-time\":\"1ms\"";

Replacements nothing(World&) {
  return {};
}

// spark-a 1 to 3 run, and spark-pull 1 waits for its image: the state of most lists.
Replacements four_pods(World& world) {
  world.running("spark-a", 3);
  world.pod("spark-pull", 1, pull_error);
  world.until("spark-pull", 1, "waiting");
  const std::string rv = world.rv();
  return {{"resourceVersion=309", "resourceVersion=" + rv},
          {token_309, encode_continue({std::stoll(rv), spark_a_2})}};
}

Replacements one_running(World& world) {
  world.running("spark-a", 1);
  return {{"\"301\"", "\"2\""}};  // a version long ago
}

Replacements labelled(World& world) {
  one_running(world);
  world.ask({.method = "PATCH",
             .target = "/api/v1/namespaces/spark/pods/spark-a-exec-1",
             .headers = {{"Content-Type", "application/merge-patch+json"}},
             .body = R"({"metadata":{"labels":{"spark-exec-inactive":"true"}}})"});
  return {{"\"357\"", "\"" + world.field("spark-a", 1, "resourceVersion") + "\""}, {"\"301\"", "\"2\""}};
}

Replacements terminating(World& world) {
  world.pod("spark-d", 1, slow);
  world.until("spark-d", 1, "Running");
  world.ask({.method = "DELETE",
             .target = "/api/v1/namespaces/spark/pods/spark-d-exec-1",
             .headers = {},
             .body = {}});
  return {};
}

Replacements compacted(World& world) {
  Replacements replace = four_pods(world);
  world.pod("spark-later", 1, never);
  world.until("spark-later", 1, "Pending");
  world.compact();
  return replace;
}

Case state(std::function<Replacements(World&)> before) {
  return {.config = {}, .before = std::move(before)};
}
Case plain() {
  return state(nothing);
}
Case with(std::string config, std::function<Replacements(World&)> before = nothing) {
  return {.config = std::move(config), .before = std::move(before)};
}
Case out_of_scope(std::string why) {
  return {.config = {}, .out_of_scope = std::move(why)};
}
Case throttled() {
  return state([](World& world) {
    world.load_faults("faults: [{kind: throttle, retry-after: 1s}]");
    return Replacements{};
  });
}

std::string quota(const std::string& status) {
  return "quotas:\n- {namespace: spark, name: executors, hard: {pods: 2, requests.cpu: 2}, status: " +
         status + "}\n";
}

// A watch that sees a pod's life from its creation on.
Case life(const std::string& app, std::string annotations, std::function<void(World&)> then = {}) {
  Case c;
  c.ends = false;
  c.before = [](World& world) {
    return Replacements{{"resourceVersion=215", "resourceVersion=" + world.rv()},
                        {"resourceVersion=294", "resourceVersion=" + world.rv()},
                        {"resourceVersion=603", "resourceVersion=" + world.rv()}};
  };
  c.during = [app, annotations = std::move(annotations), then = std::move(then)](World& world) {
    world.pod(app, 1, annotations);
    if (then) then(world);
  };
  return c;
}

void delete_grace_5(World& world) {
  world.until("spark-life", 1, "Running");
  world.ask({.method = "DELETE",
             .target = "/api/v1/namespaces/spark/pods/spark-life-exec-1",
             .headers = {{"Content-Type", "application/json"}},
             .body = R"({"gracePeriodSeconds":5})"});
}

void evict(World& world) {
  world.until("spark-evapi", 1, "Running");
  world.post("/api/v1/namespaces/spark/pods/spark-evapi-exec-1/eviction",
             R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"spark-evapi-exec-1"}})");
}

void retire(World& world) {
  world.until("spark-leave", 1, "Running");
  world.ask({.method = "PATCH",
             .target = "/api/v1/namespaces/spark/pods/spark-leave-exec-1",
             .headers = {{"Content-Type", "application/merge-patch+json"}},
             .body = R"({"metadata":{"labels":{"spark-role":"retired"}}})"});
}

Replacements older_version(World& world) {
  const std::string before = world.rv();
  world.pod("spark-a", 1, never);
  world.until("spark-a", 1, "Pending");
  return {{"resourceVersion=294", "resourceVersion=" + before}, {"timeoutSeconds=5", "timeoutSeconds=1"}};
}

std::map<std::string, Case> make() {
  std::map<std::string, Case> all;
  const std::string bigger_list =
      "the rest of the list holds pods of earlier recordings; continue tokens after a 410 are compared in "
      "list-continue-expired-410 and in StatefulConformance";

  for (const char* name : {"list-empty",
                           "list-empty-selector",
                           "get-pod-404",
                           "get-after-dryrun-404",
                           "delete-404-missing",
                           "patch-404-missing",
                           "deletecollection-label-none",
                           "list-401-bad-token",
                           "list-403-cluster-scope",
                           "list-no-token-anonymous",
                           "post-400-kind-mismatch",
                           "post-400-malformed-json",
                           "post-400-namespace-mismatch",
                           "post-400-wrong-type",
                           "post-403-other-namespace",
                           "post-404-namespace-missing",
                           "post-415-unsupported-media-type",
                           "post-422-invalid-pod",
                           "post-dryrun-all",
                           "post-generatename",
                           "post-pod-201",
                           "post-pod-201-metadata-only",
                           "post-strict-unknown-field-400",
                           "post-warn-unknown-field-201",
                           "watch-rv-malformed",
                           "watchlist-missing-match-422",
                           "list-continue-garbage",
                           "list-continue-start-changed",
                           "list-continue-truncated",
                           "list-continue-version-changed",
                           "list-continue-with-rv",
                           "list-rv-too-large-504",
                           "list-continue-rv-future"}) {
    all[name] = plain();
  }
  for (const char* name :
       {"get-pod", "get-pod-metadata-only", "get-406-not-acceptable", "list-3-running-selector",
        "list-limit2-page1", "list-limit2-page2", "list-limit2-selector-page1", "list-limit2-selector-page2",
        "list-partialobjectmetadatalist", "list-rv-exact", "list-rv-notolderthan", "list-rv0-limit2"}) {
    all[name] = state(four_pods);
  }
  for (const char* name : {"list-429-flow-control", "post-429-flow-control", "watch-429-flow-control"})
    all[name] = throttled();
  for (const char* name :
       {"list-rv-exact-compacted-410", "list-continue-expired-410", "list-continue-rv1-compacted"})
    all[name] = state(compacted);
  all["list-continue-inconsistent-after-410"] = out_of_scope(bigger_list);
  all["get-404-pretty-by-user-agent"] = out_of_scope("this server does not pretty-print by User-Agent");

  all["patch-415-unknown-type"] = state(one_running);
  all["patch-merge-add-label"] = state(one_running);
  all["patch-json-test-current-rv"] = state(labelled);
  for (const char* name : {"patch-json-replace-stale-rv", "patch-json-test-stale-rv", "patch-merge-stale-rv"})
    all[name] = state(labelled);
  all["patch-422-immutable-field"] = state(one_running);
  all["patch-422-immutable-field"].message_prefix = true;  // the diff of the server's internal type follows
  all["patch-merge-label"] = state([](World& world) {
    world.running("spark-leave", 1);
    return Replacements{};
  });

  all["delete-409-wrong-uid"] = state(one_running);
  all["delete-409-wrong-resourceversion"] = state(one_running);
  all["delete-grace"] = state([](World& world) {
    world.pod("spark-life", 1, slow);
    world.until("spark-life", 1, "Running");
    return Replacements{};
  });
  all["delete-grace30-right-uid"] = state([](World& world) {
    world.pod("spark-d", 1, slow);
    world.until("spark-d", 1, "Running");
    return Replacements{{"322cd66e-9296-47a3-84f5-fd8ffdcc441f", world.field("spark-d", 1, "uid")}};
  });
  all["delete-again-while-terminating"] = state(terminating);
  all["delete-grace0-unscheduled"] = state([](World& world) {
    world.pod("spark-d", 2, never);
    world.until("spark-d", 2, "Pending");
    return Replacements{};
  });
  all["deletecollection-label"] = state([](World& world) {
    world.running("spark-dc", 3);
    return Replacements{};
  });
  all["post-409-already-exists"] = state(one_running);
  all["post-409-while-terminating"] = state(terminating);
  all["post-eviction"] = state([](World& world) {
    world.running("spark-evapi", 1);
    return Replacements{};
  });
  all["post-eviction-429-budget"] = with("budgets:\n- {namespace: spark, name: b}\n", one_running);

  all["post-201-quota-without-status"] = with(quota("absent"));
  all["post-403-quota-status-unknown"] = with(quota("unknown"));
  all["post-403-quota-must-specify"] =
      with("quotas:\n- {namespace: spark, name: executors, hard: {requests.cpu: 2}}\n");
  all["post-201-last-in-quota"] = with(quota("enforced"), [](World& world) {
    world.pod("spark-q", 2);
    return Replacements{};
  });
  all["post-403-quota-exceeded"] = with(quota("enforced"), [](World& world) {
    world.pod("spark-q", 1);
    world.pod("spark-q", 3);
    return Replacements{};
  });

  all["watch-pod-lifecycle"] = life("spark-life", at_once, delete_grace_5);
  all["watch-exit-0-succeeded"] = life("spark-ok", "\"sim.outrigger/run-time\":\"10ms\"");
  all["watch-metadata-only"] = all["watch-exit-0-succeeded"];
  all["watch-exit-137-oomkilled"] =
      life("spark-oom", R"("sim.outrigger/run-time":"10ms","sim.outrigger/end":"oom_container")");
  all["watch-evicted"] =
      life("spark-evict", R"("sim.outrigger/run-time":"10ms","sim.outrigger/end":"node_pressure")");
  all["watch-eviction-api"] = life("spark-evapi", at_once, evict);
  all["watch-image-pull-error"] = life("spark-pull", pull_error);
  all["watch-unschedulable"] = life("spark-unsched", never);
  all["watch-selector-leave-deleted"] = life("spark-leave", {}, retire);
  all["watch-deletecollection"] = out_of_scope(
      "the order in which three simulated kubelets end their pods is theirs; the events of one pod are those "
      "of watch-pod-lifecycle");
  all["watch-chunked-framing-raw"] = out_of_scope(
      "chunk sizes hold managedFields; that each event is one chunk of one line is checked in every watch "
      "here");

  all["watch-rv-unset-synthetic-added"] = state(four_pods);
  all["watch-rv-unset-synthetic-added"].ends = false;
  all["watchlist-initial-events"] = state(four_pods);
  all["watchlist-initial-events"].ends = false;
  all["watch-rv-1-history-still-cached"] = state(four_pods);
  all["watch-rv-1-history-still-cached"].ends = false;
  all["watch-rv-1-410"] = state(compacted);
  all["watch-rv-too-large"] =
      state([](World&) { return Replacements{{"timeoutSeconds=6", "timeoutSeconds=1"}}; });
  all["watch-short-timeout-no-bookmarks"] = state(older_version);
  all["watch-bookmarks-short-timeout"] = state(older_version);
  Case killed;
  killed.before = [](World& world) {
    return Replacements{{"resourceVersion=623", "resourceVersion=" + world.rv()}};
  };
  killed.during = [](World& world) { world.stop(); };
  all["watch-server-killed"] = killed;
  return all;
}

}  // namespace

const std::map<std::string, Case>& cases() {
  static const std::map<std::string, Case> all = make();
  return all;
}

}  // namespace outrigger::conformance
