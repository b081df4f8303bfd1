#include "agent/launch/shim_files.h"

#include <filesystem>
#include <system_error>

namespace outrigger::launch {
namespace {

namespace fs = std::filesystem;

constexpr const char* library = "liboutrigger_jni.so";

Status copy_whole(const fs::path& from, const fs::path& to) {
  std::error_code error;
  const fs::path fresh = to.string() + ".new";
  fs::copy_file(from, fresh, fs::copy_options::overwrite_existing, error);
  if (!error) fs::permissions(fresh, fs::perms(0644), error);  // the driver may be another user
  if (!error) fs::rename(fresh, to, error);
  if (!error) return {};
  std::error_code ignored;
  fs::remove(fresh, ignored);
  return fail("install-shim: " + from.string() + " can't be copied to " + to.string() + ": " +
              error.message());
}

Status copy_line(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to, error);
  if (error) return fail("install-shim: " + to.string() + " can't be made: " + error.message());
  bool jar = false;
  for (const auto& entry : fs::directory_iterator(from, error)) {
    const fs::path name = entry.path().filename();
    if (name != library && name.extension() != ".jar") continue;
    jar = jar || name != library;
    if (auto ok = copy_whole(entry.path(), to / name); !ok) return ok;
  }
  if (!jar || !fs::exists(to / library, error))
    return fail("install-shim: " + from.string() + " has no jar or no " + library +
                "; the installation is not complete");
  return {};
}

}  // namespace

Result<std::string> find_shim(const std::string& program) {
  std::error_code error;
  const fs::path root = fs::path(program).parent_path().parent_path();
  for (const fs::path& place : {root / "share/outrigger/shim", root / "shim-install"})
    if (fs::is_directory(place, error)) return place.string();
  return fail("the shim's files are neither in " + (root / "share/outrigger/shim").string() + " nor in " +
              (root / "shim-install").string() + "; name their directory with --shim");
}

Result<std::vector<std::string>> install_shim(const std::string& source, const std::string& target,
                                              const std::string& line) {
  std::vector<std::string> filled;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(source, error)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_directory() || (!line.empty() && name != line)) continue;
    const fs::path to = fs::path(target) / name;
    if (auto ok = copy_line(entry.path(), to); !ok) return tl::unexpected(ok.error());
    filled.push_back(to.string());
  }
  if (error) return fail("install-shim: " + source + ": " + error.message());
  if (filled.empty())
    return fail("install-shim: " + source + " has no shim" + (line.empty() ? "" : " for Scala " + line));
  return filled;
}

Result<std::string> scala_line(const std::string& spark_home) {
  constexpr std::string_view prefix = "spark-core_";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(spark_home + "/jars", error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const auto dash = name.find('-', prefix.size());
    if (dash != name.npos) return name.substr(prefix.size(), dash - prefix.size());
  }
  return fail("SPARK_HOME is '" + spark_home + "': there is no jars/" + std::string(prefix) +
              "*.jar, so the Scala line is not known");
}

std::string find_spark_home(const std::string& variable, const std::string& launcher) {
  if (!variable.empty()) return variable;
  std::error_code error;
  const fs::path real = fs::canonical(launcher, error);
  if (error) return {};
  const fs::path home = real.parent_path().parent_path();
  return fs::is_directory(home / "jars", error) ? home.string() : std::string();
}

}  // namespace outrigger::launch
