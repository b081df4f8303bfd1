// From "spark-submit job.py" to the command that runs it through the agent. Pure: words and settings in, words and
// variables out.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "agent/core/result.h"

namespace outrigger::launch {

// What a driver in client mode needs to know of its agent.
struct AgentAddress {
  std::string gateway_url;  // http://127.0.0.1:PORT
  std::string token_file;
  std::string run_dir;
  std::string name_space;
  std::string shim_class_path;  // DIR/* with jar and library of the driver's Scala line
};

struct LaunchPlan {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>>
      variables;  // set for the command, besides what it inherits
};

// A launcher of Spark (spark-submit, pyspark, spark-shell, spark-sql, sparkR) gets its settings as arguments; any other command
// (python, jupyter) by PYSPARK_SUBMIT_ARGS, to whose present value they are added. Refused with one line that names the
// argument: another Kubernetes master, a master that is none of Kubernetes, cluster mode.
Result<LaunchPlan> plan_launch(std::vector<std::string> command, const std::string& pyspark_submit_args,
                               const AgentAddress& agent);

// Is this one of Spark's launchers? By the name alone.
bool is_spark_launcher(const std::string& program);

}  // namespace outrigger::launch
