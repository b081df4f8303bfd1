// Reading results (C17): the agent's verdict on a command. Written by SnapshotWriter::result().
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "ipc/state_view.h"

namespace outrigger::ipc {

struct Result {
  std::uint64_t epoch = 0, command_id = 0;
  std::uint16_t verdict = 0;  // core::Verdict
  std::string detail;
};

// nullopt: no result yet (or it was overwritten by command_id + limits::results, which CommandProducer
// prevents).
std::optional<Result> read_result(const StateView& view, std::uint64_t epoch, std::uint64_t command_id);

}  // namespace outrigger::ipc
