// One line per call on standard error, as JSON (ts, level, msg and the fields) or text. Repetitions of a message are
// bounded: what was left out is said by the next line of it, in the field "suppressed".
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "agent/config/config.h"
#include "agent/core/time.h"
#include "agent/ports/log.h"

namespace outrigger::metrics {
class Catalog;
}

namespace outrigger::io {

struct LogOptions {
  config::Log::Level level = config::Log::Level::info;
  config::Log::Format format = config::Log::Format::json;
  std::size_t burst = 20;                                 // lines of one message within ...
  core::Millis window{10'000};                            // ... this time
  std::function<core::WallMillis()> wall_ms;              // empty: the system's clock
  std::function<void(const std::string& line)> write_to;  // empty: standard error
};

// Any thread.
class SpdlogLog final : public ports::Log {
 public:
  explicit SpdlogLog(LogOptions options = {}, metrics::Catalog* metrics = nullptr);
  ~SpdlogLog() override;
  bool enabled(ports::Level level) const override;
  void write(ports::Level level, std::string_view message,
             std::initializer_list<ports::Field> fields) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrigger::io
