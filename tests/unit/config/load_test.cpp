#include "agent/config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/config/keys.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string error_of(const std::string& yaml) {
  const auto config = parse_config(yaml, "agent.yaml");
  return config ? "no error" : config.error().text;
}

TEST(ConfigFile, an_empty_file_means_the_defaults) {
  const auto config = parse_config("", "agent.yaml");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->channel.capacity, 4096u);
  EXPECT_EQ(config->application.container, "spark-kubernetes-executor");
  EXPECT_TRUE(config->policy.enabled);
  EXPECT_TRUE(config->application.client_mode());
}

TEST(ConfigFile, a_pod_drains_within_its_grace_and_a_desk_takes_its_time) {
  using std::chrono::seconds;
  const char* in_a_pod =
      "application: {id: a, driverPodName: d, driverPodUid: 3f2c8d1e-0000-4000-8000-0123456789ab}";
  EXPECT_EQ(parse_config("", "agent.yaml").value().drain_deadline(), seconds(120));
  EXPECT_EQ(parse_config(in_a_pod, "agent.yaml").value().drain_deadline(), seconds(25));
  EXPECT_EQ(parse_config("lifecycle: {drainDeadline: 0s}", "agent.yaml").value().drain_deadline(),
            seconds(0));
  EXPECT_EQ(parse_config("lifecycle: {drainDeadline: 7s}", "agent.yaml").value().drain_deadline(),
            seconds(7));
}

