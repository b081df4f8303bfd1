#include "agent/launch/shim_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temporary_folder.h"

namespace outrigger::launch {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

struct ShimFiles : testing::Test {
  test::TemporaryFolder folder;
  std::string source = folder.path("shim"), target = folder.path("run");

  void line(const std::string& name) {
    fs::create_directories(source + "/" + name);
    folder.write("shim/" + name + "/outrigger-spark.jar", "jar " + name);
    folder.write("shim/" + name + "/liboutrigger_jni.so", "library");
    folder.write("shim/" + name + "/notes.txt", "not for the driver");
  }
};

TEST_F(ShimFiles, every_line_gets_its_own_directory) {
  line("2.12");
  line("2.13");
  const auto filled = install_shim(source, target, "");
  ASSERT_TRUE(filled) << filled.error().text;
  EXPECT_THAT(*filled, UnorderedElementsAre(target + "/2.12", target + "/2.13"));
  EXPECT_TRUE(fs::exists(target + "/2.13/outrigger-spark.jar"));
  EXPECT_TRUE(fs::exists(target + "/2.12/liboutrigger_jni.so"));
  EXPECT_FALSE(fs::exists(target + "/2.12/notes.txt"));
  EXPECT_EQ(fs::status(target + "/2.13/liboutrigger_jni.so").permissions(), fs::perms(0644));
}

TEST_F(ShimFiles, again_is_fine_and_leaves_nothing_half_done) {
  line("2.13");
  ASSERT_TRUE(install_shim(source, target, "2.13"));
  ASSERT_TRUE(install_shim(source, target, "2.13"));
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(target + "/2.13")) ++files;
  EXPECT_EQ(files, 2u);
}

TEST_F(ShimFiles, what_is_missing_is_named) {
  line("2.13");
  EXPECT_THAT(install_shim(source, target, "2.11").error().text, HasSubstr("no shim for Scala 2.11"));
  EXPECT_THAT(install_shim(folder.path("none"), target, "").error().text, HasSubstr(folder.path("none")));
  fs::remove(source + "/2.13/liboutrigger_jni.so");
  EXPECT_THAT(install_shim(source, target, "").error().text, HasSubstr("liboutrigger_jni.so"));
  folder.write("file", "");
  line("2.12");
  EXPECT_THAT(install_shim(source, folder.path("file"), "2.12").error().text, HasSubstr("can't be made"));
}

TEST_F(ShimFiles, the_line_is_read_off_spark_home) {
  fs::create_directories(folder.path("spark/jars"));
  EXPECT_THAT(scala_line(folder.path("spark")).error().text, HasSubstr(folder.path("spark")));
  folder.write("spark/jars/spark-core_2.13-4.1.1.jar", "");
  EXPECT_EQ(scala_line(folder.path("spark")).value(), "2.13");
  fs::create_directories(folder.path("spark/bin"));
  const std::string launcher = folder.write("spark/bin/spark-submit", "");
  EXPECT_EQ(find_spark_home("", launcher), fs::canonical(folder.path("spark")).string());
  EXPECT_EQ(find_spark_home("/given", launcher), "/given");
  EXPECT_EQ(find_spark_home("", "/nowhere/spark-submit"), "");
}

}  // namespace
}  // namespace outrigger::launch
