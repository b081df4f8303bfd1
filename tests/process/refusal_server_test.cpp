// The API server: what can't be cured by waiting is refused at once, what may pass after server.startBound; and once
// the agent has been synced, nothing of the kind ends it.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "tests/process/refusal.h"
#include "tests/support/test_tls.h"

namespace outrigger::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A port on the loopback that nobody accepts on: closed, or swallowing whatever is sent.
class DeadPort {
 public:
  explicit DeadPort(bool swallowing) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_, plain, size) != 0 || ::getsockname(socket_, plain, &size) != 0 ||
        (swallowing && ::listen(socket_, 16) != 0))
      throw std::runtime_error("no port");
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~DeadPort() { ::close(socket_); }
  DeadPort(const DeadPort&) = delete;
  DeadPort& operator=(const DeadPort&) = delete;
  const std::string& url() const { return url_; }

 private:
  int socket_;
  std::string url_;
};

class RefusedServer : public RefusalTest {
 protected:
  // A TLS server that knows one account, with these verbs on pods.
  ApiServer server_with(const std::string& verbs) const {
    return ApiServer(
        {.folder = folder_.path("server"),
         .tls = true,
         .config = "tokens:\n- name: driver\n  user: system:serviceaccount:spark:driver\n  token: " +
                   std::string(secret) + "\n  rules:\n  - {namespaces: [spark], resources: [pods], verbs: [" +
                   verbs + "]}\n",
         .arguments = {"--tls-dir", folder_.path("tls")}});
  }
  std::string authority() const { return folder_.path("tls/ca.crt"); }
  // Reads its token from a file.
  std::string kubeconfig_with_file(const ApiServer& server, const std::string& token_file) const {
    std::string yaml = to_yaml({.server = server.url(), .token = "TOKEN", .authority_file = authority()});
    const std::string inline_token = "token: TOKEN";
    yaml.replace(yaml.find(inline_token), inline_token.size(), "tokenFile: " + token_file);
    return folder_.write("config", yaml);
  }
};

TEST_F(RefusedServer, that_nobody_listens_is_tried_up_to_the_bound_and_then_said) {
  const DeadPort port(false);
  auto agent = options(kubeconfig_of({.server = port.url(), .token = secret}));
  agent.arguments = {"--start-bound", "1s"};
  EXPECT_THAT(refused(agent), AllOf(HasSubstr(port.url()), HasSubstr("can't be reached"),
                                    HasSubstr("after 1s (server.startBound)"), HasSubstr("refused"),
                                    HasSubstr(agent.kubeconfig)));
  expect_reusable();
}

TEST_F(RefusedServer, a_port_that_swallows_requests_is_given_up_too) {
  const DeadPort port(true);
  auto agent = options(kubeconfig_of({.server = port.url()}));
  agent.arguments = {"--start-bound", "500ms"};
  EXPECT_THAT(refused(agent), AllOf(HasSubstr(port.url()), HasSubstr("no answer")));
  expect_no_channel();
  expect_reusable();
}

TEST_F(RefusedServer, a_name_that_does_not_resolve_is_said) {
  auto agent = options(kubeconfig_of({.server = "https://no-such-host.invalid:6443"}));
  agent.arguments = {"--start-bound", "500ms"};
  EXPECT_THAT(refused(agent), HasSubstr("https://no-such-host.invalid:6443"));
}

TEST_F(RefusedServer, meanwhile_startupz_says_why) {
  const DeadPort port(false);
  auto agent = options(kubeconfig_of({.server = port.url()}));
  agent.arguments = {"--drain-deadline", "100ms"};
  agent.listen = "127.0.0.1:0";
  Process process(agent_launch(agent));
  const auto url = admin_url(process) + "/startupz";
  std::string page;
  wait_until("/startupz says why",
             [&] {
               const auto answer = http("GET", url);
               page = answer.body;
               return answer.code == 500 && page.find("Connection refused") != std::string::npos;
             },
             {&process});
  EXPECT_THAT(page, HasSubstr("of 60s"));
  process.signal(SIGTERM);
  process.wait();
}

TEST_F(RefusedServer, errors_count_to_the_same_bound_and_the_last_one_is_shown) {
  ApiServer server({.folder = folder_.path("server"),
                    .faults = "faults:\n- {kind: error, verb: list, code: 503, message: etcd is on fire}\n"});
  auto agent = options(server.kubeconfig());
  agent.arguments = {"--start-bound", "1s"};
  EXPECT_THAT(refused(agent), AllOf(HasSubstr(server.url()), HasSubstr("503 etcd is on fire"),
                                    HasSubstr("server.startBound"), Not(HasSubstr("can't be reached"))));
}

TEST_F(RefusedServer, a_token_that_is_not_known_is_named_by_its_file_and_never_shown) {
  auto server = server_with("\"*\"");
  const auto token = folder_.write("token", std::string(secret) + "-of-last-year\n");
  const auto line = refused(options(kubeconfig_with_file(server, token)));
  EXPECT_THAT(line, AllOf(HasSubstr(server.url()), HasSubstr("401"), HasSubstr("the token of " + token),
                          HasSubstr("expired")));
  EXPECT_THAT(server.record(), HasSubstr("401"));
  expect_no_channel();
  expect_reusable();
}

