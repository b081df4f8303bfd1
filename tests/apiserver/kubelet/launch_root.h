// The root file system of a container: the host's, copied on write in memory, with the pod's volumes in it.
#pragma once
#include "tests/apiserver/kubelet/launch_spec.h"

namespace outrigger::apiserver {

// Called by the first process of new mount and pid namespaces. Afterwards the container's root is the process's root
// and nothing of the host is left but what the specification names. Throws std::runtime_error.
void enter_root(const LaunchSpec& spec);

}  // namespace outrigger::apiserver
