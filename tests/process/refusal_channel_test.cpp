// The run directory: too little room, somebody else's, of another layout.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "ipc/command_queue_layout.h"
#include "ipc/layout.h"
#include "outrigger/shim.h"
#include "tests/process/refusal.h"

namespace outrigger::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class RefusedChannel : public RefusalTest {
 protected:
  // The same program in a mount namespace of its own, where the run directory is a tmpfs of one MiB.
  Launch in_small_tmpfs(const Launch& agent) const {
    std::filesystem::create_directories(run_dir_);
    Launch wrapped{
        "/usr/bin/unshare",
        {"--mount", "/bin/sh", "-c", "mount -t tmpfs -o size=1m outrigger-test \"$0\" && exec \"$@\"",
         run_dir_, std::string(OUTRIGGER_BIN_DIR) + "/" + agent.program},
        agent.environment,
        false};
    if (::geteuid() != 0) wrapped.arguments.insert(wrapped.arguments.begin(), "--map-root-user");
    wrapped.arguments.insert(wrapped.arguments.end(), agent.arguments.begin(), agent.arguments.end());
    return wrapped;
  }
  // Empty when mounting is permitted.
  std::string why_no_mounting() const {
    Launch probe = in_small_tmpfs({"", {}, {}, false});
    probe.arguments.back() = "/bin/true";
    Process process(probe);
    return process.wait().code == 0 ? "" : process.last_words();
  }
};

TEST_F(RefusedChannel, a_tmpfs_that_is_too_small_is_said_with_both_sizes_and_the_way_out) {
  if (const auto why = why_no_mounting(); !why.empty())
    GTEST_SKIP() << "skipped: no mount of a tmpfs in a namespace of its own: " << why;
  ApiServer server({.folder = folder_.path("server")});
  auto agent = options(server.kubeconfig());
  EXPECT_THAT(refused(in_small_tmpfs(agent_launch(agent))),
              AllOf(HasSubstr(run_dir_), HasSubstr("1.0 MiB free"), HasSubstr("capacity of 4096"),
                    HasSubstr("lower the capacity")));
  // What the line says helps.
  agent.arguments = {"--capacity", "64"};
  Process small(in_small_tmpfs(agent_launch(agent)));
  wait_open(small);
  small.signal(SIGTERM);
  EXPECT_EQ(small.wait().code, 0) << small.err();
  expect_no_channel();  // what was mounted is gone with its namespace
  expect_reusable();
}

TEST_F(RefusedChannel, a_run_directory_that_is_a_file_is_named) {
  folder_.write("run", "");
  EXPECT_THAT(refused(options(kubeconfig_of({.server = "http://127.0.0.1:1"}))),
              AllOf(HasSubstr(run_dir_), HasSubstr("not a directory")));
}

TEST_F(RefusedChannel, a_second_agent_is_refused_and_the_first_goes_on) {
  ApiServer server({.folder = folder_.path("server")});
  Process first(agent_launch(options(server.kubeconfig())));
  wait_open(first);
  const auto before = std::filesystem::last_write_time(run_dir_);
  EXPECT_THAT(refused(options(server.kubeconfig())),
              AllOf(HasSubstr(lock_dir_ + "/agent.lock"), HasSubstr("another agent")));
  EXPECT_EQ(std::filesystem::last_write_time(run_dir_), before);
  EXPECT_TRUE(first.alive());
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait().code, 0) << first.err();
  expect_reusable();
}

// Another build's state file: everything is as it was, but for the hash of its layout.
class StateFile {
 public:
  explicit StateFile(const std::string& path) : file_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    if (file_ < 0) throw std::runtime_error(path);
  }
  ~StateFile() { ::close(file_); }
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;
  void set_layout_hash(std::uint64_t hash) const {
    if (::pwrite(file_, &hash, sizeof hash, offsetof(ipc::StatePrefix, layout_hash)) != sizeof hash)
      throw std::runtime_error("pwrite");
  }

 private:
  int file_;
};

TEST_F(RefusedChannel, a_state_of_another_layout_is_refused_by_the_shim_which_says_both_and_tries_again) {
  ApiServer server({.folder = folder_.path("server")});
  Process agent(agent_launch(options(server.kubeconfig())));
  wait_open(agent);
  const StateFile file(run_dir_ + "/state");
  file.set_layout_hash(0x1234567890abcdef);

  outrigger_options wanted{};
  wanted.struct_size = sizeof wanted;
  wanted.run_directory = run_dir_.c_str();
  wanted.application_id = application;
  outrigger_session* session = nullptr;
  char text[256] = "";
  ASSERT_EQ(outrigger_open(&wanted, &session, text, sizeof text), OUTRIGGER_OK) << text;
  outrigger_state state{};
  state.struct_size = sizeof state;
  ASSERT_EQ(outrigger_read_state(session, &state), OUTRIGGER_OK);
  EXPECT_EQ(state.session, static_cast<std::uint32_t>(OUTRIGGER_SESSION_REFUSED));
  EXPECT_EQ(state.attach_reason, static_cast<std::uint32_t>(OUTRIGGER_ATTACH_WRONG_LAYOUT));
  EXPECT_THAT(state.text, AllOf(HasSubstr("1234567890abcdef"), HasSubstr("this side reads")));

  Process look(Launch{"agentctl", {"--run-dir", run_dir_, "status"}, {}, false});
  EXPECT_NE(look.wait().code, 0);
  EXPECT_THAT(look.err(), HasSubstr("1234567890abcdef"));

  file.set_layout_hash(ipc::layout_hash);
  wait_until("the shim attaches to the right layout",
             [&] {
               outrigger_wait(session, 50);
               return outrigger_read_state(session, &state) == OUTRIGGER_OK &&
                      state.attach_reason == OUTRIGGER_ATTACH_OK;
             },
             {&agent});
  outrigger_close(session);
  EXPECT_TRUE(agent.alive());
}

}  // namespace
}  // namespace outrigger::test
