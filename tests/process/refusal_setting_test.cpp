// Settings and kubeconfig: refused before anything is touched.
#include "tests/process/refusal.h"

namespace outrigger::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class RefusedSettings : public RefusalTest {};

TEST_F(RefusedSettings, an_unknown_key_is_named_with_its_line_and_the_one_that_was_meant) {
  auto agent = agent_launch(options(kubeconfig_of({.server = "http://127.0.0.1:1"})));
  const auto file = folder_.write("agent.yaml", "server:\n  http2: true\nchannel:\n  runDirr: /tmp/x\n");
  agent.arguments.insert(agent.arguments.end(), {"--config", file});
  EXPECT_THAT(refused(agent), AllOf(HasSubstr(file + ":4: "), HasSubstr("'channel.runDirr'"),
                                    HasSubstr("did you mean 'channel.runDir'?")));
  expect_no_channel();
}

TEST_F(RefusedSettings, two_faults_are_told_in_one_go_with_a_line_each) {
  auto agent = agent_launch(options(kubeconfig_of({.server = "http://127.0.0.1:1"})));
  const auto file = folder_.write("agent.yaml", "server:\n  startBound: 60\nchannel:\n  capacity: 3\n");
  agent.arguments.insert(agent.arguments.end(), {"--config", file});
  EXPECT_THAT(refused_for(agent),
              ElementsAre(AllOf(HasSubstr(file + ":2: server.startBound is '60'"), HasSubstr("unit")),
                          AllOf(HasSubstr(file + ":4: channel.capacity is '3'"), HasSubstr("16 to"))));
}

TEST_F(RefusedSettings, a_kubeconfig_that_is_not_there_is_named) {
  const auto file = folder_.path("nowhere");
  EXPECT_THAT(refused(options(file)), AllOf(HasSubstr(file), HasSubstr("can't be read")));
  expect_no_channel();
}

TEST_F(RefusedSettings, a_kubeconfig_that_is_no_yaml_is_named_with_its_line) {
  const auto file = folder_.write("config", "apiVersion: v1\nclusters: [\n");
  EXPECT_THAT(refused(options(file)), HasSubstr(file + ":"));
  expect_no_channel();
}

TEST_F(RefusedSettings, an_unknown_context_is_named_beside_those_there_are) {
  auto agent = options(kubeconfig_of({.server = "http://127.0.0.1:1", .token = secret}));
  agent.arguments = {"--context", "produktion"};
  EXPECT_THAT(refused(agent),
              AllOf(HasSubstr(agent.kubeconfig), HasSubstr("'produktion'"), HasSubstr("test")));
  expect_no_channel();
  expect_reusable();
}

TEST_F(RefusedSettings, an_authority_that_holds_no_certificate_is_named) {
  const auto file = folder_.write("ca.crt", secret);
  const auto agent =
      options(kubeconfig_of({.server = "https://127.0.0.1:1", .token = secret, .authority_file = file}));
  EXPECT_THAT(refused(agent), AllOf(HasSubstr(file), HasSubstr("no PEM certificate")));
  expect_no_channel();
}

}  // namespace
}  // namespace outrigger::test
