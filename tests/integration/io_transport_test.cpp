// How each end of an exchange is told: what matters to a write is whether it certainly did not happen.
#include <gmock/gmock.h>

#include "tests/integration/io_client.h"
#include "tests/support/scripted_server.h"

namespace outrigger::test {
namespace {

using ports::Lane;
using ports::Transport;
using testing::HasSubstr;
using testing::Not;

constexpr const char* token = "the-secret-token";

class IoTransport : public testing::Test {
 protected:
  static ScriptedServer::Options tls(const Identity& identity) { return {identity, ""}; }
  std::unique_ptr<io::CurlHttp> client(const std::string& url,
                                       std::function<void(io::HttpOptions&)> change = {}) {
    io::HttpOptions options;
    options.cluster.server = url;
    options.cluster.ca.data = authority.pem();
    options.cluster.token = token;
    options.user_agent = io::user_agent("outrigger-agent", "1.2.3");
    if (change) change(options);
    auto made = io::CurlHttp::open(loop.asio, options, &log, &catalog);
    EXPECT_TRUE(made) << (made ? "" : made.error().text);
    return std::move(*made);
  }
  // One exchange from start to end; the token is in no text.
  ports::TransportEnd run(io::CurlHttp& http, Lane lane, kube::Request request) {
    sink.emplace(loop);
    http.start(lane, std::move(request), *sink);
    EXPECT_EQ(sink->ends, 0) << "on_end inside start()";
    EXPECT_TRUE(loop.run_until([&] { return sink->ends > 0; }));
    EXPECT_EQ(sink->ends, 1);
    EXPECT_THAT(sink->end.detail, Not(HasSubstr(token)));
    EXPECT_THAT(sink->end.detail, Not(HasSubstr("\n")));
    EXPECT_EQ(http.open_exchanges(), 0u);
    return sink->end;
  }

