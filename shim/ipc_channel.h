// The session's channel over ipc: `state` and `agent.sock` of a run directory.
#pragma once
#include <memory>
#include <string>

#include "shim/channel.h"

namespace outrigger::shim {

std::unique_ptr<Channel> make_ipc_channel(std::string run_directory);

}  // namespace outrigger::shim
