// Two lanes, cancel, bounds of a turn, and credentials that change.
#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>

#include "tests/integration/io_client.h"
#include "tests/support/scripted_server.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::test {
namespace {

using ports::Lane;
using ports::Transport;

class IoLanes : public testing::Test {
 protected:
  std::unique_ptr<io::CurlHttp> client(const std::string& url,
                                       std::function<void(io::HttpOptions&)> change = {}) {
    io::HttpOptions options;
    options.cluster.server = url;
    options.cluster.ca.data = authority.pem();
    if (change) change(options);
    auto made = io::CurlHttp::open(loop.asio, options, &log, &catalog);
    EXPECT_TRUE(made) << (made ? "" : made.error().text);
    return std::move(*made);
  }
  static void serve(Line& line, int) {
    while (line.read())
      if (!line.answer(200, "{}")) return;
  }

  Authority authority{"the test's authority"};
  Identity identity = authority.issue("server", "IP:127.0.0.1");
  metrics::Catalog catalog;
  FakeLog log;
  Loop loop;
};

TEST_F(IoLanes, the_watch_has_a_connection_of_its_own) {
  std::mutex mutex;
  std::map<int, std::string> of_connection;
  ScriptedServer server({identity, ""}, [&](Line& line, int number) {
    while (auto request = line.read()) {
      {
        std::lock_guard lock(mutex);
        of_connection[number] += request->target;
      }
      if (request->target == "/watch") {
        line.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        return line.hold();
      }
      line.answer(200, "{}");
    }
  });
  const auto http = client(server.url());
  Sink watching(loop), one(loop), two(loop);
  const auto id = http->start(Lane::watch, watch("/watch"), watching);
  ASSERT_TRUE(loop.run_until([&] { return watching.heads == 1; }));
  http->start(Lane::write, get("/a"), one);
  ASSERT_TRUE(loop.run_until([&] { return one.ends == 1; }));
  http->start(Lane::write, get("/b"), two);
  ASSERT_TRUE(loop.run_until([&] { return two.ends == 1; }));
  http->cancel(id);
  EXPECT_EQ(watching.ends, 0);
  EXPECT_EQ(server.connections(), 2);
  std::lock_guard lock(mutex);
  EXPECT_EQ(of_connection[0], "/watch");
  EXPECT_EQ(of_connection[1], "/a/b");
}

TEST_F(IoLanes, over_http_1_writes_use_at_most_the_given_connections_and_all_are_answered) {
  std::mutex mutex;
  int busy = 0, most = 0;
  std::condition_variable all_here;
  ScriptedServer server({identity, ""}, [&](Line& line, int) {
    while (line.read()) {
      {
        std::unique_lock lock(mutex);
        most = std::max(most, ++busy);
        all_here.notify_all();
        // The first four wait for each other: proof that they were under way together.
        all_here.wait(lock, [&] { return most >= 4; });
      }
      if (!line.answer(200, "{}")) return;
      std::lock_guard lock(mutex);
      --busy;
    }
  });
  const auto http = client(server.url(), [](io::HttpOptions& o) { o.write_connections = 4; });
  std::vector<std::unique_ptr<Sink>> sinks;
  int ended = 0;
  for (int i = 0; i < 40; ++i) {
    sinks.push_back(std::make_unique<Sink>(loop));
    sinks.back()->at_end = [&] { ++ended; };
    http->start(Lane::write, post("/pods", "{}"), *sinks.back());
  }
  EXPECT_TRUE(loop.run_until([&] { return ended == 40; }));
  for (const auto& sink : sinks) EXPECT_EQ(sink->end.outcome, Transport::ok) << sink->end.detail;
  EXPECT_EQ(server.connections(), 4);
}

TEST_F(IoLanes, a_turn_delivers_no_more_than_its_share) {
  constexpr std::size_t total = 24u << 20, share = 64u << 10, one_chunk = 64u << 10;
  ScriptedServer server({identity, ""}, [&](Line& line, int) {
    line.read();
    line.answer(200, std::string(total, 'x'));
    line.hold();
  });
  const auto http = client(server.url(), [&](io::HttpOptions& o) { o.turn_bytes = share; });
  Sink sink(loop);
  sink.keep = false;
  std::size_t in_turn = 0, worst = 0;
  // Posted again and again: it runs once per turn of the loop.
  std::function<void()> tick = [&] {
    in_turn = 0;
    if (sink.ends == 0) loop.asio.post(tick);
  };
  sink.at_body = [&](std::string_view bytes) {
    worst = std::max(worst, in_turn += bytes.size());
    return true;
  };
  loop.asio.post(tick);
  http->start(Lane::watch, {.verb = kube::Verb::list, .target = "/pods"}, sink);
  ASSERT_TRUE(loop.run_until([&] { return sink.ends == 1; }));
  EXPECT_EQ(sink.received, total);
  EXPECT_GE(worst, share / 2) << "the bound was never near, so the test says nothing";
  // A timer of libcurl may have its turn between two ticks, too.
  EXPECT_LE(worst, 2 * share + one_chunk);
}

TEST_F(IoLanes, no_chunk_is_larger_than_a_turns_share) {
  ScriptedServer server({identity, ""}, [&](Line& line, int) {
    line.read();
    line.answer(200, std::string(4u << 20, 'x'));
  });
  const auto http = client(server.url());
  Sink sink(loop);
  std::size_t largest = 0;
  sink.at_body = [&](std::string_view bytes) {
    largest = std::max(largest, bytes.size());
    return true;
  };
  http->start(Lane::watch, {.verb = kube::Verb::list, .target = "/pods"}, sink);
  ASSERT_TRUE(loop.run_until([&] { return sink.ends == 1; }));
  EXPECT_LE(largest, core::limits::loop_turn_bytes);
}

TEST_F(IoLanes, a_sink_that_says_stop_is_told_the_end_once) {
  ScriptedServer server({identity, ""}, [&](Line& line, int) {
    line.read();
    line.answer(200, std::string(1u << 20, 'x'));
  });
  const auto http = client(server.url());
  Sink sink(loop);
  int bodies = 0;
  sink.at_body = [&](std::string_view) { return ++bodies < 2; };
  http->start(Lane::watch, get("/"), sink);
  ASSERT_TRUE(loop.run_until([&] { return sink.ends == 1; }));
  EXPECT_EQ(sink.end.outcome, Transport::aborted);
  EXPECT_EQ(bodies, 2);
}

TEST_F(IoLanes, cancel_at_any_moment_is_the_last_word_and_the_lane_goes_on) {
  ScriptedServer server({identity, ""}, [&](Line& line, int) {
    while (line.read())
      if (!line.answer(200, std::string(200'000, 'x'))) return;
  });
  const auto http = client(server.url());
  for (const Lane lane : {Lane::watch, Lane::write}) {
    for (const bool at_head : {true, false}) {
      auto cancelled = std::make_unique<Sink>(loop);
      Sink next(loop);
      ports::ExchangeId id = 0;
      const auto now = [&] {
        http->cancel(id);
        http->start(lane, get("/next"), next);  // from inside of libcurl's callback
      };
      int bodies = 0;
      if (at_head)
        cancelled->at_head = now;
      else
        cancelled->at_body = [&](std::string_view) {
          if (++bodies == 1) now();
          return true;
        };
      id = http->start(lane, get("/"), *cancelled);
      ASSERT_TRUE(loop.run_until([&] { return next.ends == 1; }));
      EXPECT_EQ(next.end.outcome, Transport::ok);
      EXPECT_EQ(next.received, 200'000u);
      EXPECT_EQ(cancelled->ends, 0);
      EXPECT_LE(bodies, 1);
      EXPECT_EQ(http->open_exchanges(), 0u);
    }
  }
}

TEST_F(IoLanes, an_exchange_may_cancel_another_from_its_own_callbacks) {
  ScriptedServer server({identity, ""}, &IoLanes::serve);
  const auto http = client(server.url(), [](io::HttpOptions& o) { o.write_connections = 2; });
  Sink first(loop), second(loop);
  ports::ExchangeId second_id = 0;
  first.at_head = [&] { http->cancel(second_id); };
  http->start(Lane::write, get("/1"), first);
  second_id = http->start(Lane::write, get("/2"), second);
  ASSERT_TRUE(loop.run_until([&] { return first.ends == 1 && http->open_exchanges() == 0; }));
  EXPECT_EQ(first.end.outcome, Transport::ok);
  EXPECT_LE(second.ends, 1);  // it may have ended before it was cancelled
}

TEST_F(IoLanes, cancel_before_the_first_turn_and_of_unknown_ids) {
  ScriptedServer server({identity, ""}, &IoLanes::serve);
  const auto http = client(server.url());
  Sink cancelled(loop), other(loop);
  http->cancel(0);
  http->cancel(4711);
  http->cancel(http->start(Lane::write, get("/"), cancelled));
  http->start(Lane::write, get("/"), other);
  ASSERT_TRUE(loop.run_until([&] { return other.ends == 1; }));
  EXPECT_EQ(cancelled.heads + cancelled.ends, 0);
}

TEST_F(IoLanes, a_client_with_open_exchanges_may_be_destroyed) {
  ScriptedServer server({identity, ""}, [](Line& line, int) {
    line.read();
    line.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    line.hold();
  });
  auto http = client(server.url());
  Sink watching(loop), writing(loop);
  http->start(Lane::watch, watch("/"), watching);
  http->start(Lane::write, get("/"), writing);
  ASSERT_TRUE(loop.run_until([&] { return watching.heads == 1; }));
  http.reset();
  bool turned = false;
  loop.asio.post([&] {
    turned = true;
    loop.asio.stop();
  });
  loop.asio.run();
  EXPECT_TRUE(turned);
  EXPECT_EQ(watching.ends + writing.ends, 0);
}

class IoCredentials : public IoLanes {
 protected:
  std::string token_of_one_request(io::CurlHttp& http) {
    Sink sink(loop);
    http.start(Lane::write, get("/"), sink);
    EXPECT_TRUE(loop.run_until([&] { return sink.ends == 1; }));
    EXPECT_EQ(sink.end.outcome, Transport::ok) << sink.end.detail;
    std::lock_guard lock(mutex);
    return seen;
  }
  void note(Line& line, int) {
    while (auto request = line.read()) {
      {
        std::lock_guard lock(mutex);
        seen = request->headers.contains("authorization") ? request->headers.at("authorization") : "none";
      }
      if (!line.answer(200, "{}")) return;
    }
  }
  TemporaryFolder folder;
  std::mutex mutex;
  std::string seen;
};

TEST_F(IoCredentials, a_changed_token_file_is_read_again) {
  ScriptedServer server({identity, ""}, [&](Line& line, int n) { note(line, n); });
  const auto file = folder.write("token", "first\n");
  const auto http = client(server.url(), [&](io::HttpOptions& o) {
    o.cluster.token_file = file;
    o.server.credentials_period = core::Millis(0);
  });
  EXPECT_EQ(token_of_one_request(*http), "Bearer first");
  folder.write("new", "second-token");
  std::filesystem::rename(folder.path("new"), file);  // as the kubelet swaps it
  EXPECT_EQ(token_of_one_request(*http), "Bearer second-token");
}

TEST_F(IoCredentials, within_the_period_only_a_reload_looks_at_the_file) {
  ScriptedServer server({identity, ""}, [&](Line& line, int n) { note(line, n); });
  const auto file = folder.write("token", "first");
  const auto http = client(server.url(), [&](io::HttpOptions& o) { o.cluster.token_file = file; });
  EXPECT_EQ(token_of_one_request(*http), "Bearer first");
  folder.write("token", "second-token");
  EXPECT_EQ(token_of_one_request(*http), "Bearer first");
  http->reload_credentials();
  EXPECT_EQ(token_of_one_request(*http), "Bearer second-token");
}

TEST_F(IoCredentials, a_token_file_that_vanishes_or_empties_leaves_the_last_good_token) {
  ScriptedServer server({identity, ""}, [&](Line& line, int n) { note(line, n); });
  const auto file = folder.write("token", "first");
  const auto http = client(server.url(), [&](io::HttpOptions& o) {
    o.cluster.token_file = file;
    o.server.credentials_period = core::Millis(0);
  });
  std::filesystem::remove(file);
  EXPECT_EQ(token_of_one_request(*http), "Bearer first");
  folder.write("token", "");
  EXPECT_EQ(token_of_one_request(*http), "Bearer first");
  folder.write("token", "two words");
  EXPECT_EQ(token_of_one_request(*http), "Bearer first");
  EXPECT_TRUE(log.contains("credentials can't be read again"));
  EXPECT_FALSE(log.contains("first"));
  folder.write("token", "third");
  EXPECT_EQ(token_of_one_request(*http), "Bearer third");
}

TEST_F(IoCredentials, a_rotated_authority_is_taken_up_and_the_old_one_is_not_trusted_any_more) {
  ScriptedServer server({identity, ""}, &IoLanes::serve);
  const auto file = folder.write("ca.crt", authority.pem());
  const auto http = client(server.url(), [&](io::HttpOptions& o) {
    o.cluster.ca = {"", file};
    o.server.credentials_period = core::Millis(0);
  });
  const auto outcome = [&] {
    Sink sink(loop);
    http->start(Lane::write, get("/"), sink);
    EXPECT_TRUE(loop.run_until([&] { return sink.ends == 1; }));
    return sink.end.outcome;
  };
  EXPECT_EQ(outcome(), Transport::ok);
  const Authority next("the next authority");
  folder.write("ca.crt", next.pem());
  EXPECT_EQ(outcome(), Transport::tls) << "the kept connection was made under the old authority";
  server.replace_identity(next.issue("server", "IP:127.0.0.1"));
  EXPECT_EQ(outcome(), Transport::ok);
  folder.write("ca.crt", "not a certificate");
  EXPECT_EQ(outcome(), Transport::ok);
}

TEST_F(IoCredentials, what_is_wrong_at_the_start_is_one_line) {
  const auto error = [&](std::function<void(config::Cluster&)> change) {
    io::HttpOptions options;
    options.cluster.server = "https://127.0.0.1:1";
    options.cluster.source = "f, context c";
    change(options.cluster);
    const auto made = io::CurlHttp::open(loop.asio, options, &log, nullptr);
    return made ? "no error" : made.error().text;
  };
  const auto mine = authority.issue("a", ""), other = authority.issue("b", "");
  EXPECT_EQ(error([](auto& c) { c.token_file = "/nowhere/token"; }),
            "/nowhere/token: No such file or directory");
  EXPECT_EQ(error([&](auto& c) { c.ca.file = folder.write("empty", "\n"); }),
            folder.path("empty") + ": is empty");
  EXPECT_EQ(error([&](auto& c) { c.ca.data = "junk"; }),
            "certificate authority of f, context c: holds no PEM certificate");
  EXPECT_THAT(error([&](auto& c) { c.token = "a b-secret"; }),
              testing::AllOf(testing::HasSubstr("is not a bearer token"),
                             testing::Not(testing::HasSubstr("b-secret"))));
  EXPECT_THAT(error([&](auto& c) {
                c.client_certificate.data = mine.certificate;
                c.client_key.data = other.key;
              }),
              testing::HasSubstr("the client key does not belong to the client certificate"));
}

}  // namespace
}  // namespace outrigger::test
