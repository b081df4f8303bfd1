// A real child on a real loop.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "agent/io/asio_loop.h"
#include "agent/io/child_process.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::test {
namespace {

struct IoChild : testing::Test {
  io::AsioLoop loop;
  int code = -1;

  std::unique_ptr<io::ChildProcess> start(std::vector<std::string> argv,
                                          std::vector<std::pair<std::string, std::string>> variables = {}) {
    auto made = io::ChildProcess::start(loop, {std::move(argv), std::move(variables)}, [this](int ended) {
      code = ended;
      loop.stop();
    });
    EXPECT_TRUE(made.has_value());
    return made ? std::move(*made) : nullptr;
  }
};

TEST_F(IoChild, its_exit_code_is_told_once_it_has_ended) {
  const auto child = start({"sh", "-c", "exit 7"});
  loop.run();
  EXPECT_EQ(code, 7);
  EXPECT_FALSE(child->running());
}

TEST_F(IoChild, variables_are_set_over_what_is_inherited) {
  const TemporaryFolder folder;
  ASSERT_EQ(::setenv("OUTRIGGER_TEST_VARIABLE", "old", 1), 0);
  const auto child =
      start({"sh", "-c", "env > " + folder.path("env")}, {{"OUTRIGGER_TEST_VARIABLE", "new value"}});
  loop.run();
  EXPECT_EQ(code, 0);
  std::ifstream in(folder.path("env"));
  int seen = 0;
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("OUTRIGGER_TEST_VARIABLE=")) {
      ++seen;
      EXPECT_EQ(line, "OUTRIGGER_TEST_VARIABLE=new value");
    }
  EXPECT_EQ(seen, 1);
}

TEST_F(IoChild, a_signal_reaches_it_and_is_told_as_a_shell_would) {
  const auto child = start({"sleep", "100"});
  child->signal(SIGTERM);
  loop.run();
  EXPECT_EQ(code, 128 + SIGTERM);
}

TEST_F(IoChild, what_cannot_be_executed_is_127) {
  const auto child = start({"/no/such/program"});
  loop.run();
  EXPECT_EQ(code, 127);
}

TEST_F(IoChild, it_does_not_outlive_its_object) {
  auto child = start({"sleep", "100"});
  child.reset();  // hangs in waitpid if it were not killed
  EXPECT_EQ(code, -1);
}

}  // namespace
}  // namespace outrigger::test
