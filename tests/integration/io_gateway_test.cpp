// The gateway's door over real sockets, and the secret that opens it.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "agent/core/limits.h"
#include "agent/io/gateway_http.h"
#include "tests/integration/io_client.h"
#include "tests/integration/loopback.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class IoGateway : public testing::Test {
 protected:
  void open() {
    auto made =
        io::GatewayHttp::open(loop, {.listen = "127.0.0.1:0", .secret = "s3cret"},
                              [this](io::HttpQuestion question, const io::HttpServer::Answer& answer) {
                                heard.push_back(question);
                                answer({.code = 200, .content_type = "application/json", .body = "{}"});
                              });
    ASSERT_TRUE(made) << made.error().text;
    gateway = std::move(*made);
  }
  // One request on a connection of its own; the client blocks on a thread of its own.
  std::string ask(const std::string& head, const std::string& body = "") {
    const std::string bytes =
        head + "Host: x\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
        body;
    std::string all;
    std::thread client([&] {
      const int fd = connect_loopback(gateway->port());
      for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;  // refused before it had everything
        sent += static_cast<std::size_t>(n);
      }
      all = read_all(fd);
      ::close(fd);
      loop.stop();
    });
    loop.run();
    client.join();
    return all;
  }
  io::AsioLoop loop;
  std::unique_ptr<io::GatewayHttp> gateway;
  std::vector<io::HttpQuestion> heard;
};

TEST_F(IoGateway, S30_without_the_secret_nothing_is_heard) {
  open();
  EXPECT_THAT(
      ask("GET /api/v1/x HTTP/1.1\r\n"),
      AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("\"kind\":\"Status\""), HasSubstr("oauthTokenFile")));
  EXPECT_THAT(ask("GET /api/v1/x HTTP/1.1\r\nAuthorization: Bearer wrong!\r\n"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(ask("GET /api/v1/x HTTP/1.1\r\nAuthorization: Bearer s3cre\r\n"), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(ask("GET /api/v1/x HTTP/1.1\r\nAuthorization: Basic s3cret\r\n"), StartsWith("HTTP/1.1 401 "));
  EXPECT_TRUE(heard.empty());
}

TEST_F(IoGateway, with_it_method_target_type_and_body_arrive_and_the_secret_goes_no_further) {
  open();
  const std::string answer =
      ask("PATCH /api/v1/x?a=b HTTP/1.1\r\nAuthorization: Bearer s3cret\r\nContent-Type: "
          "application/json-patch+json\r\n",
          "[]");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("application/json")));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].method, "PATCH");
  EXPECT_EQ(heard[0].target, "/api/v1/x?a=b");
  EXPECT_EQ(heard[0].content_type, "application/json-patch+json");
  EXPECT_EQ(heard[0].body, "[]");
  EXPECT_EQ(heard[0].authorization, "");
}

TEST_F(IoGateway, S31_a_selector_of_a_thousand_ids_fits_and_the_bounds_hold) {
  open();
  const std::string key = "Authorization: Bearer s3cret\r\n";
  const auto get = [&](std::size_t bytes) {
    return ask("GET /api/v1/x?s=" + std::string(bytes, 'a') + " HTTP/1.1\r\n" + key);
  };
  EXPECT_THAT(get(core::limits::gateway_header_bytes - 1'000), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(get(core::limits::gateway_header_bytes + 1'000), StartsWith("HTTP/1.1 431 "));
  const auto post = [&](std::size_t bytes) {
    return ask("POST /api/v1/x HTTP/1.1\r\n" + key, std::string(bytes, 'a'));
  };
  EXPECT_THAT(post(core::limits::gateway_body_bytes), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(post(core::limits::gateway_body_bytes + 1), StartsWith("HTTP/1.1 413 "));
}

TEST_F(IoGateway, it_listens_on_loopback_only) {
  for (const char* listen : {":0", "0.0.0.0:0", "[::]:0"}) {
    const auto made = io::GatewayHttp::open(loop, {.listen = listen, .secret = "x"}, {});
    ASSERT_FALSE(made.has_value()) << listen;
    EXPECT_THAT(made.error().text,
                AllOf(HasSubstr("gateway.listen is '" + std::string(listen)), HasSubstr("127.0.0.1")));
  }
}

TEST(GatewaySecret, S30_it_survives_the_agent) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/gateway-token";
  const auto first = io::load_or_make_secret(path), second = io::load_or_make_secret(path);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->size(), 64u);
  EXPECT_EQ(*first, *second);
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0400u);
  const auto other = io::load_or_make_secret(folder.path() + "/another");
  EXPECT_NE(*first, *other);
}

TEST(GatewaySecret, what_somebody_else_could_have_written_is_refused) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/gateway-token";
  ASSERT_TRUE(io::load_or_make_secret(path));
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  EXPECT_THAT(io::load_or_make_secret(path).error().text, HasSubstr(path));
  const std::string half = folder.path() + "/half";
  std::ofstream(half) << "abc";
  EXPECT_THAT(io::load_or_make_secret(half).error().text, HasSubstr("no token of a gateway"));
  const std::string link = folder.path() + "/link";
  ASSERT_EQ(::symlink(half.c_str(), link.c_str()), 0);
  EXPECT_FALSE(io::load_or_make_secret(link).has_value());
}

}  // namespace
}  // namespace outrigger::test
