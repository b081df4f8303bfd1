// The driver's side of the product as files: one directory per Scala line, each with the jar and the native library.
#pragma once
#include <string>
#include <vector>

#include "agent/core/result.h"

namespace outrigger::launch {

// Where this installation keeps them: ../share/outrigger/shim beside the program's directory, else ../shim (a build tree).
// The error names what was looked for.
Result<std::string> find_shim(const std::string& program);

// Copies every line, or one of them ("2.12", "2.13"), to TARGET/LINE. Each file appears whole under its name or not at
// all; what is there is replaced. Returns the directories that were filled.
Result<std::vector<std::string>> install_shim(const std::string& source, const std::string& target,
                                              const std::string& line);

// The Scala line of the Spark in SPARK_HOME, by its spark-core jar.
Result<std::string> scala_line(const std::string& spark_home);
// SPARK_HOME of a launcher: the variable's value, else the directory above the launcher's, if there are jars. Empty: unknown.
std::string find_spark_home(const std::string& variable, const std::string& launcher);

}  // namespace outrigger::launch
