// Keeps every line, so that a test can look for one.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "agent/ports/log.h"

namespace outrigger::test {

class FakeLog final : public ports::Log {
 public:
  bool enabled(ports::Level) const override { return true; }
  void write(ports::Level level, std::string_view message,
             std::initializer_list<ports::Field> fields) override {
    std::string line(1, "DIWE"[static_cast<int>(level)]);
    line.append(" ").append(message);
    for (const auto& f : fields) line.append(" ").append(f.key).append("=").append(f.value);
    lines.push_back(std::move(line));
    if (on_line) on_line(lines.back());
  }
  bool contains(std::string_view text) const {
    for (const auto& line : lines)
      if (line.find(text) != std::string::npos) return true;
    return false;
  }

  std::vector<std::string> lines;
  std::function<void(const std::string&)> on_line;
};

}  // namespace outrigger::test
