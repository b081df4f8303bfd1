#include "agent/supervisor.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "agent/app.h"
#include "agent/io/asio_loop.h"
#include "agent/io/child_process.h"
#include "agent/io/listener.h"
#include "agent/io/signals.h"
#include "agent/io/spdlog_log.h"

namespace outrigger {
namespace {

using core::Millis;

constexpr Millis look_every{10};            // for the first agent's run directory
constexpr Millis first_pause{250};          // before the second restart in a row; the first is at once
constexpr Millis longest_pause{10'000};     // doubled up to this
constexpr Millis settled_after{60'000};     // an agent that lived so long starts the row anew
constexpr int most_before_command = 5;      // agents that die before there is anything to keep them for
constexpr Millis command_patience{10'000};  // between SIGTERM and SIGKILL

}  // namespace

struct Supervisor::Parts {
  explicit Parts(io::Listener listener) : gateway(std::move(listener)) {}

  void start_agent();
  void agent_ended(int code);
  void await_agent();
  void start_command();
  void command_ended(int code);
  void asked_to_end(int signal);
  void finish(int code);

  bool agent_runs() const { return agent && agent->running(); }
  bool command_runs() const { return command && command->running(); }

  io::Listener gateway;
  SupervisorOptions options;
  std::unique_ptr<io::SpdlogLog> log;
  io::AsioLoop loop;
  std::unique_ptr<io::Signals> signals;
  std::unique_ptr<io::ChildProcess> agent, command;
  core::Instant agent_began{};
  Millis pause{0};
  int incarnations = 0;
  bool finishing = false;  // the agent will not be started again
  bool draining = false;   // the command has ended
  bool giving_up = false;  // the command has to end, because its agent did for good
  int code_of_exit = exit_code::drained, command_code = exit_code::drained;
  std::string refusal;
};

void Supervisor::Parts::start_agent() {
  if (finishing) return;
  io::ChildCommand started{.argv = options.agent, .background = true, .inherited = gateway.fd()};
  agent_began = loop.now();
  ++incarnations;
  auto made = io::ChildProcess::start(loop, started, [this](int code) { agent_ended(code); });
  if (!made) {
    refusal = made.error().text;
    return finish(exit_code::refused);
  }
  agent = std::move(*made);
}

void Supervisor::Parts::await_agent() {
  std::error_code error;
  if (finishing || command) return;
  if (std::filesystem::exists(options.run_dir + "/state", error)) return start_command();
  loop.start(look_every, [this] { await_agent(); });
}

void Supervisor::Parts::start_command() {
  auto made =
      io::ChildProcess::start(loop, {.argv = options.command.argv, .variables = options.command.variables},
                              [this](int code) { command_ended(code); });
  if (!made) {
    refusal = made.error().text;
    return finish(exit_code::refused);
  }
  command = std::move(*made);
}

void Supervisor::Parts::agent_ended(int code) {
  const bool by_itself = code <= exit_code::interrupted;
  if (draining && by_itself) return finish(code == exit_code::drained ? command_code : code);
  // One that refuses at the start, or was replaced on purpose, would do so again; it has said why.
  const bool hopeless = by_itself && (incarnations == 1 || code == exit_code::replaced);
  if (hopeless || (!command && incarnations == most_before_command)) return finish(code);
  if (loop.now() - agent_began > settled_after) pause = Millis(0);
  log->warning("the agent has ended and is started again",
               {{"exitCode", std::to_string(code)}, {"inMs", std::to_string(pause.count())}});
  loop.start(pause, [this] {
    start_agent();
    if (draining && agent_runs()) agent->signal(SIGTERM);
  });
  pause = std::clamp(2 * pause, first_pause, longest_pause);
}

void Supervisor::Parts::command_ended(int code) {
  command_code = code;
  if (giving_up) return loop.stop();
  draining = true;
  log->info("the command has ended; the agent drains", {{"exitCode", std::to_string(code)}});
  if (agent_runs()) agent->signal(SIGTERM);
}

// The driver stops its context and goes; then there is nothing left but to drain.
void Supervisor::Parts::asked_to_end(int signal) {
  if (command_runs()) {
    if (signal == SIGINT && ::isatty(STDIN_FILENO) == 1) return;  // Ctrl-C has reached the command, too
    log->info("the signal goes on to the command", {{"signal", std::to_string(signal)}});
    return command->signal(signal);
  }
  if (agent_runs()) return agent->signal(signal);
  finish(exit_code::interrupted);
}

void Supervisor::Parts::finish(int code) {
  if (std::exchange(finishing, true)) return;
  code_of_exit = code;
  if (!command_runs()) return loop.stop();
  // Without its agent the driver would wait for ever.
  giving_up = true;
  command->signal(SIGTERM);
  loop.start(command_patience, [this] { loop.stop(); });
}

Supervisor::Supervisor(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Supervisor::~Supervisor() = default;

Result<std::unique_ptr<Supervisor>> Supervisor::open(const config::Config& config) {
  auto gateway =
      io::Listener::open({.key = "gateway.listen", .listen = config.gateway.listen, .loopback_only = true});
  if (!gateway) return tl::unexpected(gateway.error());
  return std::unique_ptr<Supervisor>(new Supervisor(std::make_unique<Parts>(std::move(*gateway))));
}

std::string Supervisor::gateway_url() const {
  const char* host = parts_->gateway.v6() ? "http://[::1]:" : "http://127.0.0.1:";
  return host + std::to_string(parts_->gateway.port());
}

Result<int> Supervisor::run(SupervisorOptions options) {
  Parts& parts = *parts_;
  parts.options = std::move(options);
  parts.options.agent.insert(parts.options.agent.end(),
                             {"--run-dir=" + parts.options.run_dir, "--lock-dir=" + parts.options.lock_dir,
                              "--gateway=fd:" + std::to_string(parts.gateway.fd())});
  parts.log = std::make_unique<io::SpdlogLog>(
      io::LogOptions{.level = parts.options.log.level, .format = parts.options.log.format});
  const auto asked = [&parts](int signal) { parts.asked_to_end(signal); };
  parts.signals = std::make_unique<io::Signals>(parts.loop, asked, asked);
  parts.start_agent();
  parts.await_agent();
  if (!parts.finishing) parts.loop.run();
  if (!parts.refusal.empty()) return fail(parts.refusal);
  return parts.code_of_exit;
}

}  // namespace outrigger
