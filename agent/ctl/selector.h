// The -l flag: key=value, key!=value, joined by commas, on what a record has.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/result.h"
#include "agent/ctl/view.h"

namespace outrigger::ctl {

class Selector {
 public:
  // Keys: profile, state, class, node, proposed (true|false), gone (true|false). A value that no record can
  // have is an error that names the values there are.
  static Result<Selector> parse(std::string_view text);
  bool matches(const core::ExecutorRecord& record) const;
  bool names(std::string_view key) const;

 private:
  struct Term {
    std::string key, value;
    bool equal = true;
  };
  std::vector<Term> terms_;
};

}  // namespace outrigger::ctl
