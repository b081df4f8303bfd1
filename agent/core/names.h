// The printed names of every catalogue, and back. One table each; a missing row does not compile.
#pragma once
#include <optional>
#include <string_view>

#include "agent/core/api_error.h"
#include "agent/core/command.h"
#include "agent/core/executor_record.h"
#include "agent/core/exit_class.h"
#include "agent/core/pod.h"

namespace outrigger::core {

// nullopt: no such name. Instantiated for ApiErrorClass, ExitClass, ExecutorState, WaitReason, SessionState,
// Verdict, PodPhase ("Pending" as Kubernetes writes it) and ContainerState.
template <class Enum>
std::optional<Enum> parse_name(std::string_view name);

}  // namespace outrigger::core
