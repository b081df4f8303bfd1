#include "shim/examples/options.h"

#include <getopt.h>

#include <charconv>
#include <cstdio>
#include <string_view>

namespace outrigger::example {
namespace {

constexpr const char* usage =
    "usage: outrigger-example-driver --run-dir DIR --application APP [option ...]\n"
    "  --run-dir DIR           holds the agent's `state` and `agent.sock`\n"
    "  --application APP       the application id that the agent was given\n"
    "  --profiles N            resource profiles to use, 1 to 16 (2)\n"
    "  --idle-timeout-ms N     a pending executor older than this may be taken back (60000)\n"
    "  --driver-grace-ms N     the agent deletes our executors this long after we are gone (30000)\n"
    "  --json                  one JSON object per line\n"
    "commands on standard input:\n"
    "  target PROFILE N        how many executors of a profile we want; running ones are never taken away\n"
    "  scale PROFILE N         the same, and our own surplus running executors are deleted, newest first\n"
    "  delete ID               deletes one executor\n"
    "  known all               tells the agent again which executors we know\n"
    "  status                  prints every executor\n"
    "  drain                   deletes everything; nothing is made after that\n"
    "  quit                    detaches and ends, as the end of the input does\n";

bool refuse(const std::string& why) {
  std::fprintf(stderr, "outrigger-example-driver: %s (see --help)\n", why.c_str());
  return false;
}

template <class Number>
bool read_number(const char* option, std::string_view text, Number least, Number most, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && value >= least && value <= most)
    return true;
  return refuse(std::string(option) + " " + std::string(text) + ": give a number from " +
                std::to_string(least) + " to " + std::to_string(most));
}

bool parse_all(int argc, char** argv, Options& options, bool& help) {
  constexpr std::uint64_t a_day_ms = 86'400'000;
  const option names[] = {{"run-dir", 1, nullptr, 'r'},
                          {"application", 1, nullptr, 'a'},
                          {"profiles", 1, nullptr, 'p'},
                          {"idle-timeout-ms", 1, nullptr, 'i'},
                          {"driver-grace-ms", 1, nullptr, 'g'},
                          {"json", 0, nullptr, 'j'},
                          {"help", 0, nullptr, 'h'},
                          {nullptr, 0, nullptr, 0}};
  for (int c = 0; (c = getopt_long(argc, argv, "h", names, nullptr)) != -1;) {
    bool fine = true;
    switch (c) {
      case 'r':
        options.run_directory = optarg;
        break;
      case 'a':
        options.application = optarg;
        break;
      case 'p':
        fine = read_number("--profiles", optarg, 1u, 16u, options.profiles);
        break;
      case 'i':
        fine = read_number("--idle-timeout-ms", optarg, std::uint64_t{0}, a_day_ms, options.idle_timeout_ms);
        break;
      case 'g':
        fine = read_number("--driver-grace-ms", optarg, std::uint64_t{0}, a_day_ms, options.driver_grace_ms);
        break;
      case 'j':
        options.json = true;
        break;
      case 'h':
        help = true;
        break;
      default:
        fine = false;  // getopt has said why
    }
    if (!fine) return false;
  }
  if (help) return true;
  if (optind != argc) return refuse(std::string("unexpected argument ") + argv[optind]);
  if (options.run_directory.empty()) return refuse("--run-dir is missing");
  if (options.application.empty()) return refuse("--application is missing");
  return true;
}

}  // namespace

std::optional<int> parse(int argc, char** argv, Options& options) {
  bool help = false;
  if (!parse_all(argc, argv, options, help)) return 2;
  if (!help) return std::nullopt;
  std::fputs(usage, stdout);
  return 0;
}

}  // namespace outrigger::example
