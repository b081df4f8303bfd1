// How a drain ended.
#pragma once
#include <string>

namespace outrigger::flow {

struct DrainEnd {
  bool complete = false;  // nothing of ours is left to do
  std::string detail;     // otherwise: what is left
};

}  // namespace outrigger::flow
