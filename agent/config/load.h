// From command line, environment and file to a Config, with everything that is wrong reported in one go.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "agent/config/config.h"
#include "agent/core/result.h"

namespace outrigger::config {

using Environment = std::map<std::string, std::string>;

// What the command line asks for. `settings` are keys of the file ("channel.runDir") with their text.
struct CommandLine {
  enum class Action { run, help, version, check } action = Action::run;
  std::string text;  // of help or version, ready to print
  std::string config_file;
  struct Setting {
    std::string key, value, flag;
  };
  std::vector<Setting> settings;
};
// argv without the program's name. Errors name the flag and the nearest known one.
Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments, const std::string& version);

// Flag over environment over file over default. The error has one line per fault, each naming the flag, the variable
// or FILE:LINE, the key, the value and the way out.
Result<Config> load_config(const CommandLine& line, const Environment& environment);

// The same from text, for tests and `agentctl config check`. `file` is what errors call it.
Result<Config> parse_config(const std::string& yaml, const std::string& file);

Environment process_environment();  // the only place that reads the environment of the process

}  // namespace outrigger::config
