// Every recorded exchange has an expectation here; a file without one fails.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "agent/kube/status_decoder.h"
#include "tests/unit/kube/streams.h"

namespace outrigger::kube::testing {
namespace {

using core::ApiErrorClass;

enum class Shape { error, pod, metadata, page, watch, status };

struct Expectation {
  Shape shape;
  std::string what;  // watch: letters; page: number of pods; error: class
  int retry_after_s = -1;
};

Expectation error(ApiErrorClass error_class, int retry_after_s = -1) {
  return {Shape::error, std::string(core::to_string(error_class)), retry_after_s};
}
Expectation watch(const char* letters) {
  return {Shape::watch, letters};
}
Expectation page(const char* pods) {
  return {Shape::page, pods};
}
const Expectation pod{Shape::pod, ""};

const std::map<std::string, Expectation>& expectations() {
  static const std::map<std::string, Expectation> table{
      {"delete-404-missing", error(ApiErrorClass::not_found)},
      {"delete-409-wrong-resourceversion", error(ApiErrorClass::conflict)},
      {"delete-409-wrong-uid", error(ApiErrorClass::conflict)},
      {"delete-again-while-terminating", pod},
      {"delete-grace", pod},
      {"delete-grace0-unscheduled", pod},
      {"delete-grace30-right-uid", pod},
      {"deletecollection-label", page("3")},
      {"deletecollection-label-none", page("0")},
      {"get-404-pretty-by-user-agent", error(ApiErrorClass::not_found)},
      {"get-406-not-acceptable", error(ApiErrorClass::invalid)},
      {"get-after-dryrun-404", error(ApiErrorClass::not_found)},
      {"get-pod", pod},
      {"get-pod-404", error(ApiErrorClass::not_found)},
      {"get-pod-metadata-only", {Shape::metadata, ""}},
      {"list-3-running-selector", page("3")},
      {"list-401-bad-token", error(ApiErrorClass::unauthorized)},
      {"list-403-cluster-scope", error(ApiErrorClass::rbac)},
      {"list-429-flow-control", error(ApiErrorClass::throttled, 1)},
      {"list-continue-expired-410", error(ApiErrorClass::gone)},
      {"list-continue-garbage", error(ApiErrorClass::invalid)},
      {"list-continue-inconsistent-after-410", page("2")},
      {"list-continue-rv-future", error(ApiErrorClass::too_large_version, 1)},
      {"list-continue-rv1-compacted", error(ApiErrorClass::gone)},
      {"list-continue-start-changed", error(ApiErrorClass::invalid)},
      {"list-continue-truncated", error(ApiErrorClass::invalid)},
      {"list-continue-version-changed", error(ApiErrorClass::invalid)},
      {"list-continue-with-rv", error(ApiErrorClass::invalid)},
      {"list-empty", page("0")},
      {"list-empty-selector", page("0")},
      {"list-limit2-page1", page("2")},
      {"list-limit2-page2", page("2")},
      {"list-limit2-selector-page1", page("2")},
      {"list-limit2-selector-page2", page("1")},
      {"list-no-token-anonymous", error(ApiErrorClass::rbac)},
      {"list-partialobjectmetadatalist", page("3")},
      {"list-rv-exact", page("1")},
      {"list-rv-exact-compacted-410", error(ApiErrorClass::gone)},
      {"list-rv-notolderthan", page("3")},
      {"list-rv-too-large-504", error(ApiErrorClass::too_large_version, 1)},
      {"list-rv0-limit2", page("3")},
      {"patch-404-missing", error(ApiErrorClass::not_found)},
      {"patch-415-unknown-type", error(ApiErrorClass::invalid)},
      {"patch-422-immutable-field", error(ApiErrorClass::invalid)},
      {"patch-json-replace-stale-rv", error(ApiErrorClass::conflict)},
      {"patch-json-test-current-rv", pod},
      {"patch-json-test-stale-rv", error(ApiErrorClass::invalid)},
      {"patch-merge-add-label", pod},
      {"patch-merge-label", pod},
      {"patch-merge-stale-rv", error(ApiErrorClass::conflict)},
      {"post-201-last-in-quota", pod},
      {"post-201-quota-without-status", pod},
      {"post-400-kind-mismatch", error(ApiErrorClass::invalid)},
      {"post-400-malformed-json", error(ApiErrorClass::invalid)},
      {"post-400-namespace-mismatch", error(ApiErrorClass::invalid)},
      {"post-400-wrong-type", error(ApiErrorClass::invalid)},
      {"post-403-other-namespace", error(ApiErrorClass::rbac)},
      {"post-403-quota-exceeded", error(ApiErrorClass::quota)},
      {"post-403-quota-must-specify", error(ApiErrorClass::quota)},
      {"post-403-quota-status-unknown", error(ApiErrorClass::quota)},
      {"post-404-namespace-missing", error(ApiErrorClass::namespace_missing)},
      {"post-409-already-exists", error(ApiErrorClass::already_exists)},
      {"post-409-while-terminating", error(ApiErrorClass::already_exists)},
      {"post-415-unsupported-media-type", error(ApiErrorClass::invalid)},
      {"post-422-invalid-pod", error(ApiErrorClass::invalid)},
      {"post-429-flow-control", error(ApiErrorClass::throttled, 1)},
      {"post-dryrun-all", pod},
      {"post-eviction", {Shape::status, ""}},
      {"post-eviction-429-budget", error(ApiErrorClass::throttled, 10)},
      {"post-generatename", pod},
      {"post-pod-201", pod},
      {"post-pod-201-metadata-only", {Shape::metadata, ""}},
      {"post-strict-unknown-field-400", error(ApiErrorClass::invalid)},
      {"post-warn-unknown-field-201", pod},
      {"watch-429-flow-control", error(ApiErrorClass::throttled, 1)},
      {"watch-bookmarks-short-timeout", watch("B")},
      {"watch-chunked-framing-raw", watch("AM")},
      {"watch-deletecollection", watch("MMMMMMMMDDMD")},
      {"watch-evicted", watch("AMMMM")},
      {"watch-eviction-api", watch("AMMMMMMMD")},
      {"watch-exit-0-succeeded", watch("AMMMM")},
      {"watch-exit-137-oomkilled", watch("AMMMM")},
      {"watch-image-pull-error", watch("AMM")},
      {"watch-metadata-only", watch("AMMMM")},
      {"watch-pod-lifecycle", watch("AMMMMMMD")},
      {"watch-rv-1-410", watch("E")},
      {"watch-rv-1-history-still-cached", watch("AMMMAMMMAMMM")},
      {"watch-rv-malformed", error(ApiErrorClass::server_error)},
      {"watch-rv-too-large", watch("")},
      {"watch-rv-unset-synthetic-added", watch("AAA")},
      {"watch-selector-leave-deleted", watch("AMMMD")},
      {"watch-server-killed", watch("")},
      {"watch-short-timeout-no-bookmarks", watch("")},
      {"watch-unschedulable", watch("AM")},
      {"watchlist-initial-events", watch("AAAB")},
      {"watchlist-missing-match-422", error(ApiErrorClass::invalid)},
  };
  return table;
}

void check_error(const support::Transcript& transcript, const Expectation& expected) {
  const core::ApiError found = decode_error(transcript.head, transcript.body);
  EXPECT_EQ(core::to_string(found.error_class), expected.what);
  EXPECT_EQ(found.http_code, transcript.head.code);
  EXPECT_EQ(found.audit_id, transcript.head.header("audit-id"));
  EXPECT_FALSE(found.message.empty());
  EXPECT_EQ(found.message.find('\n') == std::string::npos || transcript.body.find("\\n") != std::string::npos,
            true);
  EXPECT_EQ(found.retry_after.has_value(), expected.retry_after_s >= 0);
  EXPECT_EQ(found.retry_after.value_or(core::Millis(-1000)), core::Millis(1000 * expected.retry_after_s));
}

void check_pod(std::string body, bool whole) {
  PodDecoder decoder;
  core::Pod found;
  const Status read = decoder.pod(Padded::of(body), found);
  ASSERT_TRUE(read.has_value()) << read.error().text;
  EXPECT_FALSE(found.uid.empty());
  EXPECT_EQ(found.name.substr(0, 6), "spark-");
  EXPECT_NE(found.created_at_ms, 0);
  EXPECT_EQ(found.phase != core::PodPhase::unknown, whole);
}

void check_page(std::string body, const Expectation& expected) {
  PodDecoder decoder;
  ListPage found;
  const Status read = decoder.page(Padded::of(body), found);
  ASSERT_TRUE(read.has_value()) << read.error().text;
  EXPECT_EQ(std::to_string(found.count), expected.what);
  EXPECT_FALSE(found.resource_version.empty());
  std::set<std::string> names;
  for (std::size_t i = 0; i < found.count; ++i) {
    EXPECT_FALSE(found.pods[i].uid.empty());
    EXPECT_NE(found.pods[i].resource_version, 0u);
    EXPECT_NE(found.pods[i].executor_id.value, 0u);
    names.insert(found.pods[i].name);
  }
  EXPECT_EQ(names.size(), found.count);
}

void check_watch(const std::string& name, const Expectation& expected) {
  const std::string body = watch_body(name);
  const Decoded found = decode(body);
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(found.pending, 0u);
  EXPECT_EQ(letters(found.frames), expected.what);
  EXPECT_TRUE(same(found.frames, decode(body, every(997, body.size())).frames));
}

TEST(Transcripts, every_recorded_exchange_has_an_expectation_and_meets_it) {
  std::set<std::string> known;
  for (const auto& [name, expected] : expectations()) known.insert(name);
  for (const std::string& name : support::transcript_names()) {
    SCOPED_TRACE(name);
    const auto found = expectations().find(name);
    if (found == expectations().end()) {
      ADD_FAILURE() << name << ".http has no expectation: add one to this table";
      continue;
    }
    known.erase(name);
    const Expectation& expected = found->second;
    const support::Transcript transcript = support::load_transcript(name);
    const bool success = transcript.head.code >= 200 && transcript.head.code < 300;
    EXPECT_EQ(success, expected.shape != Shape::error);
    EXPECT_EQ(decode_error(transcript.head, transcript.body).error_class == ApiErrorClass::none, success);
    switch (expected.shape) {
      case Shape::error:
        check_error(transcript, expected);
        break;
      case Shape::pod:
        check_pod(transcript.body, true);
        break;
      case Shape::metadata:
        check_pod(transcript.body, false);
        break;
      case Shape::page:
        check_page(transcript.body, expected);
        break;
      case Shape::watch:
        check_watch(name, expected);
        break;
      case Shape::status: {
        PodDecoder decoder;
        core::Pod none;
        std::string body = transcript.body;
        const Status read = decoder.pod(Padded::of(body), none);
        EXPECT_FALSE(read.has_value()) << "a Status is no pod";
        break;
      }
    }
  }
  for (const std::string& name : known) ADD_FAILURE() << name << " is expected and not recorded";
}

TEST(Transcripts, the_reader_refuses_what_is_no_exchange) {
  EXPECT_FALSE(support::parse_transcript("x", "").has_value());
  EXPECT_FALSE(support::parse_transcript("x", "GET\n\n").has_value());
  EXPECT_FALSE(support::parse_transcript("x", "GET / HTTP/1.1\nHost: a\n").has_value());
  EXPECT_FALSE(
      support::parse_transcript("x", "POST / HTTP/1.1\nContent-Length: 5\n\nabc\n\nHTTP/1.1 200 OK\n\n")
          .has_value());
  EXPECT_FALSE(support::parse_transcript("x", "GET / HTTP/1.1\n\nHTTP/2 200\n\n").has_value());
  const auto good = support::parse_transcript(
      "x", "POST /a?b HTTP/1.1\nContent-Length: 3\n\na\nb\n\nHTTP/1.1 201 Created\nA-B: c\n\nbody\n");
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->request_body, "a\nb");
  EXPECT_EQ(good->target, "/a?b");
  EXPECT_EQ(good->head.code, 201);
  EXPECT_EQ(good->head.header("a-b"), "c");
  EXPECT_EQ(good->body, "body\n");
}

}  // namespace
}  // namespace outrigger::kube::testing
