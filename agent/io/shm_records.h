// The agent's vocabulary as the channel's records. Enum numbers are the same on both sides (ipc/README.md).
#pragma once
#include "agent/core/command.h"
#include "agent/core/executor_record.h"
#include "agent/core/result.h"
#include "ipc/command_wire.h"
#include "ipc/record.h"

namespace outrigger::io {

ipc::PodRecord to_ipc(const core::ExecutorRecord& record);
ipc::ProfileRecord to_ipc(const core::ProfileStatus& status);
ipc::ControlRecord to_ipc(const core::ControlStatus& status);
// What a person is told first: why it was created in vain, ended, waits or can't start.
ipc::ColdText cold_text(const core::ExecutorRecord& record);

// Lengths, counts and shapes were checked when the bytes were decoded.
core::CommandBody to_core(ipc::wire::Body&& body);

}  // namespace outrigger::io
