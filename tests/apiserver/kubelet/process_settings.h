// How pods become processes.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/apiserver/base/text.h"
#include "tests/apiserver/kubelet/launch_spec.h"

namespace outrigger::apiserver {

// What an image brings along, for images whose name matches.
struct ImageRule {
  std::string image;        // a pattern with * and ?
  std::string entrypoint;   // a program; empty: pods must say their command
  std::string working_dir;  // empty: "/"
  std::uint32_t uid = 0;    // of its USER, for pods that don't say runAsUser
  std::uint32_t gid = 0;
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<LaunchMount> content;  // host directories at paths of the image, copied on write
};

struct ProcessSettings {
  bool enabled = false;
  std::string directory;                    // everything of the kubelet; empty: a new temporary directory
  std::string logs;                         // NAMESPACE/POD/CONTAINER.log; empty: in `directory`
  std::string launcher = "/proc/self/exe";  // this program
  std::string node = "process-node";
  std::vector<ImageRule> images;
  // Taken over from the server's environment, as if every image had set them.
  std::vector<std::string> inherit{"PATH", "LANG", "JAVA_HOME", "SPARK_HOME"};
  Millis restart_back_off{10'000};  // doubles up to five minutes; the first restart is at once
};

}  // namespace outrigger::apiserver
