#include "agent/io/spdlog_log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <chrono>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "agent/metrics/catalog.h"

namespace outrigger::io {
namespace {

constexpr std::size_t messages_remembered = 512;

const char* name_of(ports::Level level) {
  switch (level) {
    case ports::Level::debug:
      return "debug";
    case ports::Level::info:
      return "info";
    case ports::Level::warning:
      return "warning";
    case ports::Level::error:
      return "error";
  }
  return "error";
}

spdlog::level::level_enum spd_level(int level) {
  constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info,
                                                  spdlog::level::warn, spdlog::level::err};
  return levels[level];
}

// Hands whole lines to a function, for tests.
class CallbackSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit CallbackSink(std::function<void(const std::string&)> to) : to_(std::move(to)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    to_(std::string(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}
  std::function<void(const std::string&)> to_;
};

// 2026-11-21T14:03:46.120Z
std::string rfc3339(core::WallMillis ms) {
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const auto n = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + n, sizeof(text) - n, ".%03dZ", static_cast<int>(ms % 1000));
  return text;
}

std::string as_json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Bare words stay bare in the text format.
std::string as_text_value(const std::string& value) {
  const bool bare = !value.empty() && value.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789-_.:/+%@") == std::string::npos;
  return bare ? value : as_json_string(value);
}

using Fields = std::initializer_list<ports::Field>;

std::string as_json(core::WallMillis now, ports::Level level, std::string_view message, Fields fields,
                    std::uint64_t suppressed) {
  std::string line = "{\"ts\":\"" + rfc3339(now) + "\",\"level\":\"" + name_of(level) +
                     "\",\"msg\":" + as_json_string(message);
  for (const auto& field : fields)
    line.append(",").append(as_json_string(field.key)).append(":").append(as_json_string(field.value));
  if (suppressed > 0) line += ",\"suppressed\":" + std::to_string(suppressed);
  return line += "}";
}

std::string as_text(core::WallMillis now, ports::Level level, std::string_view message, Fields fields,
                    std::uint64_t suppressed) {
  std::string line = rfc3339(now) + " " + name_of(level) + " ";
  for (const char c : message) line += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  for (const auto& field : fields)
    line.append(" ").append(field.key).append("=").append(as_text_value(field.value));
  if (suppressed > 0) line += " suppressed=" + std::to_string(suppressed);
  return line;
}

}  // namespace

struct SpdlogLog::Impl {
  struct Repeated {
    core::WallMillis window_began = 0;
    std::size_t lines = 0;
    std::uint64_t suppressed = 0;
  };
  LogOptions options;
  metrics::Catalog* metrics;
  std::shared_ptr<spdlog::logger> logger;
  std::mutex mutex;
  std::unordered_map<std::string, Repeated> repeated;

  core::WallMillis now() const {
    if (options.wall_ms) return options.wall_ms();
    return std::chrono::duration_cast<core::Millis>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  // Whether the line goes out, and how many like it did not since the last one that did.
  bool admit(std::string_view message, core::WallMillis now, std::uint64_t& suppressed) {
    std::lock_guard lock(mutex);
    if (repeated.size() >= messages_remembered && !repeated.contains(std::string(message))) repeated.clear();
    auto& entry = repeated[std::string(message)];
    const bool over = now < entry.window_began || now - entry.window_began >= options.window.count();
    if (over) {
      entry.window_began = now;
      entry.lines = 0;
    }
    if (entry.lines >= options.burst) {
      ++entry.suppressed;
      return false;
    }
    ++entry.lines;
    suppressed = std::exchange(entry.suppressed, 0);
    return true;
  }
};

SpdlogLog::SpdlogLog(LogOptions options, metrics::Catalog* metrics) : impl_(std::make_unique<Impl>()) {
  impl_->options = std::move(options);
  impl_->metrics = metrics;
  spdlog::sink_ptr sink;
  if (impl_->options.write_to)
    sink = std::make_shared<CallbackSink>(impl_->options.write_to);
  else
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  impl_->logger = std::make_shared<spdlog::logger>("agent", std::move(sink));
  impl_->logger->set_pattern("%v");
  impl_->logger->set_level(spd_level(static_cast<int>(impl_->options.level)));
}

SpdlogLog::~SpdlogLog() {
  impl_->logger->flush();
}

bool SpdlogLog::enabled(ports::Level level) const {
  return static_cast<int>(level) >= static_cast<int>(impl_->options.level);
}

void SpdlogLog::write(ports::Level level, std::string_view message,
                      std::initializer_list<ports::Field> fields) {
  if (!enabled(level)) return;
  const auto now = impl_->now();
  std::uint64_t suppressed = 0;
  if (!impl_->admit(message, now, suppressed)) {
    if (impl_->metrics != nullptr) impl_->metrics->loop.log_lines_suppressed.add();
    return;
  }
  const bool json = impl_->options.format == config::Log::Format::json;
  const auto line = (json ? as_json : as_text)(now, level, message, fields, suppressed);
  impl_->logger->log(spd_level(static_cast<int>(level)), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace outrigger::io
