#include <gtest/gtest.h>

#include "tests/apiserver/base/yaml.h"
#include "tests/apiserver/faults/engine.h"
#include "tests/unit/apiserver/server_time.h"

namespace outrigger::apiserver {
namespace {

std::string complaint(const std::string& yaml) {
  try {
    parse_faults(yaml, "faults.yaml");
  } catch (const YamlProblem& problem) {
    return problem.what();
  }
  return "accepted";
}

struct Engine {
  ServerTime time;
  std::vector<std::string> moments;
  std::int64_t pods = 0;
  FaultEngine engine{
      time,
      {.mute = [this](bool on) { moments.push_back(on ? "mute" : "unmute"); },
       .compact = [this] { moments.push_back("compact"); },
       .drop_watches = [this] { moments.push_back("drop-watches"); },
       .black_hole_all = [this] { moments.push_back("black-hole-all"); },
       .restart = [this](Millis down) { moments.push_back("restart " + std::to_string(down.count())); }},
      [this](std::string_view) { return pods; }};
  explicit Engine(const std::string& yaml) {
    engine.load(parse_faults(yaml, "faults.yaml"));
    moments.clear();
  }
  Verdict ask(std::string_view verb, std::string_view name = "p") {
    return engine.judge({.verb = verb, .resource = "pods", .name_space = "spark", .name = name});
  }
};

TEST(FaultScripts, the_short_form_of_latency_is_a_fault_per_verb) {
  const auto script = parse_faults("latency:\n  create: 30ms..100ms\n  all: 1s\n", "f");
  ASSERT_EQ(script.faults.size(), 2u);
  EXPECT_EQ(script.faults[0].verbs, std::vector<std::string>{"create"});
  EXPECT_EQ(script.faults[0].time, (DurationRange{Millis(30), Millis(100)}));
  EXPECT_TRUE(script.faults[1].verbs.empty());
  EXPECT_EQ(script.faults[1].time, (DurationRange{Millis(1000), Millis(1000)}));
}

TEST(FaultScripts, every_mistake_is_one_line_with_the_files_line) {
  EXPECT_EQ(complaint("faults:\n- kind: error\n  verbz: create\n")
                .find("faults.yaml:3: faults[0].verbz: unknown key"),
            0u)
      << complaint("faults:\n- kind: error\n  verbz: create\n");
  EXPECT_EQ(
      complaint("latency:\n  create: soon\n").find("faults.yaml:2: latency.create: 'soon' is not a duration"),
      0u);
  EXPECT_EQ(complaint("faults:\n- verb: create\n").find("faults.yaml:2: faults[0]: a fault needs a kind"),
            0u);
  EXPECT_NE(complaint("faults:\n- kind: explode\n").find("'explode' is not a kind of fault"),
            std::string::npos);
  EXPECT_NE(complaint("faults:\n- {kind: error, code: 200}\n").find("from 400 to 599"), std::string::npos);
  EXPECT_NE(complaint("faults:\n- {kind: error, probability: 2}\n").find("probability"), std::string::npos);
  EXPECT_NE(complaint("faults:\n- {kind: drop, after: 5s, until: 5s}\n").find("until must be later"),
            std::string::npos);
  EXPECT_NE(complaint("faults:\n- {kind: late}\n").find("needs a time"), std::string::npos);
  EXPECT_EQ(complaint("faults: [\n").find("faults.yaml:"), 0u);
  EXPECT_EQ(complaint("").find("accepted"), 0u);
}

TEST(Faults, count_and_skip_bound_how_often_one_strikes) {
  Engine e("faults:\n- {kind: error, verb: create, code: 503, skip: 1, count: 2}\n");
  EXPECT_EQ(e.ask("create").action, Verdict::Action::serve);
  EXPECT_EQ(e.ask("delete").action, Verdict::Action::serve);
  EXPECT_EQ(e.ask("create").answer.code, 503);
  EXPECT_EQ(e.ask("create").answer.code, 503);
  EXPECT_EQ(e.ask("create").action, Verdict::Action::serve);
}

TEST(Faults, a_window_in_time_opens_and_closes) {
  Engine e("faults:\n- {kind: drop, after: 2s, until: 3s}\n");
  EXPECT_EQ(e.ask("list").action, Verdict::Action::serve);
  e.time.pass(Millis(2000));
  EXPECT_EQ(e.ask("list").action, Verdict::Action::drop);
  e.time.pass(Millis(1000));
  EXPECT_EQ(e.ask("list").action, Verdict::Action::serve);
}

TEST(Faults, the_same_seed_strikes_the_same_requests) {
  const std::string yaml = "seed: 7\nfaults:\n- {kind: error, probability: 0.5}\n";
  Engine one(yaml), other(yaml);
  int struck = 0;
  for (int i = 0; i < 200; ++i) {
    const auto action = one.ask("get").action;
    EXPECT_EQ(action, other.ask("get").action);
    struck += action == Verdict::Action::answer;
  }
  EXPECT_GT(struck, 60);
  EXPECT_LT(struck, 140);
}

TEST(Faults, latency_adds_to_what_else_happens) {
  Engine e(
      "latency: {create: 50ms}\nfaults:\n- {kind: lose-reply, verb: create}\n- {kind: error, verb: "
      "create}\n");
  const auto verdict = e.ask("create");
  EXPECT_EQ(verdict.delay, Millis(50));
  EXPECT_EQ(verdict.action, Verdict::Action::lose_reply) << "the first that strikes decides";
}

TEST(Faults, throttling_speaks_both_forms) {
  Engine e(
      "faults:\n- {kind: throttle, verb: create, retry-after: 3s, count: 1}\n- {kind: throttle, verb: "
      "create, form: json}\n");
  const auto text = e.ask("create").answer;
  EXPECT_EQ(text.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(text.headers.front(), (std::pair<std::string, std::string>("Retry-After", "3")));
  const auto json = e.ask("create").answer;
  EXPECT_EQ(parse_json(json.body)["reason"], "TooManyRequests");
}

TEST(Faults, a_quota_strikes_when_the_namespace_is_full) {
  Engine e("faults:\n- {kind: quota, verb: create, limit: 2, quota: executors}\n");
  e.pods = 1;
  EXPECT_EQ(e.ask("create", "x").action, Verdict::Action::serve);
  e.pods = 2;
  EXPECT_EQ(
      parse_json(e.ask("create", "x").answer.body)["message"],
      "pods \"x\" is forbidden: exceeded quota: executors, requested: pods=1, used: pods=2, limited: pods=2");
}

TEST(Faults, stream_faults_only_concern_watches) {
  Engine e("faults:\n- {kind: truncate, after-events: 3}\n");
  EXPECT_EQ(e.ask("list").stream.kind, StreamFault::Kind::none);
  EXPECT_EQ(e.ask("watch").stream.kind, StreamFault::Kind::truncate);
  EXPECT_EQ(e.ask("watch").stream.after_events, 3u);
}

TEST(Faults, moments_happen_at_their_time) {
  Engine e(
      "faults:\n- {kind: compact, after: 1s}\n- {kind: mute, after: 2s, until: 5s}\n- {kind: restart, after: "
      "3s, down: 250ms}\n");
  e.time.pass(Millis(3500));
  EXPECT_EQ(e.moments, (std::vector<std::string>{"compact", "mute", "restart 250"}));
  e.time.pass(Millis(1500));
  EXPECT_EQ(e.moments.back(), "unmute");
}

TEST(Faults, connections_are_only_hit_by_faults_on_connect) {
  Engine e("faults:\n- {kind: black-hole, verb: connect, count: 1}\n- {kind: drop, verb: all}\n");
  EXPECT_EQ(e.engine.at_connect(), Verdict::Action::black_hole);
  EXPECT_EQ(e.engine.at_connect(), Verdict::Action::serve);
}

}  // namespace
}  // namespace outrigger::apiserver
