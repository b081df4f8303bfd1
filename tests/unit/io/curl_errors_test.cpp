#include "agent/io/curl_errors.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

namespace outrigger::io {
namespace {

using ports::Transport;

Transport of(CURLcode code, bool sent, const char* text = "") {
  return transport_end({code, sent, text}).outcome;
}

TEST(CurlErrors, what_never_left_is_refused) {
  for (const auto code : {CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST})
    EXPECT_EQ(of(code, false), Transport::refused);
  EXPECT_EQ(of(CURLE_OPERATION_TIMEDOUT, false), Transport::refused);
  EXPECT_EQ(of(CURLE_SEND_ERROR, false), Transport::refused);
  EXPECT_EQ(of(CURLE_SSL_CONNECT_ERROR, false, "OpenSSL SSL_connect: Connection reset by peer"),
            Transport::refused);
}

TEST(CurlErrors, what_may_have_arrived_is_interrupted_or_timed_out) {
  for (const auto code :
       {CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2,
        CURLE_HTTP2_STREAM, CURLE_SEND_FAIL_REWIND, CURLE_BAD_CONTENT_ENCODING})
    EXPECT_EQ(of(code, true), Transport::interrupted) << code;
  EXPECT_EQ(of(CURLE_OPERATION_TIMEDOUT, true), Transport::timed_out);
}

TEST(CurlErrors, a_second_connection_that_fails_does_not_undo_what_was_sent_on_the_first) {
  for (const auto code : {CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_SSL_CONNECT_ERROR,
                          CURLE_PEER_FAILED_VERIFICATION})
    EXPECT_EQ(of(code, true), Transport::interrupted) << code;
}

TEST(CurlErrors, certificates_are_tls_and_only_an_untrusted_server_is_a_certificate) {
  EXPECT_TRUE(transport_end({CURLE_PEER_FAILED_VERIFICATION, false, ""}).certificate);
  EXPECT_EQ(of(CURLE_PEER_FAILED_VERIFICATION, false), Transport::tls);
  EXPECT_EQ(of(CURLE_SSL_CONNECT_ERROR, false, "alert handshake failure"), Transport::tls);
  EXPECT_FALSE(transport_end({CURLE_SSL_CONNECT_ERROR, false, "alert handshake failure"}).certificate);
}

TEST(CurlErrors, the_detail_is_one_line_with_the_code) {
  EXPECT_EQ(transport_end({CURLE_RECV_ERROR, true, "two\nlines"}).detail, "two lines (curl 56)");
  EXPECT_EQ(transport_end({CURLE_OK, true, "ignored"}).detail, "");
  EXPECT_NE(transport_end({CURLE_RECV_ERROR, true, ""}).detail, " (curl 56)");
}

}  // namespace
}  // namespace outrigger::io
