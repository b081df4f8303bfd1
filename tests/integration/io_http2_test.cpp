// Writes over HTTP/2, against nghttpd (Debian package nghttp2-server), which knows the protocol better than a test would.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/io_client.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_tls.h"

extern char** environ;

namespace outrigger::test {
namespace {

using ports::Lane;
using ports::Transport;

class IoHttp2 : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v nghttpd >/dev/null 2>&1") != 0)
      GTEST_SKIP() << "nghttpd is not installed (Debian package nghttp2-server)";
    const auto identity = authority.issue("server", "IP:127.0.0.1");
    const auto key = folder.write("key", identity.key),
               certificate = folder.write("cert", identity.certificate);
    port = std::to_string(free_port());
    std::vector<std::string> words{"nghttpd", "-a", "127.0.0.1", "--echo-upload", port, key, certificate};
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ASSERT_EQ(::posix_spawnp(&server, "nghttpd", nullptr, nullptr, argv.data(), environ), 0);
  }
  void TearDown() override {
    if (server <= 0) return;
    ::kill(server, SIGKILL);
    ::waitpid(server, nullptr, 0);
  }
  static std::uint16_t free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return ntohs(address.sin_port);
  }
  std::unique_ptr<io::CurlHttp> client() {
    io::HttpOptions options;
    options.cluster.server = "https://127.0.0.1:" + port;
    options.cluster.ca.data = authority.pem();
    auto made = io::CurlHttp::open(loop.asio, options, nullptr, &catalog);
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  // Until the child listens: refused is tried again on a timer.
  void wait_until_it_serves(io::CurlHttp& http) {
    Sink sink(loop);
    std::function<void()> again = [&] { http.start(Lane::write, get("/"), sink); };
    bool serves = false;
    sink.at_end = [&] {
      if (sink.end.outcome == Transport::refused)
        loop.asio.start(core::Millis(5), again);
      else
        serves = true;
    };
    again();
    ASSERT_TRUE(loop.run_until([&] { return serves; }));
  }

  Authority authority{"the test's authority"};
  TemporaryFolder folder;
  metrics::Catalog catalog;
  Loop loop;
  std::string port;
  pid_t server = 0;
};

TEST_F(IoHttp2, writes_share_a_few_connections_and_each_gets_its_own_answer) {
  const auto http = client();
  wait_until_it_serves(*http);
  constexpr int writes = 250;
  // As long as a pod, and twice: the second round finds the handles, and what libcurl left in them, of the first.
  const auto body_of = [](int i) { return std::string(9000, static_cast<char>('a' + i % 26)); };
  for (int round = 0; round < 2; ++round) {
    std::vector<std::unique_ptr<Sink>> sinks;
    int ended = 0;
    for (int i = 0; i < writes; ++i) {
      sinks.push_back(std::make_unique<Sink>(loop));
      sinks.back()->at_end = [&] { ++ended; };
      http->start(Lane::write, post("/pods/" + std::to_string(i), body_of(i)), *sinks.back());
    }
    ASSERT_TRUE(loop.run_until([&] { return ended == writes; }));
    for (int i = 0; i < writes; ++i) {
      const auto& sink = *sinks[static_cast<std::size_t>(i)];
      EXPECT_EQ(sink.end.outcome, Transport::ok) << sink.end.detail;
      EXPECT_EQ(sink.head.code, 200);
      EXPECT_EQ(sink.body, body_of(i));
    }
  }
  EXPECT_LE(catalog.rest_client.reconnects.at("write").value(), 4) << "100 streams fit one connection";
}

TEST_F(IoHttp2, the_watch_lane_stays_on_http_1) {
  const auto http = client();
  wait_until_it_serves(*http);
  Sink sink(loop);
  http->start(Lane::watch, get("/"), sink);
  ASSERT_TRUE(loop.run_until([&] { return sink.ends == 1; }));
  EXPECT_NE(sink.end.outcome, Transport::ok) << "nghttpd speaks HTTP/2 only";
}

TEST_F(IoHttp2, a_server_that_dies_interrupts_what_was_sent) {
  const auto http = client();
  wait_until_it_serves(*http);
  Sink sink(loop);
  ::kill(server, SIGSTOP);
  http->start(Lane::write, post("/pods", "{}", core::Millis(20'000)), sink);
  // Two rounds of the loop and more: the request has left.
  loop.asio.start(core::Millis(50), [&] { ::kill(server, SIGKILL); });
  ASSERT_TRUE(loop.run_until([&] { return sink.ends == 1; }));
  EXPECT_EQ(sink.end.outcome, Transport::interrupted) << sink.end.detail;
}

}  // namespace
}  // namespace outrigger::test
