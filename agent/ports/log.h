#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace outrigger::ports {

enum class Level : std::uint8_t { debug, info, warning, error };

struct Field {
  std::string_view key;  // lowerCamelCase
  std::string value;
};

// One line per call: a constant message and fields. Never pass a token, a key or a rendered pod.
class Log {
 public:
  virtual ~Log() = default;
  virtual bool enabled(Level level) const = 0;
  virtual void write(Level level, std::string_view message, std::initializer_list<Field> fields) = 0;

  void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::info, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::warning, message, fields);
  }
  void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::error, message, fields);
  }
};

}  // namespace outrigger::ports
