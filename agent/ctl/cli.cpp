#include "agent/ctl/cli.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <ostream>
#include <thread>

#include "agent/ctl/attach.h"
#include "agent/ctl/commands.h"
#include "agent/ctl/template_check.h"
#include "agent/ctl/text.h"
#include "agent/ctl/wait.h"

namespace outrigger::ctl {
namespace {

using namespace std::chrono_literals;
constexpr auto poll_every = 50ms;
constexpr const char* default_run_directory = "/run/outrigger";

struct Flags {
  std::string run_directory, output, selector, pod, condition, timeout = "30s";
  bool watch = false, follow = false, all = false, no_headers = false, pending = false, show_env = false;
  std::vector<std::string> samples;
  std::uint64_t stamp = 0, tail = 50;
};

struct Streams {
  std::ostream& out;
  std::ostream& err;
};

int failed(const Streams& io, const std::string& text, int code = exit_failed) {
  io.err << "error: " << text << '\n';
  return code;
}

Result<Reading> read(const Flags& flags, const Streams& io, const ReadOptions& options = {}) {
  auto reading = read_state(flags.run_directory, options);
  if (reading && !reading->view.warning().empty()) io.err << "warning: " << reading->view.warning() << '\n';
  return reading;
}

int status(const Flags& flags, const Streams& io) {
  const auto reading = read(flags, io);
  if (!reading) return failed(io, reading.error().text);
  flags.output == "json" ? print_status_json(io.out, reading->view) : print_status(io.out, reading->view);
  const AgentFacts& agent = reading->view.agent;
  return agent.alive && agent.heartbeat_age && *agent.heartbeat_age <= hung_after ? exit_ok : exit_dead;
}

// After the first table, a row for each executor that changed, as `kubectl get --watch` does.
int watch_pods(const Flags& flags, PodsOptions options, const Streams& io, View view) {
  std::string warned = view.warning();
  for (std::uint64_t seen = view.agent.applied, generation = view.agent.generation;;) {
    io.out.flush();
    if (!io.out) return exit_ok;  // the reader of our pipe has gone
    std::this_thread::sleep_for(poll_every);
    const auto next = read_state(flags.run_directory, {});
    if (!next) return failed(io, next.error().text);
    if (next->view.warning() != warned && !next->view.warning().empty())
      io.err << "warning: " << next->view.warning() << '\n';
    warned = next->view.warning();
    if (next->view.agent.generation != generation) {
      generation = next->view.agent.generation;
      seen = 0;  // another agent counts from the beginning
    }
    View changed = next->view;
    std::erase_if(changed.executors, [&](const Executor& e) { return e.sequence <= seen; });
    options.heads = false;
    options.all = true;  // a watcher wants to see an executor go
    if (!changed.executors.empty()) print_pods(io.out, changed, options);
    seen = std::max(seen, next->view.agent.applied);
  }
}

int pods(const Flags& flags, const Streams& io) {
  PodsOptions options;
  if (flags.output == "wide") options.output = Output::wide;
  if (flags.output == "json") options.output = Output::json;
  if (flags.output == "name") options.output = Output::name;
  options.all = flags.all;
  options.heads = !flags.no_headers;
  auto selector = Selector::parse(flags.selector);
  if (!selector) return failed(io, selector.error().text, exit_usage);
  options.selector = std::move(*selector);
  if (flags.watch && options.output == Output::json)
    return failed(io,
                  "--watch goes with tables and names; for JSON lines use: agentctl events --follow -o json",
                  exit_usage);
  auto reading = read(flags, io);
  if (!reading) return failed(io, reading.error().text);
  if (select(reading->view, options).empty() && options.output != Output::json)
    io.err << "No executors found in " << flags.run_directory << ".\n";
  else
    print_pods(io.out, reading->view, options);
  return flags.watch ? watch_pods(flags, std::move(options), io, std::move(reading->view)) : exit_ok;
}

// By executor id ("17") or by name of the pod, with or without "pod/".
const Executor* wanted(const View& view, std::string text) {
  if (text.starts_with("pod/")) text.erase(0, 4);
  if (!text.empty() && text.size() <= 19 && text.find_first_not_of("0123456789") == text.npos)
    return view.find(core::ExecutorId{std::stoull(text)});
  return view.find(text);
}

int pod(const Flags& flags, const Streams& io) {
  const auto reading = read(flags, io, {.history = true});
  if (!reading) return failed(io, reading.error().text);
  const Executor* executor = wanted(reading->view, flags.pod);
  if (executor == nullptr) return failed(io, "executor \"" + flags.pod + "\" not found");
  std::vector<Event> history;
  for (const Event& event : reading->history) {
    if (event.record.pod.executor_id == executor->record.pod.executor_id) history.push_back(event);
  }
  flags.output == "json" ? print_pod_json(io.out, reading->view, *executor, history)
                         : print_pod(io.out, reading->view, *executor, history);
  return exit_ok;
}

int why(const Flags& flags, const Streams& io) {
  if (flags.pending == !flags.pod.empty())
    return failed(io, "why wants an executor id or --pending, and not both", exit_usage);
  const auto reading = read(flags, io);
  if (!reading) return failed(io, reading.error().text);
  if (flags.pending) {
    print_why_pending(io.out, reading->view);
    return exit_ok;
  }
  const Executor* executor = wanted(reading->view, flags.pod);
  if (executor == nullptr) return failed(io, "executor \"" + flags.pod + "\" not found");
  print_why(io.out, reading->view, *executor);
  return exit_ok;
}

int events(const Flags& flags, const Streams& io) {
  std::uint64_t after = 0, generation = 0;
  for (bool first = true;; first = false) {
    auto reading = first ? read(flags, io, {.history = true})
                         : read_state(flags.run_directory, {.history = true, .after = after});
    if (!reading) return failed(io, reading.error().text);
    if (!first && reading->view.agent.generation != generation) {
      reading = read_state(flags.run_directory, {.history = true});
      if (!reading) return failed(io, reading.error().text);
    }
    std::vector<Event>& changes = reading->history;
    if (first && changes.size() > flags.tail)
      changes.erase(changes.begin(), changes.end() - static_cast<std::ptrdiff_t>(flags.tail));
    if (flags.output == "json") {
      for (const Event& event : changes) print_event_json(io.out, event);
    } else if (first || !changes.empty()) {
      print_events(io.out, changes, first && !flags.no_headers);
    }
    io.out.flush();
    if (!flags.follow || !io.out) return exit_ok;
    if (!changes.empty()) after = changes.back().sequence;
    if (reading->view.agent.generation != generation && !first && changes.empty()) after = 0;
    generation = reading->view.agent.generation;
    std::this_thread::sleep_for(poll_every);
  }
}

int wait(const Flags& flags, const Streams& io) {
  const auto condition = Condition::parse(flags.condition);
  if (!condition) return failed(io, condition.error().text, exit_usage);
  const auto timeout = parse_duration(flags.timeout);
  if (!timeout)
    return failed(io, "--timeout=" + flags.timeout + ": not a duration such as 500ms, 30s, 5m", exit_usage);
  const auto end = std::chrono::steady_clock::now() + *timeout;
  for (;;) {
    const auto reading = read_state(flags.run_directory, {});
    const std::string missing = reading ? condition->missing(reading->view) : reading.error().text;
    if (missing.empty()) {
      io.out << flags.condition << " condition met\n";
      return exit_ok;
    }
    if (std::chrono::steady_clock::now() >= end)
      return failed(io,
                    "timed out after " + flags.timeout + " waiting for " + flags.condition + ": " + missing);
    std::this_thread::sleep_for(poll_every);
  }
}

int template_check(const Flags& flags, const Streams& io) {
  TemplateCheck check;
  if (flags.samples.size() % 2 != 0 || flags.samples.size() < 4)
    return failed(io, "template check wants pairs of FILE and ID, at least two: A.json 1111 B.json 2222",
                  exit_usage);
  for (std::size_t i = 0; i < flags.samples.size(); i += 2) {
    const std::string& id = flags.samples[i + 1];
    if (id.empty() || id.size() > 19 || id.find_first_not_of("0123456789") != id.npos || std::stoull(id) == 0)
      return failed(io, "'" + id + "' is not an executor id (a number from 1)", exit_usage);
    check.samples.push_back({flags.samples[i], core::ExecutorId{std::stoull(id)}});
  }
  if (flags.stamp != 0) check.stamp = core::ExecutorId{flags.stamp};
  check.show_env = flags.show_env;
  return check_template(check, io.out, io.err);
}

}  // namespace

int run(const std::vector<std::string>& arguments, const Environment& environment, std::ostream& out,
        std::ostream& err) {
  const Streams io{out, err};
  Flags flags;
  flags.run_directory = environment.run_directory.value_or(default_run_directory);
  int (*action)(const Flags&, const Streams&) = nullptr;

  CLI::App app{
      "Shows what the Outrigger agent and its executors do. Reads shared memory only: works while the agent "
      "is "
      "busy, hung or dead.",
      "agentctl"};
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--run-dir", flags.run_directory, "directory that holds `state` (OUTRIGGER_RUN_DIR)")
      ->capture_default_str();
  app.footer(
      "Exit codes: 0 done; 1 not there, refused or not so in time; 2 usage; 3 (status) the agent is dead or "
      "hangs.");

  const auto command = [&](CLI::App& parent, const char* name, const char* help, auto run_it) {
    CLI::App* made = parent.add_subcommand(name, help);
    made->callback([&action, run_it] { action = run_it; });
    return made;
  };
  const auto output = [&](CLI::App* to, const char* help, std::vector<std::string> forms) {
    to->add_option("-o,--output", flags.output, help)->check(CLI::IsMember(std::move(forms)));
  };

  output(command(app, "status", "agent, API server, driver and resource profiles", status), "json", {"json"});
  CLI::App* list = command(app, "pods", "the executors", pods);
  output(list, "wide, json or name", {"wide", "json", "name"});
  list->add_option("-l,--selector", flags.selector,
                   "key=value,key!=value on profile, state, class, node, proposed, gone");
  list->add_flag("-w,--watch", flags.watch, "go on with every change");
  list->add_flag("-a,--all", flags.all, "with executors whose pod is gone");
  list->add_flag("--no-headers", flags.no_headers);
  CLI::App* one = command(app, "pod", "one executor, with the history of its states", pod);
  one->add_option("ID", flags.pod, "executor id or name of the pod")->required();
  output(one, "json", {"json"});
  CLI::App* reason = command(app, "why", "why an executor is as it is, or why executors wait", why);
  reason->add_option("ID", flags.pod, "executor id or name of the pod");
  reason->add_flag("--pending", flags.pending,
                   "every executor that waits, every profile that is not at its target");
  CLI::App* tail = command(app, "events", "the latest changes, oldest first", events);
  tail->add_flag("-f,--follow", flags.follow, "go on with every change");
  tail->add_option("--tail", flags.tail, "how many to begin with")->capture_default_str();
  tail->add_flag("--no-headers", flags.no_headers);
  output(tail, "json: one line each", {"json"});
  CLI::App* until = command(app, "wait", "until a condition holds", wait);
  until->add_option("--for", flags.condition, "synced, ready, drained, running=N, pod/ID=STATE")->required();
  until->add_option("--timeout", flags.timeout, "500ms, 30s, 5m")->capture_default_str();
  CLI::App* templates = app.add_subcommand("template", "offline checks of pod templates");
  templates->require_subcommand(1);
  CLI::App* check = command(*templates, "check",
                            "where the executor id goes in pods rendered for several ids", template_check);
  check->add_option("SAMPLES", flags.samples, "A.json ID_A B.json ID_B ...")->required()->expected(4, 16);
  check->add_option("--stamp", flags.stamp, "print the pod of this id")->check(CLI::PositiveNumber);
  check->add_flag("--show-env", flags.show_env,
                  "with --stamp: print the values of environment variables too");
  command(app, "version", "version of agentctl", [](const Flags&, const Streams& s) {
    s.out << "agentctl " << OUTRIGGER_VERSION << '\n';
    return exit_ok;
  });

  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them backwards
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem, out, err) == 0 ? exit_ok : exit_usage;
  }
  return action(flags, io);
}

}  // namespace outrigger::ctl
