#include "agent/ctl/template_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/core/limits.h"
#include "agent/ctl/cli.h"

namespace outrigger::ctl {
namespace {
using testing::HasSubstr;
using testing::Not;

class TemplateFiles : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = (std::filesystem::temp_directory_path() / "outrigger-tc-XXXXXX").string();
    ASSERT_NE(mkdtemp(directory_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  TemplateCheck::Sample sample(std::uint64_t id, const std::string& text) {
    const std::string file = directory_ + "/" + std::to_string(id) + ".json";
    std::ofstream(file) << text;
    return {file, core::ExecutorId{id}};
  }
  static std::string pod(const std::string& id, const std::string& more = "x") {
    return R"({"metadata":{"name":"app-exec-)" + id +
           R"("},"spec":{"containers":[{"env":[{"name":"ID","value":")" + id +
           R"("},{"name":"PASSWORD","value":"hunter2"}],"args":[")" + more + R"("]}]}})";
  }
  int check(const TemplateCheck& what) {
    std::ostringstream out, err;
    const int code = check_template(what, out, err);
    out_ = out.str();
    err_ = err.str();
    return code;
  }
  std::string directory_, out_, err_;
};

TEST_F(TemplateFiles, slots_are_printed_with_their_paths_and_without_values) {
  EXPECT_EQ(check({.samples = {sample(1111, pod("1111")), sample(2222, pod("2222"))}}), exit_ok);
  EXPECT_THAT(out_, HasSubstr("$.metadata.name"));
  EXPECT_THAT(out_, HasSubstr("$.spec.containers[0].env[0].value"));
  EXPECT_THAT(out_, HasSubstr("4 digits, 2 slots"));
  EXPECT_THAT(out_, Not(HasSubstr("hunter2")));
}

TEST_F(TemplateFiles, S5_a_stamped_pod_hides_the_values_of_its_environment_unless_asked) {
  TemplateCheck what{.samples = {sample(11, pod("11")), sample(22, pod("22"))},
                     .stamp = core::ExecutorId{37}};
  EXPECT_EQ(check(what), exit_ok);
  EXPECT_THAT(out_, HasSubstr("app-exec-37"));
  EXPECT_THAT(out_, Not(HasSubstr("hunter2")));
  what.show_env = true;
  EXPECT_EQ(check(what), exit_ok);
  EXPECT_THAT(out_, HasSubstr("hunter2"));
}

TEST_F(TemplateFiles, S3_what_does_not_derive_from_the_id_is_refused_with_its_path) {
  EXPECT_EQ(check({.samples = {sample(11, pod("11", "a")), sample(22, pod("22", "b"))}}), exit_failed);
  EXPECT_THAT(err_, HasSubstr("$.spec.containers[0].args[0]"));
  EXPECT_EQ(out_, "");
}

TEST_F(TemplateFiles, bad_files_are_named) {
  EXPECT_EQ(check({.samples = {{directory_ + "/none.json", {11}}, sample(22, pod("22"))}}), exit_failed);
  EXPECT_THAT(err_, HasSubstr("none.json"));
  EXPECT_EQ(check({.samples = {sample(11, "{"), sample(22, pod("22"))}}), exit_failed);
  EXPECT_THAT(err_, HasSubstr("11.json"));
  const std::string large = pod("11", std::string(core::limits::template_bytes, 'x'));
  EXPECT_EQ(check({.samples = {sample(11, large), sample(22, pod("22"))}}), exit_failed);
  EXPECT_THAT(err_, HasSubstr("1048576 bytes"));
}

TEST_F(TemplateFiles, a_stamp_of_another_length_is_refused) {
  EXPECT_EQ(
      check({.samples = {sample(11, pod("11")), sample(22, pod("22"))}, .stamp = core::ExecutorId{333}}),
      exit_failed);
  EXPECT_THAT(err_, HasSubstr("2 digits"));
}

}  // namespace
}  // namespace outrigger::ctl
