// What the control calls ask of whoever gives pods their life: the simulated kubelet or the one with processes.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tl/expected.hpp"

namespace outrigger::apiserver {

struct Death {
  std::string name_space;
  std::string name;
  std::string uid;
  std::string exec_id;
  std::string cause;  // as asked for
  std::int64_t at_ms = 0;
};

class PodLife {
 public:
  virtual ~PodLife() = default;
  // Ends a pod now. The error is one line for the caller.
  virtual tl::expected<void, std::string> die(std::string_view name_space, std::string_view name,
                                              std::string_view cause) = 0;
  virtual const std::vector<Death>& deaths() const = 0;
  virtual void reset() = 0;
};

}  // namespace outrigger::apiserver