TEST(ConfigFile, every_kind_of_value_is_read) {
  const auto config = parse_config(R"(
application: {namespace: spark, id: app-1, driverPodName: driver-0, driverPodUid: 3F2C8D1E-0000-4000-8000-0123456789ab}
server: {connectTimeout: 1m30s, http2: false}
watch: {start: watch_list}
channel: {capacity: 16}
log: {level: debug, format: text}
policy:
  images: ["registry.example/spark:*", other]
  maxVolumes: 3
)",
                                   "agent.yaml");
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->application.name_space, "spark");
  EXPECT_EQ(to_string(config->application.driver_pod_uid), "3f2c8d1e-0000-4000-8000-0123456789ab");
  EXPECT_EQ(config->server.connect_timeout, core::Millis(90'000));
  EXPECT_FALSE(config->server.http2);
  EXPECT_EQ(config->watch.start, Watch::Start::watch_list);
  EXPECT_EQ(config->channel.capacity, 16u);
  EXPECT_EQ(config->log.level, Log::Level::debug);
  EXPECT_THAT(config->policy.images, testing::ElementsAre("registry.example/spark:*", "other"));
  EXPECT_EQ(config->policy.max_volumes, 3u);
}

TEST(ConfigFile, an_unknown_key_names_file_line_key_and_the_nearest_known_one) {
  EXPECT_EQ(error_of("channel:\n  capacity: 100\n  runDirr: /x\n"),
            "agent.yaml:3: unknown key 'channel.runDirr'; did you mean 'channel.runDir'?");
  EXPECT_EQ(error_of("chanel:\n  capacity: 100\n"),
            "agent.yaml:1: unknown key 'chanel'; did you mean 'channel'?");
  EXPECT_EQ(error_of("capacity: 100\n"), "agent.yaml:1: unknown key 'capacity'");
}

TEST(ConfigFile, a_wrong_type_names_its_line_and_what_was_expected) {
  EXPECT_EQ(error_of("channel:\n  capacity: [1]\n"),
            "agent.yaml:2: channel.capacity: expected a number, found a list");
  EXPECT_EQ(error_of("channel:\n  capacity: many\n"),
            "agent.yaml:2: channel.capacity is 'many': expected a whole number");
  EXPECT_EQ(error_of("channel: 5\n"), "agent.yaml:1: channel: expected keys below it, found '5'");
  EXPECT_EQ(error_of("policy:\n  images: all\n"),
            "agent.yaml:2: policy.images: expected a list, found 'all'");
  EXPECT_EQ(error_of("server: {http2: maybe}\n"),
            "agent.yaml:1: server.http2 is 'maybe': expected true or false");
  EXPECT_THAT(error_of("- a\n"), HasSubstr("agent.yaml:1: expected sections"));
}

TEST(ConfigFile, a_value_out_of_range_names_value_and_bounds) {
  EXPECT_EQ(error_of("channel: {capacity: 15}\n"),
            "agent.yaml:1: channel.capacity is '15': out of range, allowed are 16 to 200000");
  EXPECT_EQ(error_of("channel: {capacity: 200001}\n"),
            "agent.yaml:1: channel.capacity is '200001': out of range, allowed are 16 to 200000");
  EXPECT_TRUE(parse_config("channel: {capacity: 200000}\n", "f"));
  EXPECT_EQ(error_of("writes: {deadline: 11m}\n"),
            "agent.yaml:1: writes.deadline is '11m': out of range, allowed are 1s to 10m");
  EXPECT_THAT(error_of("channel: {capacity: 99999999999999999999}\n"), HasSubstr("out of range"));
}

TEST(ConfigFile, a_duration_without_a_unit_is_refused) {
  EXPECT_EQ(error_of("watch: {contactBound: 30}\n"),
            "agent.yaml:1: watch.contactBound is '30': expected a duration such as 500ms, 15s, 2m or 1h: the "
            "unit is missing");
  EXPECT_THAT(error_of("watch: {contactBound: -5s}\n"), HasSubstr("expected a duration"));
  EXPECT_THAT(error_of("watch: {contactBound: 5 s}\n"), HasSubstr("expected a duration"));
}

TEST(ConfigFile, a_word_outside_of_a_choice_names_the_choices) {
  EXPECT_EQ(error_of("log: {level: loud}\n"),
            "agent.yaml:1: log.level is 'loud': expected one of debug, info, warning, error");
}

TEST(ConfigFile, a_key_that_is_there_twice_is_refused) {
  EXPECT_EQ(error_of("log:\n  level: info\n  level: debug\n"), "agent.yaml:3: log.level is there twice");
}

TEST(ConfigFile, broken_yaml_names_its_line) {
  EXPECT_THAT(error_of("log:\n  level: [info\n"), StartsWith("agent.yaml:"));
}

TEST(ConfigFile, everything_that_is_wrong_is_reported_in_one_go) {
  const auto text = error_of("log: {level: loud}\nchannel: {capacity: 1}\nnonsense: 1\n");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
  EXPECT_THAT(text, HasSubstr("agent.yaml:1"));
  EXPECT_THAT(text, HasSubstr("agent.yaml:2"));
  EXPECT_THAT(text, HasSubstr("agent.yaml:3"));
}

TEST(ConfigFile, keys_that_contradict_each_other_are_named) {
  EXPECT_THAT(error_of("application: {driverPodName: d, id: a}\n"),
              HasSubstr("application.driverPodUid is missing"));
  EXPECT_THAT(error_of("application: {driverPodUid: 3f2c8d1e-0000-4000-8000-0123456789ab}\n"),
              HasSubstr("application.driverPodName is missing"));
  EXPECT_THAT(
      error_of("application: {driverPodName: d, driverPodUid: 3f2c8d1e-0000-4000-8000-0123456789ab}\n"),
      HasSubstr("application.id is missing"));
  EXPECT_THAT(error_of("writes: {concurrency: 20, concurrencyMax: 10}\n"),
              HasSubstr("is above writes.concurrencyMax 10"));
}

TEST(ConfigFile, a_run_directory_too_long_for_a_socket_is_refused) {
  const std::string longest = "/" + std::string(95, 'x');
  EXPECT_TRUE(parse_config("channel: {runDir: " + longest + "}\n", "f"));
  EXPECT_THAT(error_of("channel: {runDir: " + longest + "x}\n"), HasSubstr("channel.runDir is too long"));
}

TEST(ConfigFile, names_that_kubernetes_would_refuse_are_refused) {
  EXPECT_THAT(error_of("application: {namespace: Spark}\n"), HasSubstr("expected a Kubernetes name"));
  EXPECT_THAT(error_of("application: {namespace: a.b}\n"), HasSubstr("expected a Kubernetes name"));
  EXPECT_TRUE(parse_config("application: {namespace: " + std::string(63, 'a') + "}\n", "f"));
  EXPECT_THAT(error_of("application: {namespace: " + std::string(64, 'a') + "}\n"), HasSubstr("at most 63"));
  EXPECT_THAT(error_of("application: {driverPodUid: abc}\n"), HasSubstr("expected a uid such as"));
}

TEST(ConfigFile, listen_addresses_are_checked_early) {
  for (const char* good : {":9808", "127.0.0.1:0", "[::1]:65535"})
    EXPECT_TRUE(parse_config(std::string("admin: {listen: '") + good + "'}", "f")) << good;
  for (const char* bad : {"9808", ":65536", "::1:80", ":x"})
    EXPECT_FALSE(parse_config(std::string("admin: {listen: '") + bad + "'}", "f")) << bad;
}

TEST(LockDirectory, is_the_agents_own_in_a_pod_and_the_run_directory_on_a_desk) {
  EXPECT_EQ(parse_config("channel: {runDir: /tmp/x}", "f")->channel.lock_dir, "/tmp/x");
  EXPECT_EQ(
      parse_config(
          "application: {id: a, driverPodName: d, driverPodUid: 3f2c8d1e-0000-4000-8000-0123456789ab}", "f")
          ->channel.lock_dir,
      "/run/outrigger-agent");
  EXPECT_EQ(parse_config("channel: {lockDir: /tmp/lock}", "f")->channel.lock_dir, "/tmp/lock");
}

TEST(Precedence, a_flag_wins_over_a_variable_and_a_variable_over_the_file) {
  test::TemporaryFolder folder;
  const auto file =
      folder.write("agent.yaml", "application: {namespace: of-file, id: of-file}\nlog: {level: debug}\n");
  CommandLine line;
  line.config_file = file;
  line.settings = {{"application.namespace", "of-flag", "--namespace"}};
  const auto config = load_config(line, {{"OUTRIGGER_APPLICATION_NAMESPACE", "of-variable"},
                                         {"OUTRIGGER_APPLICATION_ID", "of-variable"}});
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->application.name_space, "of-flag");
  EXPECT_EQ(config->application.id, "of-variable");
  EXPECT_EQ(config->log.level, Log::Level::debug);
}

