// The composition root: owns every part of the agent, wires them, starts them in order and ends them in order.
#pragma once
#include <memory>
#include <string>

#include "agent/config/cluster.h"
#include "agent/config/config.h"
#include "agent/core/result.h"

namespace outrigger {

// Exit codes of outrigger-agent, told by --help and the runbook.
namespace exit_code {
inline constexpr int drained = 0;  // SIGTERM or the driver's end: everything done
inline constexpr int refused =
    1;  // configuration, cluster, run directory, or no first sync: nothing was begun
inline constexpr int incomplete = 3;   // the drain's deadline came first; the owner reference does the rest
inline constexpr int replaced = 4;     // a newer agent has taken the run directory: nothing was written since
inline constexpr int interrupted = 5;  // a second signal
}  // namespace exit_code

struct Build {
  std::string version, revision, compiler;
};

class App {
 public:
  // Everything that can be refused is refused here, with one line: credentials, run directory, tmpfs, listener.
  static Result<std::unique_ptr<App>> build(config::Config config, config::Cluster cluster,
                                            const Build& build);
  ~App();
  // Blocks until the end; an exit code. The thread that calls it is the loop thread.
  // An error: refused before the first sync, or the door to the driver can't be opened.
  Result<int> run();

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace outrigger
