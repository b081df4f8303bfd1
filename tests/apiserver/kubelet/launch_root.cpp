#include "tests/apiserver/kubelet/launch_root.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace outrigger::apiserver {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

void mount_or_fail(const std::string& source, const std::string& target, const char* type,
                   unsigned long flags, const std::string& data = {}) {
  if (::mount(source.c_str(), target.c_str(), type, flags, data.empty() ? nullptr : data.c_str()) != 0)
    fail("mount of " + source + " at " + target);
}

bool is_directory(const std::string& path) {
  struct stat state{};
  return ::stat(path.c_str(), &state) == 0 && S_ISDIR(state.st_mode);
}

void make_directories(const std::string& path) {
  for (std::size_t at = 1; at != std::string::npos;) {
    at = path.find('/', at);
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) fail("mkdir of " + part);
    if (at != std::string::npos) ++at;
  }
}

// A mount point of the right kind; what is missing is made in the container's own layer.
void make_mount_point(const std::string& target, bool directory) {
  if (directory) {
    if (!is_directory(target)) make_directories(target);
    return;
  }
  const auto slash = target.rfind('/');
  if (slash > 0) make_directories(target.substr(0, slash));
  const int file = ::open(target.c_str(), O_CREAT | O_RDONLY | O_CLOEXEC, 0644);
  if (file < 0) fail("a mount point at " + target);
  ::close(file);
}