TEST_F(RefusedServer, a_right_to_list_that_is_missing_is_named_with_user_namespace_and_role) {
  auto server = server_with("get");
  const auto line = refused(
      options(kubeconfig_of({.server = server.url(), .token = secret, .authority_file = authority()})));
  EXPECT_THAT(line, AllOf(HasSubstr("may not list pods in namespace 'spark' as "
                                    "'system:serviceaccount:spark:driver'"),
                          HasSubstr(server.url()), HasSubstr("Role")));
  expect_no_channel();
  expect_reusable();
}

TEST_F(RefusedServer, a_right_to_watch_that_is_missing_is_found_although_the_list_is_allowed) {
  auto server = server_with("get, list, create, delete");
  const auto line = refused(
      options(kubeconfig_of({.server = server.url(), .token = secret, .authority_file = authority()})));
  EXPECT_THAT(line, AllOf(HasSubstr("may not watch pods in namespace 'spark'"),
                          HasSubstr("'system:serviceaccount:spark:driver'")));
  expect_reusable();
}

TEST_F(RefusedServer, an_agent_without_credentials_is_told_that_nobody_knows_it) {
  auto server = server_with("\"*\"");
  const auto line = refused(options(kubeconfig_of({.server = server.url(), .authority_file = authority()})));
  EXPECT_THAT(line, AllOf(HasSubstr("system:anonymous"), HasSubstr("no credentials")));
}

TEST_F(RefusedServer, a_wrong_authority_is_refused_at_once_with_its_file_and_the_reason) {
  auto server = server_with("\"*\"");
  const auto other = folder_.write("other-ca.crt", Authority("another authority").pem());
  const auto line =
      refused(options(kubeconfig_of({.server = server.url(), .token = secret, .authority_file = other})));
  EXPECT_THAT(line, AllOf(HasSubstr(server.url()), HasSubstr(other), HasSubstr("certificate")));
  expect_no_channel();
  expect_reusable();
}

TEST_F(RefusedServer, a_certificate_for_other_names_is_answered_with_tls_server_name) {
  auto server = server_with("\"*\"");
  std::string yaml = to_yaml({.server = server.url(), .token = secret, .authority_file = authority()});
  const auto at = yaml.find("    server: ");
  yaml.insert(at, "    tls-server-name: elsewhere.example\n");
  const auto line = refused(options(folder_.write("config", yaml)));
  EXPECT_THAT(line, AllOf(HasSubstr("elsewhere.example"), HasSubstr("tls-server-name")));
}

// A proxy that starts up cuts handshakes as well, so this is waited for.
TEST_F(RefusedServer, a_port_that_cuts_the_handshake_is_tried_up_to_the_bound) {
  ApiServer server({.folder = folder_.path("server")});
  const std::string url = "https" + server.url().substr(4);
  auto agent = options(kubeconfig_of({.server = url}));
  agent.arguments = {"--start-bound", "500ms"};
  EXPECT_THAT(refused(agent),
              AllOf(HasSubstr(url), HasSubstr("SSL_connect"), HasSubstr("server.startBound")));
}

TEST_F(RefusedServer, a_url_that_is_no_api_server_is_refused_at_once) {
  ApiServer server({.folder = folder_.path("server")});
  const auto line = refused(options(kubeconfig_of({.server = server.url() + "/elsewhere"})));
  EXPECT_THAT(line, AllOf(HasSubstr(server.url() + "/elsewhere"), HasSubstr("404"),
                          HasSubstr("URL of a Kubernetes API server")));
  expect_no_channel();
}

TEST_F(RefusedServer, once_synced_the_same_faults_never_end_it_and_readyz_says_what_is_wrong) {
  auto server = server_with("\"*\"");
  const auto token = folder_.write("token", secret);
  auto agent = options(kubeconfig_with_file(server, token));
  agent.listen = "127.0.0.1:0";
  const auto settings = folder_.write("agent.yaml", "watch: {contactBound: 1s}\nserver: {startBound: 1s}\n");
  agent.arguments = {"--config", settings};
  Process process(agent_launch(agent));
  const auto readyz = admin_url(process) + "/readyz?verbose";
  const auto says = [&](long code, const std::string& text) {
    return [&readyz, code, text] {
      const auto answer = http("GET", readyz);
      return answer.code == code && answer.body.find(text) != std::string::npos;
    };
  };
  wait_until("ready", says(200, ""), {&process});

  folder_.write("token", std::string(secret) + "-revoked");
  server.post("/_control/faults",
              "faults:\n- {kind: error, verb: [list, watch], code: 401, reason: Unauthorized, message: "
              "Unauthorized}\n");
  server.post("/_control/drop-watches");
  wait_until("readyz says why", says(500, "Unauthorized"),
             {&process});  // no number: an age in it may have its digits
  server.post("/_control/faults",
              "faults:\n- {kind: error, verb: [list, watch], code: 403, reason: Forbidden, "
              "message: pods is forbidden}\n");
  folder_.write("token", secret);
  wait_until("readyz says forbidden", says(500, "forbidden"), {&process});
  EXPECT_THAT(process.err(), HasSubstr("unauthorized"));
  EXPECT_TRUE(process.alive());
  server.post("/_control/faults", "faults: []\n");
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait().code, 0) << process.err();
}

}  // namespace
}  // namespace outrigger::test
