#include "bench/support/report.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace outrigger::bench {

std::optional<double> Figure::ratio() const {
  if (reference.empty() || reference_value == 0) return std::nullopt;
  return value / reference_value;
}

std::optional<bool> Figure::met() const {
  if (!goal) return std::nullopt;
  const double measured = ratio().value_or(value);
  return direction == Goal::at_most ? measured <= *goal : measured >= *goal;
}

std::string Figure::goal_text() const {
  if (!goal) return "-";
  char text[48];
  std::snprintf(text, sizeof text, "%s %.4g%s", direction == Goal::at_most ? "<=" : ">=", *goal,
                ratio() ? "x" : (" " + unit).c_str());
  return text;
}

Report::Report(std::string bench, int argc, char** argv) : bench_(std::move(bench)) {
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--json" && i + 1 < argc) {
      json_path_ = argv[++i];
    } else if (arg == "--quick") {
      quick_ = true;
    } else {
      std::fprintf(stderr, "bench_%s: unknown argument '%s'; it takes --json FILE and --quick\n",
                   bench_.c_str(), arg.c_str());
      std::exit(2);
    }
  }
  std::printf("%-52s %14s  %-34s %12s %8s %10s  %s\n", "case", "value", "beside", "", "ratio", "goal", "met");
}

void Report::add(Figure figure) {
  figure.bench = bench_;
  const auto ratio = figure.ratio();
  const auto met = figure.met();
  std::printf("%-52s %10.4g %-4s %-34s %12.4g %8s %10s  %s\n", figure.name.c_str(), figure.value,
              figure.unit.c_str(), figure.reference.empty() ? "-" : figure.reference.c_str(),
              figure.reference_value, ratio ? std::to_string(*ratio).substr(0, 6).c_str() : "-",
              figure.goal_text().c_str(), met ? (*met ? "yes" : "NO") : "-");
  std::fflush(stdout);
  figures_.push_back(std::move(figure));
}

int Report::finish() const {
  if (json_path_.empty()) return 0;
  auto array = nlohmann::ordered_json::array();
  for (const Figure& f : figures_) {
    const auto ratio = f.ratio();
    const auto met = f.met();
    array.push_back(
        {{"bench", f.bench},
         {"case", f.name},
         {"value", f.value},
         {"unit", f.unit},
         {"reference", f.reference.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(f.reference)},
         {"reference_value",
          f.reference.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(f.reference_value)},
         {"ratio", ratio ? nlohmann::ordered_json(*ratio) : nlohmann::ordered_json()},
         {"goal", f.goal_text()},
         {"met", met ? nlohmann::ordered_json(*met) : nlohmann::ordered_json()}});
  }
  std::ofstream out(json_path_);
  out << array.dump(1) << "\n";
  if (!out.flush()) {
    std::fprintf(stderr, "bench_%s: cannot write %s\n", bench_.c_str(), json_path_.c_str());
    return 1;
  }
  return 0;
}

double percentile(std::vector<double>& samples, double q) {
  if (samples.empty()) return 0;
  std::sort(samples.begin(), samples.end());
  const auto index = static_cast<std::size_t>(q * static_cast<double>(samples.size() - 1) + 0.5);
  return samples[index];
}

}  // namespace outrigger::bench
