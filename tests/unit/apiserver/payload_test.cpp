#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/apiserver/kubelet/payload.h"
#include "tests/support/temporary_folder.h"

namespace outrigger::apiserver {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ProjectedFiles, are_replaced_all_at_once_through_one_link) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(write_payload(folder.path(), {{"a", {"1"}}, {"deep/b", {"2", 0400}}}, {}, {}), std::nullopt);
  EXPECT_EQ(text_of(folder.path("a")), "1");
  EXPECT_EQ(text_of(folder.path("deep/b")), "2");
  EXPECT_EQ(fs::status(folder.path("deep/b")).permissions(), fs::perms::owner_read);
  const auto version = fs::read_symlink(folder.path("..data"));
  EXPECT_EQ(write_payload(folder.path(), {{"a", {"3"}}}, {}, {}), std::nullopt);
  EXPECT_EQ(text_of(folder.path("a")), "3");
  EXPECT_FALSE(fs::exists(fs::symlink_status(folder.path("deep"))));
  EXPECT_FALSE(fs::exists(fs::path(folder.path()) / version)) << "the old version is gone";
}

TEST(ProjectedFiles, that_are_there_already_are_left_alone) {
  const test::TemporaryFolder folder;
  write_payload(folder.path(), {{"a", {"1"}}}, {}, {});
  const auto version = fs::read_symlink(folder.path("..data"));
  write_payload(folder.path(), {{"a", {"1"}}}, {}, {});
  EXPECT_EQ(fs::read_symlink(folder.path("..data")), version);
}

TEST(ProjectedFiles, never_leave_their_volume) {
  const test::TemporaryFolder folder;
  for (const char* path : {"../x", "/etc/x", "a/../../x", ""})
    EXPECT_NE(write_payload(folder.path(), {{path, {"1"}}}, {}, {}), std::nullopt) << path;
}

}  // namespace
}  // namespace outrigger::apiserver
