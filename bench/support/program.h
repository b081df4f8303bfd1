// One of our own programs as a child process, for benches that measure the product as it ships.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace outrigger::bench {

// The directory of the programs: `bin` beside the `bench` directory that this binary was built into.
std::string program_directory();

// Started at once, its standard error in `log`; ends with us, at the latest in the destructor (SIGKILL).
class Program {
 public:
  Program(const std::string& name, const std::vector<std::string>& arguments, const std::string& log);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  pid_t pid() const { return pid_; }
  bool alive();

 private:
  pid_t pid_;
};

// Ends the bench with one line that names what failed.
[[noreturn]] void give_up(const std::string& why);

}  // namespace outrigger::bench
