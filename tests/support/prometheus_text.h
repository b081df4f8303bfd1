// A strict reader of the Prometheus text format 0.0.4, written from its definition: what it accepts, every server does.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace outrigger::test {

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};
struct Family {
  std::string type, help;
  std::vector<Sample> samples;
};
struct Exposition {
  std::map<std::string, Family> families;
  std::vector<std::string> faults;  // with their line
  // The value of the one sample with exactly these labels.
  std::optional<double> value(const std::string& name,
                              const std::map<std::string, std::string>& labels = {}) const;
};
Exposition parse_exposition(const std::string& text);

}  // namespace outrigger::test
