// A directory on tmpfs that goes away with the test.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

namespace outrigger::ipc::test {

struct Scratch {
  Scratch() {
    char name[] = "/dev/shm/outrigger-test-XXXXXX";
    char fallback[] = "/tmp/outrigger-test-XXXXXX";
    const char* made = mkdtemp(name);
    path = made != nullptr ? made : mkdtemp(fallback);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

}  // namespace outrigger::ipc::test
