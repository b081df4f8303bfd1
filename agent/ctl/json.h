// -o json: field names in camelCase as Kubernetes writes them, times in RFC 3339, absent instead of empty.
#pragma once
#include <iosfwd>
#include <vector>

#include "agent/ctl/view.h"

namespace outrigger::ctl {

// {"kind": "ExecutorList", "agent": {...}, "items": [...]}
void print_json_list(std::ostream& out, const View& view, const std::vector<const Executor*>& executors);

}  // namespace outrigger::ctl