std::string escaped(const std::string& path) {  // for the options of overlayfs
  std::string text;
  for (const char c : path) {
    if (c == ':' || c == ',' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

// Overlays whose upper layers lie in one tmpfs: they vanish with the container.
class Layers {
 public:
  explicit Layers(std::string scratch) : scratch_(std::move(scratch)) {
    mount_or_fail("outrigger-pod", scratch_, "tmpfs", MS_NOSUID, "mode=0755");
    root_ = scratch_ + "/root";
    make_directories(root_);
  }
  const std::string& root() const { return root_; }

  bool put(const std::string& lower, const std::string& target) {
    const std::string base = scratch_ + "/" + std::to_string(count_++);
    make_directories(base + "/upper");
    make_directories(base + "/work");
    struct stat state{};
    if (::stat(lower.c_str(), &state) == 0) ::chmod((base + "/upper").c_str(), state.st_mode & 07777);
    const std::string options =
        "lowerdir=" + escaped(lower) + ",upperdir=" + base + "/upper,workdir=" + base + "/work";
    return ::mount("overlay", target.c_str(), "overlay", 0, options.c_str()) == 0;
  }

 private:
  std::string scratch_;
  std::string root_;
  int count_ = 0;
};

void remount_read_only(const std::string& target) {
  struct statvfs state{};
  if (::statvfs(target.c_str(), &state) != 0) fail(target);
  unsigned long flags =
      MS_BIND | MS_REMOUNT | MS_RDONLY;  // what the mount had must stay: a user namespace insists
  if ((state.f_flag & ST_NOSUID) != 0) flags |= MS_NOSUID;
  if ((state.f_flag & ST_NODEV) != 0) flags |= MS_NODEV;
  if ((state.f_flag & ST_NOEXEC) != 0) flags |= MS_NOEXEC;
  if (::mount(nullptr, target.c_str(), nullptr, flags, nullptr) != 0)
    fail("remount of " + target + " read-only");
}

struct HostMount {
  std::string point;
  std::string type;
};

std::string unescaped(std::string_view text) {  // \040 and the like of mountinfo
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::vector<HostMount> host_mounts() {
  std::vector<HostMount> mounts;
  std::ifstream in("/proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string id;
    std::string parent;
    std::string device;
    std::string root;
    std::string point;
    words >> id >> parent >> device >> root >> point;
    std::string word;
    while (words >> word && word != "-") {
    }
    HostMount mount{unescaped(point), {}};
    words >> mount.type;
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

bool below(const std::string& path, const std::string& directory) {
  return path == directory || path.starts_with(directory + "/");
}

// Other file systems of the host: copied on write as the root is, or else read-only.
void add_host_mounts(Layers& layers, const std::vector<HostMount>& mounts, const LaunchSpec& spec) {
  for (const auto& mount : mounts) {
    const auto holds = [&](const char* directory) { return below(mount.point, directory); };
    if (mount.point == "/" || holds("/proc") || holds("/sys") || holds("/dev")) continue;
    if (std::any_of(spec.hidden.begin(), spec.hidden.end(),
                    [&](const auto& h) { return below(mount.point, h); }))
      continue;
    const std::string target = layers.root() + mount.point;
    if (::access(target.c_str(), F_OK) != 0) continue;  // below another file system, which hides it
    if (is_directory(mount.point) && layers.put(mount.point, target)) continue;
    if (::mount(mount.point.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) != 0) continue;
    remount_read_only(target);
  }
}

void add_devices(const std::string& root) {
  const std::string dev = root + "/dev";
  mount_or_fail("dev", dev, "tmpfs", MS_NOSUID, "mode=0755,size=64k");
  for (const char* name : {"null", "zero", "full", "random", "urandom", "tty"}) {
    const std::string target = dev + "/" + name;
    make_mount_point(target, false);
    mount_or_fail(std::string("/dev/") + name, target, nullptr, MS_BIND);
  }
  make_directories(dev + "/shm");
  mount_or_fail("shm", dev + "/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=64m");
  constexpr std::array<std::pair<const char*, const char*>, 4> links{{{"/proc/self/fd", "/fd"},
                                                                      {"/proc/self/fd/0", "/stdin"},
                                                                      {"/proc/self/fd/1", "/stdout"},
                                                                      {"/proc/self/fd/2", "/stderr"}}};
  for (const auto& [from, to] : links) {
    if (::symlink(from, (dev + to).c_str()) != 0) fail("a link at " + dev + to);
  }
}

void add_kernel(const std::string& root) {
  mount_or_fail("proc", root + "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
  if (::mount("/sys", (root + "/sys").c_str(), nullptr, MS_BIND, nullptr) == 0)
    remount_read_only(root + "/sys");
}

// The sources are opened while the host is in sight; the targets are resolved in the new root, links and all.
class Volumes {
 public:
  explicit Volumes(const std::vector<LaunchMount>& mounts) {
    for (const auto& mount : mounts) {
      const int source = ::open(mount.source.c_str(), O_PATH | O_CLOEXEC);
      if (source < 0) fail(mount.source + " for " + mount.target);
      sources_.push_back({&mount, source, is_directory(mount.source)});
    }
  }
  ~Volumes() {
    for (const auto& source : sources_) ::close(source.descriptor);
  }
  Volumes(const Volumes&) = delete;
  Volumes& operator=(const Volumes&) = delete;

  void bind() const {
    for (const auto& source : sources_) {
      const std::string& target = source.mount->target;
      make_mount_point(target, source.directory);
      const std::string from = "/proc/self/fd/" + std::to_string(source.descriptor);
      mount_or_fail(from, target, nullptr, MS_BIND | MS_REC);
      if (source.mount->read_only) remount_read_only(target);
    }
  }

 private:
  struct Source {
    const LaunchMount* mount;
    int descriptor;
    bool directory;
  };
  std::vector<Source> sources_;
};

}  // namespace

void enter_root(const LaunchSpec& spec) {
  const auto mounts = host_mounts();
  const int host = ::open("/", O_DIRECTORY | O_PATH | O_CLOEXEC);
  if (host < 0) fail("/");
  const Volumes volumes(spec.mounts);
  Layers layers(spec.scratch);
  if (!layers.put("/", layers.root())) fail("an overlay of /");
  add_host_mounts(layers, mounts, spec);
  add_kernel(layers.root());
  add_devices(layers.root());
  for (const auto& overlay : spec.overlays) {
    const std::string target = layers.root() + overlay.target;
    make_directories(target);
    if (!layers.put(overlay.source, target))
      fail("an overlay of " + overlay.source + " at " + overlay.target);
  }
  for (const auto& directory : spec.hidden) {
    const std::string target = layers.root() + directory;
    if (is_directory(target)) mount_or_fail("hidden", target, "tmpfs", MS_RDONLY, "mode=0000,size=4k");
  }
  if (::chdir(layers.root().c_str()) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0) fail("pivot_root");
  // "/" is the new root now; the host's lies on top of it until the volumes are bound.
  if (::chdir("/") != 0) fail("/");
  volumes.bind();
  if (!is_directory(spec.cwd)) make_directories(spec.cwd);  // as container runtimes do
  if (spec.read_only_root) remount_read_only("/");
  if (::fchdir(host) != 0 || ::umount2(".", MNT_DETACH) != 0 || ::chdir("/") != 0)
    fail("leaving the host's root");
  ::close(host);
}

}  // namespace outrigger::apiserver