TEST(Precedence, the_downward_apis_usual_names_count_but_ours_win) {
  const auto config = load_config({}, {{"POD_NAMESPACE", "usual"},
                                       {"OUTRIGGER_APPLICATION_NAMESPACE", "ours"},
                                       {"SPARK_APPLICATION_ID", "a"},
                                       {"POD_NAME", "driver-0"},
                                       {"POD_UID", "3f2c8d1e-0000-4000-8000-0123456789ab"}});
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->application.name_space, "ours");
  EXPECT_EQ(config->application.driver_pod_name, "driver-0");
  EXPECT_FALSE(config->application.driver_pod_uid.empty());
}

TEST(Environment, an_empty_variable_is_as_none) {
  const auto config = load_config({}, {{"POD_NAME", ""}, {"OUTRIGGER_CHANNEL_CAPACITY", ""}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->channel.capacity, 4096u);
}

TEST(Environment, a_wrong_variable_is_named) {
  const auto config = load_config({}, {{"OUTRIGGER_CHANNEL_CAPACITY", "x"}});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().text,
            "$OUTRIGGER_CHANNEL_CAPACITY (channel.capacity) is 'x': expected a whole number");
}

TEST(Environment, lists_are_separated_by_commas) {
  const auto config = load_config({}, {{"OUTRIGGER_POLICY_IMAGES", "a:*,b"}});
  ASSERT_TRUE(config);
  EXPECT_THAT(config->policy.images, testing::ElementsAre("a:*", "b"));
}

TEST(Environment, what_kubernetes_makes_for_a_service_of_our_name_is_no_setting) {
  EXPECT_TRUE(
      load_config({}, {{"OUTRIGGER_SERVICE_HOST", "10.0.0.1"}, {"OUTRIGGER_PORT", "tcp://10.0.0.1:80"}}));
}

TEST(ConfigFileOnDisk, a_missing_one_is_named) {
  CommandLine line;
  line.config_file = "/nowhere/agent.yaml";
  EXPECT_EQ(load_config(line, {}).error().text,
            "/nowhere/agent.yaml: can't be read; check the path and its permissions");
}

TEST(CommandLine, values_become_settings_with_their_flag) {
  const auto line =
      parse_command_line({"--namespace", "spark", "--listen=:9808", "--config", "a.yaml"}, "1.0.0");
  ASSERT_TRUE(line) << line.error().text;
  EXPECT_EQ(line->action, CommandLine::Action::run);
  EXPECT_EQ(line->config_file, "a.yaml");
  ASSERT_EQ(line->settings.size(), 2u);
  EXPECT_EQ(line->settings[0].key, "application.namespace");
  EXPECT_EQ(line->settings[1].value, ":9808");
}

TEST(CommandLine, an_unknown_flag_names_the_nearest) {
  EXPECT_EQ(parse_command_line({"--namespce", "spark"}, "1").error().text,
            "unknown flag '--namespce'; did you mean --namespace?");
  EXPECT_THAT(parse_command_line({"stray"}, "1").error().text, HasSubstr("see --help"));
  EXPECT_THAT(parse_command_line({"--namespace"}, "1").error().text, HasSubstr("--namespace"));
}

TEST(CommandLine, a_wrong_value_names_flag_and_key) {
  const auto line = parse_command_line({"--capacity", "7"}, "1");
  EXPECT_EQ(load_config(*line, {}).error().text,
            "--capacity (channel.capacity) is '7': out of range, allowed are 16 to 200000");
}

TEST(CommandLine, help_names_every_flag_and_teaches) {
  const auto line = parse_command_line({"--help"}, "1.0.0");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->action, CommandLine::Action::help);
  for (const auto& key : keys())
    if (!key.flag.empty()) {
      EXPECT_THAT(line->text, HasSubstr(key.flag));
    }
  EXPECT_THAT(line->text, HasSubstr("Exit codes"));
}

TEST(CommandLine, version_and_check) {
  EXPECT_EQ(parse_command_line({"--version"}, "1.0.0")->text, "outrigger-agent 1.0.0\n");
  EXPECT_EQ(parse_command_line({"--check"}, "1.0.0")->action, CommandLine::Action::check);
}

TEST(Keys, paths_flags_and_variables_are_unique) {
  std::set<std::string> seen;
  for (const auto& key : keys()) {
    EXPECT_TRUE(seen.insert(key.path).second) << key.path;
    EXPECT_TRUE(seen.insert(key.variable).second) << key.variable;
    EXPECT_TRUE(key.flag.empty() || seen.insert(key.flag).second) << key.flag;
    EXPECT_TRUE(key.alias.empty() || seen.insert(key.alias).second) << key.alias;
    EXPECT_FALSE(key.meaning.empty());
  }
  EXPECT_EQ(find_key("channel.runDir")->variable, "OUTRIGGER_CHANNEL_RUN_DIR");
}

}  // namespace
}  // namespace outrigger::config
