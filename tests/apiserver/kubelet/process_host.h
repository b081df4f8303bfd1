// What this machine must allow before pods can be processes.
#pragma once
#include <string>

namespace outrigger::apiserver {

// Gives the calling thread's process a mount namespace of its own, in which volumes are mounted: they vanish with the
// server. Then starts one container as a trial. Call it before there are threads. Throws std::runtime_error with one
// line when the machine forbids it, as it does without root: the root of a user namespace may not put an overlay on "/".
void enter_process_host(const std::string& launcher);

// False in a user namespace with a single user.
bool may_change_user();

}  // namespace outrigger::apiserver
