#include "agent/flow/start_guard.h"

#include <gmock/gmock.h>

namespace outrigger::flow {
namespace {

using namespace std::chrono_literals;
using core::ApiErrorClass;
using kube::RestartReason;
using kube::Verb;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr core::Instant begin{1000s};
constexpr core::Millis bound{60'000};

StartGuard guard_of(core::Millis the_bound = bound) {
  StartGuard guard({.server = "https://k8s:6443",
                    .authorities = "/run/ca.crt",
                    .account = "the token of /run/token",
                    .source = "/home/u/config, context dev"},
                   "spark", the_bound);
  guard.begin(begin);
  return guard;
}
StartFault no_answer(RestartReason reason, const std::string& detail) {
  return {reason, Verb::list, {ApiErrorClass::transport, 0, "", detail, "", {}, ""}, false};
}
StartFault answer(RestartReason reason, std::uint16_t code, const std::string& message,
                  Verb verb = Verb::list, ApiErrorClass error_class = ApiErrorClass::none) {
  return {reason, verb, {error_class, code, "", message, "", {}, ""}, false};
}
const char* const may_not =
    "pods is forbidden: User \"system:serviceaccount:spark:driver\" cannot list resource \"pods\" in API "
    "group \"\" in the namespace \"spark\"";

TEST(StartGuard, a_certificate_that_is_not_trusted_ends_at_once_and_names_server_authority_and_reason) {
  const auto line = guard_of().failed(
      no_answer(RestartReason::tls, "SSL certificate problem: self-signed certificate (curl 60)"), begin);
  ASSERT_TRUE(line);
  EXPECT_THAT(*line,
              AllOf(HasSubstr("https://k8s:6443"), HasSubstr("/run/ca.crt"), HasSubstr("self-signed")));
}

TEST(StartGuard, a_certificate_for_other_names_is_answered_with_the_setting_that_helps) {
  const auto line = guard_of().failed(
      no_answer(RestartReason::tls,
                "SSL: no alternative certificate subject name matches target host name 'k8s' (curl 60)"),
      begin);
  ASSERT_TRUE(line);
  EXPECT_THAT(*line,
              AllOf(HasSubstr("tls-server-name"), HasSubstr("/home/u/config"), Not(HasSubstr("ca.crt"))));
}

TEST(StartGuard, a_port_without_tls_is_called_that) {
  const auto line = guard_of().failed(
      no_answer(RestartReason::tls, "error:0A00010B:SSL routines::wrong version number (curl 35)"), begin);
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, HasSubstr("does not speak TLS"));
}

TEST(StartGuard, a_401_is_believed_only_after_the_token_was_read_again) {
  auto guard = guard_of();
  auto fault = answer(RestartReason::unauthorized, 401, "Unauthorized");
  fault.asked_at_once = true;
  EXPECT_FALSE(guard.failed(fault, begin));
  fault.asked_at_once = false;
  const auto line = guard.failed(fault, begin + 1s);
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, AllOf(HasSubstr("401"), HasSubstr("the token of /run/token"), HasSubstr("expired")));
}

TEST(StartGuard, a_403_names_verb_resource_namespace_and_user_and_the_role_that_is_missing) {
  for (const Verb verb : {Verb::list, Verb::watch}) {
    const auto line = guard_of().failed(answer(RestartReason::forbidden, 403, may_not, verb), begin);
    ASSERT_TRUE(line);
    EXPECT_THAT(*line, HasSubstr("may not " + std::string(to_string(verb)) +
                                 " pods in namespace 'spark' as 'system:serviceaccount:spark:driver'"));
    EXPECT_THAT(*line, HasSubstr("Role with the verbs get, list, watch"));
  }
}

TEST(StartGuard, a_403_of_a_proxy_that_names_nobody_is_shown_as_it_is) {
  const auto line = guard_of().failed(answer(RestartReason::forbidden, 403, "blocked by policy"), begin);
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, AllOf(HasSubstr("403 blocked by policy"), Not(HasSubstr("as '"))));
}

TEST(StartGuard, a_server_that_knows_nobody_by_our_credentials_is_no_case_for_a_role) {
  const auto line = guard_of().failed(
      answer(RestartReason::forbidden, 403, "pods is forbidden: User \"system:anonymous\" cannot list"),
      begin);
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, AllOf(HasSubstr("system:anonymous"), HasSubstr("token"), Not(HasSubstr("Role"))));
}

TEST(StartGuard, a_list_that_is_refused_as_such_ends_at_once_and_a_watch_counts_to_the_bound) {
  const auto line = guard_of().failed(answer(RestartReason::rejected, 404, "404 page not found"), begin);
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, AllOf(HasSubstr("404 page not found"), HasSubstr("URL of a Kubernetes API server")));
  EXPECT_FALSE(guard_of().failed(answer(RestartReason::rejected, 400, "no", Verb::watch), begin));
}

