// One entry for each transcript: the state it needs, and what is compared. Or why it is out of scope.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/conformance/world.h"

namespace outrigger::conformance {

// Texts of the recorded request -> texts for this server.
using Replacements = std::map<std::string, std::string>;

struct Case {
  std::string config;                               // YAML on top of the base
  std::function<Replacements(World&)> before = {};  // makes the state
  std::function<void(World&)> during = {};          // watches: what happens while the stream is open
  bool ends = true;             // watches: the stream ends by itself, with the final chunk
  bool message_prefix = false;  // the message is compared up to its first line only
  std::string out_of_scope;     // the reason
};

// Name of the transcript -> case.
const std::map<std::string, Case>& cases();

}  // namespace outrigger::conformance
