// One figure beside its floor or peer from the same run; printed as a table and written as JSON for
// bench/run.sh.
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace outrigger::bench {

enum class Goal {
  at_most,
  at_least
};  // how `ratio` (or `value`, where there is no reference) compares with `goal`

struct Figure {
  std::string bench;  // "channel"
  std::string name;   // "publish to copied, 1k pods, p50"
  double value = 0;
  std::string unit;       // "ns", "events/s"
  std::string reference;  // what stands beside it: "ping-pong one way"; empty = none
  double reference_value = 0;
  std::optional<double> goal;  // bound of the ratio, or of the value where there is no reference
  Goal direction = Goal::at_most;

  std::optional<double> ratio() const;  // value / reference_value
  std::optional<bool> met() const;      // nullopt: no goal
  std::string goal_text() const;        // "<= 1.6x", ">= 70 %", "-"
};

// Collects figures; at the end writes them to the file named by --json, if any, and prints the table.
class Report {
 public:
  Report(std::string bench, int argc,
         char** argv);      // understands --json FILE and --quick; anything else ends the program with a line
  void add(Figure figure);  // prints the figure at once, so that long runs show progress
  bool quick() const { return quick_; }  // fewer samples, for the test that the benches still run
  const std::string& json_path() const { return json_path_; }
  int finish() const;  // exit code: 0, or 1 when the file can't be written; an unmet goal is no failure

 private:
  std::string bench_, json_path_;
  bool quick_ = false;
  std::vector<Figure> figures_;
};

// Percentile of a sample set, which it sorts. q in [0, 1].
double percentile(std::vector<double>& samples, double q);

}  // namespace outrigger::bench
