// Token, authorities and client certificate as they are now: files are looked at again after a while and on demand.
// What can't be read or parsed any more is ignored with a warning, the last good value stays. Loop thread only.
#pragma once
#include <cstdint>
#include <string>

#include "agent/config/cluster.h"
#include "agent/core/result.h"
#include "agent/core/time.h"

namespace outrigger::metrics {
class Catalog;
}
namespace outrigger::ports {
class Log;
}

namespace outrigger::io {

class Credentials {
 public:
  struct Options {
    config::Cluster cluster;
    core::Millis period{60'000};
    ports::Log* log = nullptr;
    metrics::Catalog* metrics = nullptr;
  };
  // Everything is read and checked here: one line names the file and what is wrong with it.
  static Result<Credentials> open(Options options);

  // Before each exchange: looks at the files when `period` is over or reload() was called.
  void refresh(core::Instant now);
  void reload() { due_ = true; }

  const std::string& token() const { return token_.text; }  // empty: none
  const std::string& ca() const { return ca_.text; }        // PEM; empty: the system's
  const std::string& certificate() const { return certificate_.text; }
  const std::string& key() const { return key_.text; }

 private:
  struct Print {  // of a file: another one means that it may have changed
    std::int64_t modified_ns = 0;
    std::uint64_t inode = 0, bytes = 0;
    bool operator==(const Print&) const = default;
  };
  struct Source {
    std::string file, text;
    Print print;
  };
  static Print print_of(const std::string& file);
  static Result<std::string> read(Source& source);
  static bool changed(const Source& source);
  Status check_all() const;
  std::string name(const Source& source, const char* what) const;
  void take_token();
  void take_ca();
  void take_pair();
  void report(const Source& source, const Status& outcome);

  Options options_;
  Source token_, ca_, certificate_, key_;
  core::Instant looked_{};
  bool due_ = false;
};

}  // namespace outrigger::io
