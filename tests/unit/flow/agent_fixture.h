// The whole agent on fakes: nothing happens that the test does not do.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "agent/flow/agent.h"
#include "tests/support/builders.h"
#include "tests/support/fake_commands.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_log.h"
#include "tests/support/fake_sink.h"
#include "tests/support/manual_entropy.h"
#include "tests/support/manual_timers.h"

namespace outrigger::flow {

using namespace std::chrono_literals;
using kube::Verb;

struct AgentTest : testing::Test {
  test::FakeHttp http;
  test::ManualClock clock;
  test::ManualTimers timers{clock};
  test::ManualEntropy entropy;
  test::FakeSink sink;
  test::FakeCommands commands;
  test::FakeLog log;
  core::AllocationPolicy policy;
  std::unique_ptr<Agent> agent;

  static Options options() {
    Options o;
    o.name_space = "spark";
    o.application_id = "app-1";
    o.driver_pod_name = "driver";
    o.driver_pod_uid = *core::parse_uid(test::ServerPod{}.owner_uid);
    return o;
  }
  void start(std::vector<ports::InFlightMark> marks = {}) {
    agent = std::make_unique<Agent>(options(), Ports{http, timers, clock, entropy, sink, commands, log},
                                    std::move(marks));
    agent->start();
    timers.run_due();
  }
  void sync(const std::vector<test::ServerPod>& pods = {}) {
    http.answer(http.open(Verb::list).at(0), 200, test::pod_list(10, pods));
    http.head(http.open(Verb::watch).at(0), 200);
    timers.run_due();
  }
  void event(const std::string& type, const test::ServerPod& pod) {
    ASSERT_TRUE(http.body(http.open(Verb::watch).at(0), test::watch_frame(type, pod)));
    timers.run_due();
  }
  core::CommandId tell(core::CommandBody body) {
    const auto id = commands.push(std::move(body));
    commands.ring();
    timers.run_due();
    return id;
  }
  core::Verdict verdict(core::CommandId id) {
    const auto result = sink.result_of(id);
    return result ? result->verdict : core::Verdict::none;
  }
  // Attaches and posts everything but resync_end.
  void attach(std::uint32_t target, const std::string& nonce = "nonce1001", std::uint64_t first_id = 1) {
    commands.attach();
    tell(core::Hello{nonce, "test", "app-1"});
    tell(core::ResyncBegin{});
    tell(core::GrantIds{{first_id}, 50});
    tell(policy);
    tell(test::a_template("app-1", {0}, 1));
    tell(test::a_template("app-1", {0}, 2));
    tell(core::SetTarget{{0}, target});
    tell(core::KnownDelta{true, {}, {}});
  }
  void attach_ready(std::uint32_t target, const std::string& nonce = "nonce1001",
                    std::uint64_t first_id = 1) {
    attach(target, nonce, first_id);
    tell(core::ResyncEnd{});
  }
};

}  // namespace outrigger::flow
