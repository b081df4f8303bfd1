#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "agent/io/spdlog_log.h"
#include "agent/metrics/catalog.h"

namespace outrigger::io {
namespace {

using testing::HasSubstr;
using testing::Not;

class Logs : public testing::Test {
 protected:
  SpdlogLog make(config::Log::Format format = config::Log::Format::json,
                 config::Log::Level level = config::Log::Level::info) {
    LogOptions options;
    options.format = format;
    options.level = level;
    options.burst = 3;
    options.window = core::Millis(1000);
    options.wall_ms = [this] { return now; };
    options.write_to = [this](const std::string& line) { lines.push_back(line); };
    return SpdlogLog(options, &catalog);
  }
  metrics::Catalog catalog;
  core::WallMillis now = 1'795'270'000'120;
  std::vector<std::string> lines;
};

TEST_F(Logs, json_is_one_object_per_line) {
  auto log = make();
  log.warning("it broke", {{"err", "a \"quote\"\nand a line"}, {"podName", "exec-1"}});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], Not(HasSubstr("\n")));
  const auto object = nlohmann::json::parse(lines[0]);
  EXPECT_EQ(object["ts"], "2026-11-21T14:06:40.120Z");
  EXPECT_EQ(object["level"], "warning");
  EXPECT_EQ(object["msg"], "it broke");
  EXPECT_EQ(object["err"], "a \"quote\"\nand a line");
  EXPECT_EQ(object["podName"], "exec-1");
}

TEST_F(Logs, json_survives_bytes_that_are_no_utf_8) {
  auto log = make();
  log.info("x", {{"bytes", "\xff\xfe ok"}});
  EXPECT_TRUE(nlohmann::json::accept(lines.at(0)));
}

TEST_F(Logs, text_quotes_what_is_not_a_word) {
  auto log = make(config::Log::Format::text);
  log.error("it broke", {{"code", "403"}, {"err", "cannot create pods\nat all"}, {"none", ""}});
  EXPECT_EQ(lines.at(0),
            "2026-11-21T14:06:40.120Z error it broke code=403 err=\"cannot create pods\\nat all\" none=\"\"");
}

TEST_F(Logs, below_the_level_nothing_is_written) {
  auto log = make(config::Log::Format::json, config::Log::Level::warning);
  EXPECT_FALSE(log.enabled(ports::Level::info));
  EXPECT_TRUE(log.enabled(ports::Level::warning));
  log.info("quiet");
  EXPECT_TRUE(lines.empty());
}

TEST_F(Logs, repetitions_are_bounded_and_what_was_left_out_is_told) {
  auto log = make();
  for (int i = 0; i < 10; ++i) log.info("again");
  log.info("something else");
  EXPECT_EQ(lines.size(), 4u);
  EXPECT_EQ(catalog.loop.log_lines_suppressed.value(), 7);
  now += 1000;
  log.info("again");
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(nlohmann::json::parse(lines[4])["suppressed"], 7);
  log.info("again");
  EXPECT_THAT(lines.at(5), Not(HasSubstr("suppressed")));
}

TEST_F(Logs, a_clock_that_goes_back_does_not_silence) {
  auto log = make();
  for (int i = 0; i < 5; ++i) log.info("again");
  now -= 3'600'000;
  log.info("again");
  EXPECT_EQ(lines.size(), 4u);
}

}  // namespace
}  // namespace outrigger::io