TEST(StartGuard, a_missing_namespace_is_named) {
  const auto line = guard_of().failed(answer(RestartReason::rejected, 404, "namespaces \"spark\" not found",
                                             Verb::list, ApiErrorClass::namespace_missing),
                                      begin);
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, AllOf(HasSubstr("no namespace 'spark'"), HasSubstr("--namespace")));
}

TEST(StartGuard, a_server_that_is_away_is_waited_for_up_to_the_bound_and_not_longer) {
  auto guard = guard_of();
  const auto fault = no_answer(RestartReason::refused, "Failed to connect to k8s port 6443 (curl 7)");
  EXPECT_FALSE(guard.failed(fault, begin));
  EXPECT_FALSE(guard.failed(fault, begin + bound - 1ns));
  EXPECT_FALSE(guard.due(begin + bound - 1ns));
  EXPECT_EQ(guard.deadline(), begin + bound);
  for (const auto& line : {guard.due(begin + bound), guard.failed(fault, begin + bound)}) {
    ASSERT_TRUE(line);
    EXPECT_THAT(*line, AllOf(HasSubstr("https://k8s:6443"), HasSubstr("Failed to connect"), HasSubstr("60s"),
                             HasSubstr("server.startBound")));
  }
}

TEST(StartGuard, every_fault_that_may_pass_counts_to_the_same_bound) {
  for (const auto reason : {RestartReason::refused, RestartReason::interrupted, RestartReason::timed_out,
                            RestartReason::throttled, RestartReason::server_error, RestartReason::undecodable,
                            RestartReason::gone, RestartReason::too_large_version, RestartReason::very_short,
                            RestartReason::watch_list_fallback}) {
    auto guard = guard_of();
    EXPECT_FALSE(guard.failed(answer(reason, 0, "x"), begin + 59s)) << to_string(reason);
    EXPECT_TRUE(guard.failed(answer(reason, 0, "x"), begin + 60s)) << to_string(reason);
  }
}

TEST(StartGuard, a_server_that_never_says_a_word_is_given_up_too) {
  const auto line = guard_of().due(begin + bound);
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, HasSubstr("no answer"));
}

TEST(StartGuard, a_server_that_answers_with_errors_is_not_called_unreachable) {
  auto guard = guard_of();
  EXPECT_FALSE(guard.failed(answer(RestartReason::server_error, 503, "etcd is away"), begin + 1s));
  const auto line = guard.due(begin + bound);
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, AllOf(HasSubstr("503 etcd is away"), Not(HasSubstr("can't be reached"))));
}

TEST(StartGuard, a_part_of_the_first_list_moves_the_bound) {
  auto guard = guard_of();
  guard.progress(begin + 59s);
  EXPECT_FALSE(guard.due(begin + 60s));
  EXPECT_EQ(guard.deadline(), begin + 59s + bound);
}

TEST(StartGuard, a_bound_of_zero_waits_without_end_but_not_for_what_waiting_cannot_change) {
  auto guard = guard_of(core::Millis(0));
  EXPECT_FALSE(guard.failed(no_answer(RestartReason::refused, "x"), begin + 1000h));
  EXPECT_FALSE(guard.deadline());
  EXPECT_TRUE(guard.failed(no_answer(RestartReason::tls, "x"), begin + 1001h));
}

TEST(StartGuard, nothing_is_refused_after_the_first_sync) {
  auto guard = guard_of();
  guard.settle();
  EXPECT_FALSE(guard.failed(no_answer(RestartReason::tls, "x"), begin + 1h));
  EXPECT_FALSE(guard.failed(answer(RestartReason::forbidden, 403, may_not), begin + 1h));
  EXPECT_FALSE(guard.failed(answer(RestartReason::unauthorized, 401, "x"), begin + 1h));
  EXPECT_FALSE(guard.due(begin + 1h));
  EXPECT_FALSE(guard.deadline());
  EXPECT_EQ(guard.waiting(begin + 1h), "");
}

TEST(StartGuard, the_probes_are_told_how_long_and_why) {
  auto guard = guard_of();
  EXPECT_EQ(guard.waiting(begin + 12s), "tried for 12s of 60s");
  EXPECT_FALSE(guard.failed(answer(RestartReason::throttled, 429, "slow down"), begin + 12s));
  EXPECT_EQ(guard.waiting(begin + 12s), "tried for 12s of 60s: 429 slow down");
}

TEST(StartGuard, whatever_the_server_says_is_one_line) {
  const auto line =
      guard_of().failed(answer(RestartReason::forbidden, 403, "no\nUser \"a\nb\" cannot\r\x7f"), begin);
  ASSERT_TRUE(line);
  for (const char c : *line) EXPECT_TRUE(static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
}

}  // namespace
}  // namespace outrigger::flow
