#include "agent/metrics/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/core/api_error.h"
#include "agent/core/command.h"
#include "agent/core/executor_record.h"
#include "agent/core/exit_class.h"
#include "agent/core/names.h"
#include "agent/kube/watch_machine.h"
#include "agent/metrics/labels.h"
#include "tests/support/prometheus_text.h"

namespace outrigger {
namespace {

using test::parse_exposition;
using testing::IsEmpty;

TEST(Catalog, an_untouched_catalog_is_valid_exposition) {
  metrics::Catalog catalog;
  EXPECT_THAT(parse_exposition(catalog.render()).faults, IsEmpty());
}

TEST(Catalog, a_used_catalog_is_valid_exposition) {
  metrics::Catalog catalog({"1.2.3", "abc\"def\\", "gcc\n12", "[::1]:6443"});
  catalog.rest_client.request("POST", 201);
  catalog.rest_client.duration("POST", 0.03);
  catalog.loop.stall.observe(0.002);
  for (std::uint32_t profile = 0; profile < 20; ++profile) catalog.profiles.set(profile, {1, 2, 3, 4, 5});
  const auto page = parse_exposition(catalog.render());
  EXPECT_THAT(page.faults, IsEmpty());
  EXPECT_EQ(page.value("outrigger_build_info",
                       {{"version", "1.2.3"}, {"revision", "abc\"def\\"}, {"compiler", "gcc\n12"}}),
            1);
  EXPECT_EQ(
      page.value("rest_client_requests_total", {{"code", "201"}, {"method", "POST"}, {"host", "[::1]:6443"}}),
      1);
}

TEST(Catalog, names_are_of_the_known_families_or_ours) {
  metrics::Catalog catalog;
  catalog.rest_client.request("GET", 200);
  catalog.rest_client.duration("GET", 1);
  for (const auto& [name, unused] : parse_exposition(catalog.render()).families)
    EXPECT_TRUE(name.starts_with("outrigger_") || name.starts_with("rest_client_") ||
                name.starts_with("process_"))
        << name;
}

TEST(Catalog, durations_use_client_gos_buckets) {
  metrics::Catalog catalog({.host = "h"});
  catalog.rest_client.duration("GET", 0.3);
  const auto page = parse_exposition(catalog.render());
  const std::string name = "rest_client_request_duration_seconds_bucket";
  EXPECT_EQ(page.value(name, {{"verb", "GET"}, {"host", "h"}, {"le", "0.25"}}), 0);
  EXPECT_EQ(page.value(name, {{"verb", "GET"}, {"host", "h"}, {"le", "0.5"}}), 1);
  EXPECT_EQ(page.value(name, {{"verb", "GET"}, {"host", "h"}, {"le", "60"}}), 1);
}

TEST(RestClient, no_answer_is_counted_as_client_go_does) {
  metrics::Catalog catalog({.host = "h"});
  catalog.rest_client.request("DELETE", 0);
  catalog.rest_client.request("DELETE", 99'999);  // no code that HTTP has
  EXPECT_EQ(
      parse_exposition(catalog.render())
          .value("rest_client_requests_total", {{"code", "<error>"}, {"method", "DELETE"}, {"host", "h"}}),
      2);
}

TEST(RestClient, sums_tell_all_and_failed) {
  metrics::Catalog catalog;
  for (const unsigned code : {200u, 201u, 404u, 0u}) catalog.rest_client.request("GET", code);
  EXPECT_EQ(catalog.rest_client.requests(), 4);
  EXPECT_EQ(catalog.rest_client.failures(), 2);
}

TEST(RestClient, an_unknown_method_makes_no_series_of_its_own) {
  metrics::Catalog catalog({.host = "h"});
  catalog.rest_client.request("BREW", 418);
  EXPECT_EQ(parse_exposition(catalog.render())
                .value("rest_client_requests_total", {{"code", "418"}, {"method", "other"}, {"host", "h"}}),
            1);
}

TEST(Profiles, the_first_sixteen_are_named_and_the_rest_add_up) {
  metrics::Catalog catalog;
  for (std::uint32_t profile = 100; profile < 120; ++profile)
    catalog.profiles.set(profile, {.target = 10, .running = 2});
  catalog.profiles.set(119, {.target = 4, .running = 1});  // replaces, does not add
  const auto page = parse_exposition(catalog.render());
  EXPECT_EQ(page.value("outrigger_profile_target", {{"profile", "115"}}), 10);
  EXPECT_FALSE(page.value("outrigger_profile_target", {{"profile", "116"}}));
  EXPECT_EQ(page.value("outrigger_profile_target", {{"profile", "other"}}), 34);
  EXPECT_EQ(page.value("outrigger_profile_executors", {{"profile", "other"}, {"state", "running"}}), 7);
  EXPECT_EQ(page.families.at("outrigger_profile_target").samples.size(), 17u);
}

TEST(LabelSet, an_unknown_value_counts_as_other) {
  metrics::Catalog catalog;
  catalog.watch.restarts.at("full moon").add();
  EXPECT_EQ(parse_exposition(catalog.render()).value("outrigger_watch_restarts_total", {{"reason", "other"}}),
            1);
}

TEST(LabelSet, an_empty_set_swallows) {
  const metrics::Counters none;
  none.at("anything").add();
  EXPECT_EQ(none.at("anything").value(), 0);
}

TEST(Counter, a_total_that_someone_else_counts_never_goes_back) {
  metrics::Catalog catalog;
  catalog.process.cpu_seconds.raise_to(7);
  catalog.process.cpu_seconds.raise_to(5);
  catalog.process.cpu_seconds.raise_to(8);
  EXPECT_EQ(catalog.process.cpu_seconds.value(), 8);
}

TEST(Catalog, what_is_registered_is_asked_before_each_page_until_forgotten) {
  metrics::Catalog catalog;
  int asked = 0;
  const auto id = catalog.before_render([&] { catalog.watch.contact_age.set(++asked); });
  EXPECT_EQ(parse_exposition(catalog.render()).value("outrigger_last_contact_age_seconds"), 1);
  EXPECT_EQ(parse_exposition(catalog.render()).value("outrigger_last_contact_age_seconds"), 2);
  catalog.forget(id);
  (void)catalog.render();
  EXPECT_EQ(asked, 2);
}

// The room repeats the words of core and kube, because it knows neither.
template <class Enum, class Set>
void expect_words(const Set& set) {
  for (int i = 0; i < static_cast<int>(Enum::count_); ++i) {
    const auto word = to_string(static_cast<Enum>(i));
    EXPECT_TRUE(set.knows(word)) << word;
  }
}
TEST(Labels, every_word_of_the_agents_enumerations_is_known) {
  metrics::Catalog catalog;
  for (int i = 1; i < static_cast<int>(core::ApiErrorClass::count_); ++i)
    EXPECT_TRUE(catalog.writes.creates.knows(to_string(static_cast<core::ApiErrorClass>(i)))) << i;
  EXPECT_TRUE(catalog.writes.creates.knows("ok"));
  expect_words<core::ExitClass>(catalog.pods.exits);
  expect_words<core::ExecutorState>(catalog.pods.by_state);
  expect_words<core::Verdict>(catalog.channel.results);
  for (int i = 1; i < static_cast<int>(kube::RestartReason::count_); ++i)
    EXPECT_TRUE(catalog.watch.restarts.knows(to_string(static_cast<kube::RestartReason>(i)))) << i;
}

TEST(StrictReader, finds_what_is_wrong) {
  EXPECT_THAT(parse_exposition("a 1\n").faults, testing::SizeIs(1));
  EXPECT_THAT(parse_exposition("# HELP a_total x\n# TYPE a_total counter\na_total{l=\"v} 1\n").faults,
              testing::Not(IsEmpty()));
  EXPECT_THAT(parse_exposition("# HELP a x\n# TYPE a gauge\na 1\na 2\n").faults, testing::SizeIs(1));
  EXPECT_THAT(parse_exposition("# HELP a x\n# TYPE a counter\na 1\n").faults, testing::SizeIs(1));
  EXPECT_THAT(parse_exposition("# HELP a x\n# TYPE a gauge\na 1").faults, testing::SizeIs(1));
}

}  // namespace
}  // namespace outrigger
