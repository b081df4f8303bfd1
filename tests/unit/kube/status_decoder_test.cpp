#include "agent/kube/status_decoder.h"

#include <gtest/gtest.h>

#include "agent/core/limits.h"
#include "tests/support/transcript.h"

namespace outrigger::kube {
namespace {

using core::ApiError;
using core::ApiErrorClass;
using core::Millis;

ApiError answer(std::uint16_t code, const std::string& body,
                std::vector<std::pair<std::string, std::string>> headers = {}) {
  return decode_error({code, std::move(headers)}, body);
}
std::string status(const std::string& rest) {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure",)" + rest + "}";
}
ApiErrorClass forbidden(const std::string& message) {
  return answer(403, status(R"("reason":"Forbidden","message":")" + message + "\"")).error_class;
}

TEST(StatusDecoder, success_is_no_error) {
  EXPECT_EQ(answer(200, "").error_class, ApiErrorClass::none);
  EXPECT_EQ(answer(201, status(R"("code":201)")).error_class, ApiErrorClass::none);
}

TEST(StatusDecoder, a_403_is_quota_rbac_admission_or_namespace_by_its_text) {
  EXPECT_EQ(forbidden("pods is forbidden: User \\\"x\\\" cannot create resource \\\"pods\\\" in API group"),
            ApiErrorClass::rbac);
  EXPECT_EQ(
      forbidden(
          "pods \\\"p\\\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"),
      ApiErrorClass::quota);
  EXPECT_EQ(forbidden("pods \\\"p\\\" is forbidden: status unknown for quota: q"), ApiErrorClass::quota);
  EXPECT_EQ(forbidden("pods \\\"p\\\" is forbidden: failed quota: q: must specify requests.cpu"),
            ApiErrorClass::quota);
  EXPECT_EQ(forbidden("pods \\\"p\\\" is forbidden: violates PodSecurity \\\"restricted:latest\\\""),
            ApiErrorClass::invalid);
  EXPECT_EQ(
      answer(
          403,
          status(
              R"("reason":"Forbidden","message":"pods \"p\" is forbidden: unable to create new content in namespace n",)"
              R"("details":{"causes":[{"reason":"NamespaceTerminating"}]})"))
          .error_class,
      ApiErrorClass::namespace_missing);
  EXPECT_EQ(answer(403, "<html>no</html>").error_class, ApiErrorClass::rbac);
}

TEST(StatusDecoder, a_webhook_that_denies_is_told_from_one_that_cannot_be_reached) {
  const std::string denied = R"("message":"admission webhook \"w.example.com\" denied the request: no")";
  for (const int code : {400, 403, 422, 500})
    EXPECT_EQ(answer(static_cast<std::uint16_t>(code), status(denied)).error_class,
              ApiErrorClass::webhook_denied)
        << code;
  EXPECT_EQ(
      answer(
          500,
          status(
              R"("reason":"InternalError","message":"Internal error occurred: failed calling webhook \"w\": timeout")"))
          .error_class,
      ApiErrorClass::webhook_unreachable);
}

TEST(StatusDecoder, a_missing_namespace_is_told_from_a_missing_pod) {
  EXPECT_EQ(
      answer(404, status(R"("reason":"NotFound","details":{"name":"n","kind":"namespaces"})")).error_class,
      ApiErrorClass::namespace_missing);
  EXPECT_EQ(answer(404, status(R"("reason":"NotFound","details":{"name":"p","kind":"pods"})")).error_class,
            ApiErrorClass::not_found);
  EXPECT_EQ(answer(404, "404 page not found").error_class, ApiErrorClass::not_found);
}

TEST(StatusDecoder, a_409_is_a_conflict_unless_it_exists) {
  EXPECT_EQ(answer(409, status(R"("reason":"AlreadyExists")")).error_class, ApiErrorClass::already_exists);
  EXPECT_EQ(answer(409, status(R"("reason":"Conflict")")).error_class, ApiErrorClass::conflict);
}

TEST(StatusDecoder, gone_is_410_or_its_reasons) {
  EXPECT_EQ(answer(410, "").error_class, ApiErrorClass::gone);
  EXPECT_EQ(answer(400, status(R"("reason":"Expired")")).error_class, ApiErrorClass::gone);
  EXPECT_EQ(answer(500, status(R"("reason":"Gone")")).error_class, ApiErrorClass::gone);
}

TEST(StatusDecoder, an_expired_list_brings_a_fresh_token) {
  const auto transcript = support::load_transcript("list-continue-expired-410");
  const ApiError error = decode_error(transcript.head, transcript.body);
  EXPECT_EQ(error.error_class, ApiErrorClass::gone);
  EXPECT_EQ(error.continue_token.substr(0, 8), "eyJ2Ijoi");
  EXPECT_EQ(error.reason, "Expired");
}

TEST(StatusDecoder, a_too_large_version_is_known_by_cause_and_on_old_servers_by_text) {
  EXPECT_EQ(
      answer(
          504,
          status(
              R"("reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1})"))
          .error_class,
      ApiErrorClass::too_large_version);
  EXPECT_EQ(answer(500, status(R"("message":"Too large resource version: 99, current: 9")")).error_class,
            ApiErrorClass::too_large_version);
  EXPECT_EQ(answer(504, status(R"("reason":"Timeout","message":"request did not complete")")).error_class,
            ApiErrorClass::server_error);
}

