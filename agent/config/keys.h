// Every setting once: its place in the file, its flag, its variables, what it means and how its text becomes a value.
// The file reader, the flags, --help and the README's table all come from here.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/config.h"
#include "agent/core/result.h"

namespace outrigger::config {

struct Key {
  std::string path;      // "channel.runDir"
  std::string flag;      // "--run-dir", empty: file and environment only
  std::string variable;  // "OUTRIGGER_CHANNEL_RUN_DIR", made from the path
  std::string alias;     // a second variable, what the downward API is usually given as; may be empty
  std::string value;     // what stands for the value in --help: DIR, N, TIME
  std::string meaning;
  bool list = false;
  std::function<Status(Config&, const std::vector<std::string>&)> set;
};

const std::vector<Key>& keys();
const Key* find_key(std::string_view path);
const Key* find_flag(std::string_view flag);

// What no single key can know: relations between them. One line each.
std::vector<std::string> contradictions(const Config& config);

}  // namespace outrigger::config