  Authority authority{"the test's authority"};
  Identity identity = authority.issue("server", "IP:127.0.0.1");
  metrics::Catalog catalog{{.host = "h"}};
  FakeLog log;
  Loop loop;
  std::optional<Sink> sink;
};

TEST_F(IoTransport, a_complete_answer_is_told_with_its_head_in_lower_case) {
  HeardRequest heard;
  ScriptedServer server(tls(identity), [&](Line& line, int) {
    heard = line.read().value();
    line.answer(200, "{\"a\":1}", "Audit-ID: abc\r\n");
  });
  const auto http = client(server.url());
  EXPECT_EQ(run(*http, Lane::write, get("/api/v1/pods?limit=1")).outcome, Transport::ok);
  EXPECT_EQ(sink->head.code, 200);
  EXPECT_EQ(sink->head.header("audit-id"), "abc");
  EXPECT_EQ(sink->body, "{\"a\":1}");
  EXPECT_EQ(heard.target, "/api/v1/pods?limit=1");
  EXPECT_EQ(heard.headers.at("user-agent"), "outrigger-agent/1.2.3 (linux/amd64)");
  EXPECT_EQ(heard.headers.at("authorization"), std::string("Bearer ") + token);
  EXPECT_EQ(heard.headers.at("accept"), "application/json");
}

TEST_F(IoTransport, methods_and_bodies_arrive_as_they_were_given) {
  std::vector<HeardRequest> heard;
  ScriptedServer server(tls(identity), [&](Line& line, int) {
    while (auto request = line.read()) {
      heard.push_back(std::move(*request));
      line.answer(200, "{}");
    }
  });
  const auto http = client(server.url());
  const std::string large(300'000, 'x');
  run(*http, Lane::write, post("/pods", large));
  run(*http, Lane::write,
      {.verb = kube::Verb::remove, .target = "/pods/a", .body = "{\"gracePeriodSeconds\":0}"});
  run(*http, Lane::write, {.verb = kube::Verb::remove, .target = "/pods/b"});
  run(*http, Lane::write,
      {.verb = kube::Verb::patch,
       .target = "/pods/c",
       .body = "{}",
       .content_type = "application/merge-patch+json",
       .accept = "application/json;as=Table"});
  run(*http, Lane::write, {.verb = kube::Verb::create, .target = "/empty"});
  ASSERT_EQ(heard.size(), 5u);
  EXPECT_EQ(heard[0].method, "POST");
  EXPECT_EQ(heard[0].body, large);
  EXPECT_FALSE(heard[0].headers.contains("expect"));
  EXPECT_EQ(heard[1].method, "DELETE");
  EXPECT_EQ(heard[1].body, "{\"gracePeriodSeconds\":0}");
  EXPECT_EQ(heard[2].method, "DELETE");
  EXPECT_EQ(heard[2].body, "");
  EXPECT_EQ(heard[3].method, "PATCH");
  EXPECT_EQ(heard[3].headers.at("content-type"), "application/merge-patch+json");
  EXPECT_EQ(heard[3].headers.at("accept"), "application/json;as=Table");
  EXPECT_EQ(heard[4].method, "POST");
  EXPECT_EQ(server.connections(), 1) << "a kept connection is used again";
}

TEST_F(IoTransport, an_authority_that_did_not_sign_the_server_is_tls_and_nothing_is_sent) {
  std::atomic<int> requests{0};
  ScriptedServer server(tls(identity), [&](Line& line, int) {
    if (line.read()) ++requests;
  });
  const Authority other("another authority");
  const auto http = client(server.url(), [&](io::HttpOptions& o) { o.cluster.ca.data = other.pem(); });
  const auto end = run(*http, Lane::write, post("/pods", "{}"));
  EXPECT_EQ(end.outcome, Transport::tls);
  EXPECT_TRUE(end.certificate);
  EXPECT_THAT(end.detail, HasSubstr("certificate"));
  EXPECT_EQ(requests, 0);
}

TEST_F(IoTransport, a_certificate_of_another_name_is_tls) {
  ScriptedServer server(tls(authority.issue("server", "DNS:kube.example")),
                        [](Line& line, int) { line.read(); });
  const auto http = client(server.url());
  const auto end = run(*http, Lane::watch, get("/"));
  EXPECT_EQ(end.outcome, Transport::tls);
  EXPECT_TRUE(end.certificate);
}

TEST_F(IoTransport, tls_server_name_is_what_the_certificate_is_checked_against) {
  HeardRequest heard;
  ScriptedServer server(tls(authority.issue("server", "DNS:kube.example")), [&](Line& line, int) {
    heard = line.read().value_or(HeardRequest{});
    line.answer(200, "{}");
  });
  const auto http =
      client(server.url(), [](io::HttpOptions& o) { o.cluster.tls_server_name = "kube.example"; });
  EXPECT_EQ(run(*http, Lane::write, get("/x")).outcome, Transport::ok);
  EXPECT_EQ(heard.headers.at("host"), "127.0.0.1:" + std::to_string(server.port()));
}

TEST_F(IoTransport, insecure_checks_nothing) {
  const Authority other("another authority");
  ScriptedServer server(tls(other.issue("server", "DNS:elsewhere")), [](Line& line, int) {
    line.read();
    line.answer(200, "{}");
  });
  const auto http = client(server.url(), [](io::HttpOptions& o) {
    o.cluster.ca.data.clear();
    o.cluster.insecure = true;
  });
  EXPECT_EQ(run(*http, Lane::write, get("/")).outcome, Transport::ok);
}

TEST_F(IoTransport, a_client_certificate_is_shown) {
  std::string seen;
  ScriptedServer server({identity, authority.pem()}, [&](Line& line, int) {
    if (!line.read()) return;
    seen = line.client_name();
    line.answer(200, "{}");
  });
  const auto mine = authority.issue("agent-0", "");
  const auto http = client(server.url(), [&](io::HttpOptions& o) {
    o.cluster.client_certificate.data = mine.certificate;
    o.cluster.client_key.data = mine.key;
  });
  EXPECT_EQ(run(*http, Lane::write, get("/")).outcome, Transport::ok);
  EXPECT_EQ(seen, "agent-0");
}

TEST_F(IoTransport, a_closed_port_is_refused) {
  std::string url;
  {
    ScriptedServer gone(tls(identity), [](Line&, int) {});
    url = gone.url();
  }
  const auto http = client(url);
  EXPECT_EQ(run(*http, Lane::write, post("/pods", "{}")).outcome, Transport::refused);
}

TEST_F(IoTransport, a_server_that_never_shakes_hands_is_refused_after_the_connect_timeout) {
  ScriptedServer server(tls(identity), [](Line& line, int) {
    (void)line;  // the TCP connection stands; not one byte of TLS
    line.hold();
  });
  // hold() reads the client's first bytes as if they were plain, and answers nothing.
  const auto http =
      client(server.url(), [](io::HttpOptions& o) { o.server.connect_timeout = core::Millis(200); });
  EXPECT_EQ(run(*http, Lane::write, post("/pods", "{}")).outcome, Transport::refused);
}

TEST_F(IoTransport, a_black_hole_is_found_by_the_deadline) {
  ScriptedServer server(tls(identity), [](Line& line, int) {
    line.read();
    line.hold();
  });
  const auto http = client(server.url());
  EXPECT_EQ(run(*http, Lane::write, post("/pods", "{}", core::Millis(300))).outcome, Transport::timed_out);
  EXPECT_EQ(sink->heads, 0);
}

TEST_F(IoTransport, a_watch_that_falls_silent_is_found_by_the_deadline_and_its_bytes_are_not_lost) {
  ScriptedServer server(tls(identity), [](Line& line, int) {
    line.read();
    line.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{\"a\":1\r\n");
    line.hold();
  });
  const auto http = client(server.url());
  EXPECT_EQ(run(*http, Lane::watch, watch("/pods?watch=1", core::Millis(300))).outcome, Transport::timed_out);
  EXPECT_EQ(sink->head.code, 200);
  EXPECT_EQ(sink->body, "{\"a\":1");
}

TEST_F(IoTransport, a_body_cut_short_is_interrupted) {
  ScriptedServer server(tls(identity), [](Line& line, int) {
    line.read();
    line.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
  });
  const auto http = client(server.url());
  EXPECT_EQ(run(*http, Lane::write, get("/")).outcome, Transport::interrupted);
  EXPECT_EQ(sink->body, "only this");
}

TEST_F(IoTransport, a_chunked_stream_without_its_end_is_interrupted) {
  ScriptedServer server(tls(identity), [](Line& line, int) {
    line.read();
    line.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  });
  const auto http = client(server.url());
  EXPECT_EQ(run(*http, Lane::watch, watch("/")).outcome, Transport::interrupted);
}

TEST_F(IoTransport, a_chunked_stream_with_its_end_is_ok) {
  ScriptedServer server(tls(identity), [](Line& line, int) {
    line.read();
    line.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    line.hold();
  });
  const auto http = client(server.url());
  EXPECT_EQ(run(*http, Lane::watch, watch("/")).outcome, Transport::ok);
  EXPECT_EQ(sink->body, "abc");
}

TEST_F(IoTransport, a_reset_before_the_answer_is_interrupted) {
  ScriptedServer server(tls(identity), [](Line& line, int) {
    line.read();
    line.reset();
  });
  const auto http = client(server.url());
  EXPECT_EQ(run(*http, Lane::write, post("/pods", "{}")).outcome, Transport::interrupted);
}

// libcurl sends again by itself what a kept connection swallowed; a write must not leave twice unseen.
TEST_F(IoTransport, a_write_lost_on_a_kept_connection_is_told_and_not_sent_again) {
  std::atomic<int> posts{0};
  ScriptedServer server(tls(identity), [&](Line& line, int) {
    while (auto request = line.read()) {
      if (request->method == "POST") {
        ++posts;
        return;  // closed without a word
      }
      line.answer(200, "{}");
    }
  });
  const auto http = client(server.url());
  ASSERT_EQ(run(*http, Lane::write, get("/")).outcome, Transport::ok);
  EXPECT_EQ(run(*http, Lane::write, post("/pods", "{}")).outcome, Transport::interrupted);
  EXPECT_EQ(posts, 1);
}

TEST_F(IoTransport, a_write_without_a_body_is_not_sent_again_either) {
  std::atomic<int> deletes{0};
  ScriptedServer server(tls(identity), [&](Line& line, int) {
    while (auto request = line.read()) {
      if (request->method == "DELETE") {
        ++deletes;
        return;
      }
      line.answer(200, "{}");
    }
  });
  const auto http = client(server.url());
  ASSERT_EQ(run(*http, Lane::write, get("/")).outcome, Transport::ok);
  EXPECT_EQ(run(*http, Lane::write, {.verb = kube::Verb::remove, .target = "/pods/a"}).outcome,
            Transport::interrupted);
  EXPECT_EQ(deletes, 1);
}

TEST_F(IoTransport, a_read_lost_on_a_kept_connection_is_asked_again) {
  std::atomic<int> asked{0};
  ScriptedServer server(tls(identity), [&](Line& line, int) {
    while (auto request = line.read()) {
      if (request->target == "/b" && ++asked == 1) return;
      line.answer(200, "{}");
    }
  });
  const auto http = client(server.url());
  ASSERT_EQ(run(*http, Lane::write, get("/a")).outcome, Transport::ok);
  EXPECT_EQ(run(*http, Lane::write, get("/b")).outcome, Transport::ok);
  EXPECT_EQ(asked, 2);
}

TEST_F(IoTransport, a_write_lost_when_the_server_goes_for_good_is_interrupted_not_refused) {
  std::optional<ScriptedServer> server;
  Sink lost(loop);
  server.emplace(tls(identity), [&](Line& line, int) {
    line.read();
    line.answer(200, "{}");
    line.read();
    loop.asio.post([&] { loop.asio.stop(); });
    line.hold();
  });
  const auto http = client(server->url());
  ASSERT_EQ(run(*http, Lane::write, get("/")).outcome, Transport::ok);
  http->start(Lane::write, post("/pods", "{}"), lost);
  loop.asio.run();  // until the server has read it
  server.reset();   // connection and listener
  ASSERT_TRUE(loop.run_until([&] { return lost.ends == 1; }));
  EXPECT_EQ(lost.end.outcome, Transport::interrupted) << lost.end.detail;
}

TEST_F(IoTransport, an_answer_over_its_bound_is_stopped) {
  ScriptedServer server(tls(identity), [](Line& line, int) {
    while (line.read())
      if (!line.answer(200, std::string(core::limits::answer_bytes + 1, ' '))) return;
  });
  const auto http = client(server.url());
  sink.emplace(loop);
  const auto end = run(*http, Lane::write, get("/"));
  EXPECT_EQ(end.outcome, Transport::aborted);
  EXPECT_THAT(end.detail, HasSubstr("larger than 4194304 bytes"));
  EXPECT_LE(sink->received, core::limits::answer_bytes);
}

TEST_F(IoTransport, an_answer_at_its_bound_is_read) {
  ScriptedServer server(tls(identity), [](Line& line, int) {
    line.read();
    line.answer(200, std::string(core::limits::answer_bytes, ' '));
  });
  const auto http = client(server.url());
  EXPECT_EQ(run(*http, Lane::write, get("/")).outcome, Transport::ok);
  EXPECT_EQ(sink->received, core::limits::answer_bytes);
}

TEST_F(IoTransport, plain_http_works_and_a_100_is_not_the_answer) {
  ScriptedServer server({std::nullopt, ""}, [](Line& line, int) {
    line.read();
    line.write("HTTP/1.1 100 Continue\r\n\r\n");
    line.answer(201, "{}");
  });
  const auto http = client(server.url());
  EXPECT_EQ(run(*http, Lane::write, post("/pods", "{}")).outcome, Transport::ok);
  EXPECT_EQ(sink->heads, 1);
  EXPECT_EQ(sink->head.code, 201);
}

TEST_F(IoTransport, requests_are_counted_by_code_and_failures_as_error) {
  ScriptedServer server(tls(identity), [](Line& line, int) {
    line.read();
    line.answer(404, "{}");
  });
  const auto http = client(server.url());
  run(*http, Lane::write, get("/"));
  const auto closed = client("https://127.0.0.1:1");
  run(*closed, Lane::write, post("/", "{}"));
  const auto page = catalog.render();
  EXPECT_THAT(page, HasSubstr("rest_client_requests_total{code=\"404\",host=\"h\",method=\"GET\"} 1"));
  EXPECT_THAT(page, HasSubstr("rest_client_requests_total{code=\"<error>\",host=\"h\",method=\"POST\"} 1"));
  EXPECT_THAT(page, HasSubstr("rest_client_request_duration_seconds_count{host=\"h\",verb=\"GET\"} 1"));
  EXPECT_THAT(page, HasSubstr("outrigger_connections_total{lane=\"write\"} 1"));
}

}  // namespace
}  // namespace outrigger::test