TEST(StatusDecoder, flow_control_answers_in_plain_text) {
  const ApiError error = answer(429, "Too many requests, please try again later.\n",
                                {{"retry-after", "7"}, {"audit-id", "abc"}});
  EXPECT_EQ(error.error_class, ApiErrorClass::throttled);
  EXPECT_EQ(error.message, "Too many requests, please try again later.");
  EXPECT_EQ(error.retry_after, Millis(7000));
  EXPECT_EQ(error.audit_id, "abc");
}

TEST(StatusDecoder, retry_after_is_seconds_or_a_date_measured_by_the_answers_own_clock) {
  const auto after = [](const std::string& value, const std::string& date) {
    return answer(429, "", {{"retry-after", value}, {"date", date}}).retry_after;
  };
  const std::string now = "Sat, 21 Nov 2026 13:08:41 GMT";
  EXPECT_EQ(after("0", now), Millis(0));
  EXPECT_EQ(after("Sat, 21 Nov 2026 13:09:41 GMT", now), Millis(60'000));
  EXPECT_EQ(after("Sat, 21 Nov 2026 13:00:00 GMT", now), Millis(0)) << "in the past";
  EXPECT_EQ(after("Sat, 21 Nov 2026 13:09:41 GMT", ""), std::nullopt);
  EXPECT_EQ(after("soon", now), std::nullopt);
  EXPECT_EQ(after("-1", now), std::nullopt);
  EXPECT_EQ(after("99999999", now), Millis(24 * 3600 * 1000)) << "bounded";
}

TEST(StatusDecoder, the_bodys_seconds_stand_in_for_a_missing_header) {
  EXPECT_EQ(answer(429, status(R"("details":{"retryAfterSeconds":10})")).retry_after, Millis(10'000));
  EXPECT_EQ(answer(429, status(R"("details":{"retryAfterSeconds":10})"), {{"retry-after", "2"}}).retry_after,
            Millis(2'000));
}

TEST(StatusDecoder, other_codes_are_typed_by_what_to_do) {
  EXPECT_EQ(answer(401, "").error_class, ApiErrorClass::unauthorized);
  EXPECT_EQ(answer(400, "").error_class, ApiErrorClass::invalid);
  EXPECT_EQ(answer(413, "").error_class, ApiErrorClass::invalid);
  EXPECT_EQ(answer(422, "").error_class, ApiErrorClass::invalid);
  EXPECT_EQ(answer(500, "").error_class, ApiErrorClass::server_error);
  EXPECT_EQ(answer(503, "").error_class, ApiErrorClass::server_error);
  EXPECT_EQ(answer(302, "").error_class, ApiErrorClass::server_error);
}

TEST(StatusDecoder, a_body_that_is_no_status_becomes_one_bounded_line) {
  EXPECT_EQ(answer(502, "<html>\r\n<b>Bad\tGateway</b>\n\xFF\n").message, "<html> <b>Bad Gateway</b> ?");
  EXPECT_EQ(answer(502, std::string(5000, 'x')).message.size(), core::limits::message_bytes);
  EXPECT_EQ(answer(502, R"({"kind":"Other","message":"x"})").message, R"({"kind":"Other","message":"x"})");
  EXPECT_EQ(answer(502, R"({"kind":"Status","message":)").message, R"({"kind":"Status","message":)");
  EXPECT_EQ(answer(502, "").message, "");
}

TEST(StatusDecoder, a_long_message_is_cut_at_a_characters_boundary) {
  std::string text(core::limits::message_bytes - 1, 'x');
  EXPECT_EQ(answer(500, status("\"message\":\"" + text + "é\"")).message, text);
}

TEST(StatusDecoder, in_band_the_statuss_own_code_decides_and_its_reason_where_there_is_none) {
  const auto in_band = [](std::uint16_t code, const char* reason) {
    StatusFields fields;
    fields.code = code;
    fields.reason = reason;
    return classify_in_band(fields).error_class;
  };
  EXPECT_EQ(in_band(410, "Expired"), ApiErrorClass::gone);
  EXPECT_EQ(in_band(0, "Expired"), ApiErrorClass::gone);
  EXPECT_EQ(in_band(429, ""), ApiErrorClass::throttled);
  EXPECT_EQ(in_band(0, "TooManyRequests"), ApiErrorClass::throttled);
  EXPECT_EQ(in_band(0, "Forbidden"), ApiErrorClass::rbac);
  EXPECT_EQ(in_band(0, "Invalid"), ApiErrorClass::invalid);
  EXPECT_EQ(in_band(500, "InternalError"), ApiErrorClass::server_error);
  EXPECT_EQ(in_band(0, ""), ApiErrorClass::server_error);
  StatusFields slow;
  slow.code = 429;
  slow.retry_after_s = 3;
  EXPECT_EQ(classify_in_band(slow).retry_after, Millis(3000));
}

}  // namespace
}  // namespace outrigger::kube
