#include "tests/apiserver/kubelet/payload.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace outrigger::apiserver {
namespace {

namespace fs = std::filesystem;

bool is_safe(const std::string& path) {
  const fs::path parts(path);
  return !path.empty() && parts.is_relative() &&
         std::none_of(parts.begin(), parts.end(), [](const auto& part) { return part == ".."; });
}

bool same(const std::string& directory, const Payload& payload) {
  std::error_code error;
  const fs::path data = fs::path(directory) / "..data";
  std::size_t files = 0;
  for (fs::recursive_directory_iterator at(data, error), end; !error && at != end; at.increment(error))
    files += at->is_regular_file() ? 1 : 0;
  if (error || files != payload.size()) return false;
  return std::all_of(payload.begin(), payload.end(), [&](const auto& entry) {
    std::ifstream in(data / entry.first);
    std::ostringstream text;
    text << in.rdbuf();
    return in.good() && text.str() == entry.second.content;
  });
}

}  // namespace

std::optional<std::string> write_payload(const std::string& directory, const Payload& payload,
                                         std::optional<std::uint32_t> user,
                                         std::optional<std::uint32_t> group) {
  if (same(directory, payload)) return {};
  static std::uint64_t serial = 0;
  const fs::path root(directory);
  const std::string version = "..v" + std::to_string(++serial);
  try {
    fs::create_directories(root / version);
    std::set<std::string> tops;
    for (const auto& [path, file] : payload) {
      if (!is_safe(path)) return "path '" + path + "' leaves the volume";
      const fs::path target = root / version / path;
      fs::create_directories(target.parent_path());
      std::ofstream(target, std::ios::binary) << file.content;
      const mode_t mode = group ? file.mode | 0040 : file.mode;
      ::chmod(target.c_str(), mode);
      if ((user || group) &&
          ::chown(target.c_str(), user.value_or(static_cast<uid_t>(-1)),
                  group.value_or(static_cast<gid_t>(-1))) != 0 &&
          errno != EPERM && errno != EINVAL)
        return target.string() + ": chown failed";
      tops.insert(fs::path(path).begin()->string());
    }
    const fs::path link = root / "..data";
    const fs::path before = fs::is_symlink(link) ? root / fs::read_symlink(link) : fs::path();
    fs::create_directory_symlink(version, root / "..data_tmp");
    fs::rename(root / "..data_tmp", link);  // the moment at which all files change
    for (const auto& top : tops) {
      if (!fs::is_symlink(root / top)) fs::create_symlink(fs::path("..data") / top, root / top);
    }
    for (const auto& entry : fs::directory_iterator(root)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with("..") && !tops.contains(name)) fs::remove(entry.path());
    }
    if (!before.empty()) fs::remove_all(before);
  } catch (const fs::filesystem_error& problem) {
    return problem.what();
  }
  return {};
}

}  // namespace outrigger::apiserver
