// Private to requests: what may stand in a path, a selector or a label.
#pragma once
#include <string>
#include <string_view>

#include "agent/core/result.h"

namespace outrigger::kube {

Error bad_name(std::string_view what, std::string_view value, std::string_view rule);

}  // namespace outrigger::kube
