#include <cstdlib>
#include <exception>
#include <iostream>

#include "agent/ctl/cli.h"

int main(int argc, char** argv) {
  outrigger::ctl::Environment environment;
  if (const char* directory = std::getenv("OUTRIGGER_RUN_DIR"); directory != nullptr && *directory != '\0')
    environment.run_directory = directory;
  try {
    return outrigger::ctl::run({argv + 1, argv + argc}, environment, std::cout, std::cerr);
  } catch (const std::exception& problem) {
    std::cerr << "error: " << problem.what() << '\n';
    return outrigger::ctl::exit_failed;
  }
}
