// The admin endpoints over real sockets: what admin_pages can't know.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "agent/io/admin_http.h"
#include "tests/integration/io_client.h"
#include "tests/integration/loopback.h"

namespace outrigger::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class IoAdmin : public testing::Test {
 protected:
  void open(io::AdminOptions options = {}) {
    options.listen = "127.0.0.1:0";
    io::HealthChecks checks;
    checks.live = {{"loop", [] { return io::HealthVerdict{true, ""}; }}};
    auto made = io::AdminHttp::open(loop, options, checks, [] { return std::string("a 1\n"); });
    ASSERT_TRUE(made) << made.error().text;
    admin = std::move(*made);
  }
  int connect() const { return connect_loopback(admin->port()); }
  // Sends the bytes and reads until the server closes; the client blocks on a thread of its own.
  std::string talk(const std::string& bytes) {
    std::string all;
    std::thread client([&] {
      const int fd = connect();
      EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
      all = read_all(fd);
      ::close(fd);
      loop.stop();
    });
    loop.run();
    client.join();
    return all;
  }
  io::AsioLoop loop;
  std::unique_ptr<io::AdminHttp> admin;
};

TEST_F(IoAdmin, get_answers_with_the_page) {
  open();
  const auto answer = talk("GET /livez?verbose HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\n[+]loop ok\nlivez check passed\n"));
}

TEST_F(IoAdmin, a_connection_serves_several_requests) {
  open();
  const auto answer = talk(
      "GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nokHTTP/1.1 200 OK"));
  EXPECT_THAT(answer, HasSubstr("text/plain; version=0.0.4; charset=utf-8"));
}

TEST_F(IoAdmin, head_has_the_length_and_no_body) {
  open();
  const auto answer = talk("HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 2\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(IoAdmin, other_methods_and_paths_are_refused) {
  open();
  EXPECT_THAT(talk("DELETE /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(talk("GET /secret HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(talk("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"),
              StartsWith("HTTP/1.1 413 "));
}

TEST_F(IoAdmin, a_header_over_its_bound_is_refused_and_closed) {
  open({.header_bytes = 1024});
  const std::string start = "GET /livez HTTP/1.1\r\nConnection: close\r\nX: ";
  EXPECT_THAT(talk(start + std::string(500, 'a') + "\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(talk(start + std::string(2000, 'a') + "\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
}

TEST_F(IoAdmin, garbage_is_closed_and_the_next_client_is_served) {
  open();
  EXPECT_EQ(talk(std::string("\0\1\2 nothing of HTTP\r\n\r\n", 24)), "");
  EXPECT_THAT(talk("GET /livez HTTP/1.0\r\n\r\n"), HasSubstr(" 200 OK"));
}

TEST_F(IoAdmin, a_client_that_says_nothing_is_closed) {
  open({.idle_timeout = core::Millis(50)});
  EXPECT_EQ(talk("GET /livez HTT"), "");
}

TEST_F(IoAdmin, connections_over_the_bound_are_closed_at_once_and_the_others_served) {
  open({.connections = 2});
  std::string first_answer, third_answer = "not closed";
  std::thread clients([&] {
    const int one = connect(), two = connect(), three = connect();
    third_answer = read_all(three);
    const std::string request = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    EXPECT_GT(::send(one, request.data(), request.size(), MSG_NOSIGNAL), 0);
    first_answer = read_all(one);
    for (const int fd : {one, two, three}) ::close(fd);
    loop.stop();
  });
  loop.run();
  clients.join();
  EXPECT_EQ(third_answer, "");
  EXPECT_THAT(first_answer, HasSubstr(" 200 OK"));
}

TEST_F(IoAdmin, a_port_in_use_is_named) {
  open();
  const auto second =
      io::AdminHttp::open(loop, {.listen = "127.0.0.1:" + std::to_string(admin->port())}, {}, {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text, HasSubstr("admin.listen is '127.0.0.1:"));
  EXPECT_THAT(second.error().text, HasSubstr("Address already in use"));
  EXPECT_THAT(io::AdminHttp::open(loop, {.listen = "moon:80"}, {}, {}).error().text,
              HasSubstr("no IP address"));
}

}  // namespace
}  // namespace outrigger::test
